"""Runs of a second: begun, gone on with, killed somewhere, compared."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import torch

from alphazero import moments
from alphazero.config import Config, build_config
from alphazero.methods import training
from alphazero.run.checkpoints import load_learner

SETTINGS: dict[str, Any] = {
    "game": "tic_tac_toe", "device": "cpu", "threads": 1,
    "network": {"blocks": 1, "channels": 4, "value_hidden": 8, "precision": "float32"},
    "search": {"simulations": 6, "cache_mb": 1.0, "memory_mb": 64.0},
    "selfplay": {"parallel_games": 16, "games_per_generation": 24, "shard_games": 12, "temperature_plies": 4,
                 "full_search_fraction": 0.7, "fast_simulations": 3},
    "replay": {"window_min": 150},
    "training": {"batch_size": 32, "warmup_steps": 5, "averaging_decay": 0.5},
    "evaluation": {"every_generations": 1, "every_minutes": 0.0, "games": 4, "simulations": 3, "anchors": ["random"],
                   "final_opponent": "random", "final_games": 4, "final_simulations": 3},
    "run": {"generations": 3},
}  # fmt: skip
OF_TIME = (
    "time",
    "minutes",
    "positions_per_second",
    "network_share",
    "rows_per_second",
)  # differ from run to run


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """Draw no plots, and measure neither which way to compute the network is the fastest nor who else is at work."""
    first = "alphazero.network.inference.fastest"
    with (
        mock.patch("alphazero.run.plots.plot_run"),
        mock.patch("alphazero.methods.training.share_of_others", lambda: 0.0),
        mock.patch(first, lambda network, variants, *_: (variants[0], {variants[0].name: 1.0})),
    ):
        yield


def config(**changes: Any) -> Config:
    """Return the settings above with changes, "section__name=value"."""
    return build_config(SETTINGS, {name.replace("__", "."): value for name, value in changes.items()})


def start(folder: Path, **changes: Any) -> training.Summary:
    """Begin a run and work to its end."""
    return training.train(config(**changes), folder, progress=False)


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


@contextlib.contextmanager
def killed_at(moment: str, call: int = 1, after: bool = False) -> Iterator[None]:
    """Kill what runs inside when a named moment comes for the n-th time, at its beginning or at its end."""
    assert moment in moments.MOMENTS
    calls = 0

    def stop(name: str, ended: bool) -> None:
        nonlocal calls
        if name == moment and ended == after:
            calls += 1
            if calls == call:
                raise Killed(moment)

    with moments.listening(stop):
        try:
            yield
        except Killed:
            return
    raise AssertionError(f"{moment} came {calls} times, not {call}")


def events(folder: Path, event: str) -> list[dict[str, Any]]:
    """Return the lines of metrics.jsonl of one kind, without what differs from run to run."""
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [
        {key: value for key, value in row.items() if key not in OF_TIME}
        for row in rows
        if row["event"] == event
    ]


def shards(folder: Path) -> dict[str, bytes]:
    """Return the stored games, by file."""
    return {path.name: path.read_bytes() for path in sorted((folder / "selfplay").glob("*"))}


def learner(folder: Path) -> dict[str, bytes]:
    """Return every tensor of the last checkpoint, weights and optimizer alike, and of the model that plays."""
    from alphazero.network import load_model

    path = sorted((folder / "checkpoints").glob("learner-*.pt"))[-1]
    model = load_model(folder / "model.safetensors").network.state_dict()
    state = load_learner(path)
    return dict(tensors({**state, "model": model}, path.name))


def tensors(value: Any, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of everything inside nested dictionaries and lists."""
    if isinstance(value, torch.Tensor):
        yield name, value.contiguous().numpy().tobytes()
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from tensors(inner, f"{name}.{key}")
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from tensors(inner, f"{name}.{index}")
    else:
        yield name, repr(value).encode()


def assert_same_run(folder: Path, expected: Path) -> None:
    """Check that two runs played the same games, learned the same weights and logged the same."""
    assert shards(folder) == shards(expected)
    assert learner(folder) == learner(expected)
    for event in ("generation", "rating", "gate", "match", "end"):
        assert events(folder, event) == events(expected, event)
