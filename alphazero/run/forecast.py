"""What a run will reach on this machine: from its speed to positions, from positions to the strength that they gave.

The strength is that of earlier runs with the same settings, in `evidence/NAME.json` for the settings file NAME that
comes with alphazero: how many positions each played in its time, and its share of the points in the last match.
"""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from alphazero.config import Config, Experiment, load_config

EVIDENCE = Path(__file__).resolve().parent / "evidence"
# What does not change how much is learned from a position.
OF_THE_MACHINE = {"network": {"precision", "compile"}, "search": {"memory_mb"}, "selfplay": {"workers"}}
OF_THE_MACHINE |= {"replay": set(), "training": {"parts"}}


class Evidence(NamedTuple):
    """What runs with the same settings measured.

    rows_per_position: network rows of self-play a position, the cache's left out; ratings_share: of the time, where
    nothing bounds it; runs: (positions, share of the points against `opponent`), by positions.
    """

    opponent: str
    rows_per_position: float
    ratings_share: float
    runs: tuple[tuple[int, float], ...]


class Speed(NamedTuple):
    """Network rows of self-play a second, all workers together, and training steps a second."""

    rows: float
    steps: float


def evidence_for(config: Experiment) -> Evidence | None:
    """Return what was measured with these settings, None where nothing was, or the run has no limit of minutes."""
    if not isinstance(config, Config) or not config.run.minutes:
        return None
    for path in sorted(EVIDENCE.glob("*.json")):
        if _learned(load_config(path.stem)) == _learned(config):
            data = json.loads(path.read_text(encoding="utf-8"))
            runs = sorted((run["positions"], run["share"]) for run in data["runs"])
            return Evidence(data["opponent"], data["rows_per_position"], data["ratings_share"], tuple(runs))
    return None


def _learned(config: Experiment) -> dict[str, Any]:
    sections = {name: getattr(config, name).model_dump(exclude=left) for name, left in OF_THE_MACHINE.items()}
    return {"game": config.game, **sections}


def positions_in(config: Config, evidence: Evidence, speed: Speed) -> float:
    """Return how many positions a run plays in its minutes: each costs its rows, its training steps and its ratings."""
    training = config.training
    seconds = (
        evidence.rows_per_position / speed.rows + training.replay_ratio / training.batch_size / speed.steps
    )
    ratings = min(evidence.ratings_share, config.evaluation.max_share)
    return 60.0 * config.run.minutes * (1.0 - ratings) / seconds


def share_after(positions: float, evidence: Evidence) -> float:
    """Return the share of the points after so many positions, in Elo straight over the logarithm of positions.

    Outside of what was measured it is that of the nearest run.
    """
    runs = evidence.runs
    positions = min(max(positions, runs[0][0]), runs[-1][0])
    for (few, low), (many, high) in pairwise(runs):
        if positions <= many:
            part = math.log(positions / few) / math.log(many / few)
            odds = (1.0 - part) * _log_odds(low) + part * _log_odds(high)
            return 1.0 / (1.0 + math.exp(-odds))
    return runs[-1][1]


def _log_odds(share: float) -> float:
    return math.log(share / (1.0 - share))


def forecast_text(config: Config, evidence: Evidence, speed: Speed) -> str:
    """Return the forecast as a line."""
    positions = positions_in(config, evidence, speed)
    share = share_after(positions, evidence)
    few, many = evidence.runs[0][0], evidence.runs[-1][0]
    about = "at most" if positions < few else "at least" if positions > many else "about"
    measured = ", ".join(f"{100 * share:.0f} % after {count:,}" for count, share in evidence.runs)
    return (
        f"forecast: about {float(f'{positions:.2g}'):,.0f} positions in {config.run.minutes:g} minutes at the speed "
        f"measured now ({speed.rows:,.0f} network rows/s in self-play, {speed.steps:.1f} training steps/s), and "
        f"{about} {100 * share:.0f} % of the points against {evidence.opponent} (earlier runs: {measured})"
    )
