"""The curves of a run for TensorBoard: every number of every event of metrics.jsonl, by generation."""

from typing import Any

from alphazero.run.folder import RunFolder


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
        """Write the numbers of one event; a rating gives the Elo of the generation that was rated."""
        step = values.get("generation", 0)
        if event == "rating":
            self._writer.add_scalar("rating/elo", values["players"][values["current"]][0], step)
            return
        for key, value in values.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool) and value == value:
                self._writer.add_scalar(f"{event}/{key}", value, step)
