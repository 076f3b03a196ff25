"""How many workers play and how many parts of a batch are learned from: decided once, when a run begins."""

from __future__ import annotations

from alphazero.config import Config, Experiment
from alphazero.learning.ranks import ranks
from alphazero.network.inference import resolve_device
from alphazero.selfplay.workers import suitable_workers
from alphazero.threads import num_cores

POSITIONS_OF_A_PART = 32  # at least: normalisation goes by them


def fitted(config: Experiment) -> Experiment:
    """Return the settings of a new run: selfplay.workers and training.parts of 0 become what suits this machine.

    On a GPU training.parts stays 0: it learns from whole batches. Processes that learn together have one part each, or
    as many as one process would have where that is a multiple.
    """
    cores = config.threads or num_cores()
    on_gpu = resolve_device(config.device).type == "cuda"
    parts = 0 if on_gpu else max(1, min(cores, config.training.batch_size // POSITIONS_OF_A_PART))
    if (group := ranks()) is not None:
        parts = max(1, parts // group.count) * group.count
    workers = suitable_workers(config.selfplay, cores, on_gpu) if isinstance(config, Config) else 0
    return _decided(config, workers, parts)


def fitted_before(config: Experiment) -> Experiment:
    """Return the settings of a run that goes on: one begun before there were workers has one, and whole batches."""
    return _decided(config, 1, 0)


def _decided(config: Experiment, workers: int, parts: int) -> Experiment:
    training = config.training.model_copy(update={"parts": config.training.parts or parts})
    changed: dict[str, object] = {"training": training}
    if isinstance(config, Config):
        play = config.selfplay
        changed["selfplay"] = play.model_copy(update={"workers": play.workers or max(1, workers)})
    return config.model_copy(update=changed)
