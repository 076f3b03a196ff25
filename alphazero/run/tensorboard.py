"""The curves of a run for TensorBoard: every number of every event of metrics.jsonl, by generation."""

import math
from typing import Any

from alphazero.run.folder import RunFolder
from alphazero.run.metrics import number, rating_of


class TensorBoard:
    """Writes events of a run into its folder tensorboard/; called with each event's name and values.

    `generation` is the last one that was committed: what an earlier process wrote of later ones is hidden.
    """

    def __init__(self, folder: RunFolder, generation: int = 0):
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder.path / "tensorboard"), purge_step=generation + 1)

    def __enter__(self) -> "TensorBoard":
        return self

    def __exit__(self, *exception: object) -> None:
        self._writer.close()

    def __call__(self, event: str, values: dict[str, Any]) -> None:
        """Write the finite numbers of one event; a rating gives the Elo of the generation that was rated."""
        step = values.get("generation", 0)
        if event == "rating":
            elo = rating_of(values, values["current"])
            values = {} if elo is None else {"elo": elo.value}
        for key in values:
            value = number(values, key)
            if key != "generation" and not math.isnan(value):
                self._writer.add_scalar(f"{event}/{key}", value, step)
