"""The inference of self-play: batches as large as a worker's, padded to an eighth of that."""

from collections.abc import Mapping
from typing import Any

from alphazero.config import Config, SelfplayConfig
from alphazero.network import Inference, calibration_planes
from alphazero.network.model import Network
from alphazero.selfplay.workers import largest_batch
from games.protocol import Game

__all__ = ["selfplay_inference"]


def selfplay_inference(
    network: Network,
    game: Game,
    config: Config,
    selfplay: SelfplayConfig,
    device: str,
    choice: Mapping[str, Any] | None,
) -> Inference:
    """Return an Inference for the workers of `selfplay`; `device` and `choice` as `Inference` takes them."""
    batch = largest_batch(selfplay)
    return Inference(
        network,
        device,
        batch_size=batch,
        precision=config.network.precision,
        compile=config.network.compile,
        groups=selfplay.groups,
        choice=choice,
        multiple=max(1, batch // 8),
        calibration=calibration_planes(game),
    )
