"""Measures how a training run's resident memory grows once the replay window is full.

A small run plays games, stores them in shards, keeps the newest in the window and trains on them, all by the code
that any run uses. After every shard the resident memory is read. The bar: no more than 20 MB over 3,000 games.

    python tools/memory_test.py
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

BAR_MB = 20.0
AVERAGED = 3  # readings at either end that the growth is the difference of


class Reading(NamedTuple):
    """The memory of the process after a shard."""

    seconds: float
    games: int
    positions: int  # in the window
    resident_mb: float


def resident_mb() -> float:
    """Return the resident memory of this process in MB (2**20 bytes)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def settings(options: argparse.Namespace) -> Any:
    """Return the settings of the run: as many games as fill the window, and then those that are measured."""
    from alphazero.config import build_config

    full = -(-options.window // options.plies // options.shard) * options.shard
    generations = -(-(full + options.games + AVERAGED * options.shard) // options.shard)
    return build_config({
        "game": "connect_four", "device": "cpu", "threads": options.threads,
        "network": {"blocks": 1, "channels": 16},
        "search": {"simulations": options.simulations},
        "selfplay": {"parallel_games": 128, "games_per_generation": options.shard, "shard_games": options.shard,
                     "temperature_plies": 20},
        "replay": {"window_min": options.window, "window_max": options.window},
        "training": {"batch_size": 128, "replay_ratio": 0.5},
        "evaluation": {"every_generations": 0, "every_minutes": 0.0, "final_opponent": ""},
        "run": {"generations": generations},
    })  # fmt: skip


def measure(options: argparse.Namespace, folder: Path) -> list[Reading]:
    """Train in `folder` and return a reading for each shard."""
    from alphazero.methods import training
    from alphazero.moments import listening

    readings, began, made = [], time.monotonic(), []
    make = training.make_method

    def remember(run: Any) -> Any:
        made.append((run, make(run)))
        return made[0][1]

    def read(moment: str, ended: bool) -> None:
        if moment == "shard" and ended:
            run, method = made[0]
            seconds, positions = time.monotonic() - began, method.window.num_samples
            readings.append(Reading(seconds, run.progress.games, positions, resident_mb()))

    no_plots = mock.patch("alphazero.run.plots.plot_run")
    with no_plots, mock.patch.object(training, "make_method", remember), listening(read):
        training.train(settings(options), folder)
    return readings


def main() -> int:
    """Run the test, print the readings and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--games", type=int, default=3000, help="games measured (default 3000)")
    parser.add_argument("--window", type=int, default=10_000, help="positions in the window (default 10000)")
    parser.add_argument(
        "--shard", type=int, default=250, help="games of a shard and a generation (default 250)"
    )
    parser.add_argument("--simulations", type=int, default=8, help="simulations a move (default 8)")
    parser.add_argument(
        "--plies", type=int, default=20, help="fewest plies that games have on average (default 20)"
    )
    parser.add_argument("--threads", type=int, default=0, help="threads; 0: all cores (default)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        readings = measure(options, Path(folder) / "run")
    return report(readings, options)


def report(readings: list[Reading], options: argparse.Namespace) -> int:
    """Print the readings and the growth since the window was full; return 1 when it is above the bar."""
    first = next(index for index, row in enumerate(readings) if row.positions >= options.window)
    print(f"\n{'seconds':>8}{'games':>8}{'window':>8}{'MB':>9}")
    for index, row in enumerate(readings):
        mark = "  the window is full" if index == first else ""
        print(f"{row.seconds:>8.0f}{row.games:>8}{row.positions:>8}{row.resident_mb:>9.1f}{mark}")
    measured = readings[first:]
    games = measured[-1].games - measured[0].games
    start, end = (
        statistics.mean(row.resident_mb for row in rows)
        for rows in (measured[:AVERAGED], measured[-AVERAGED:])
    )
    most = max(row.resident_mb for row in measured) - start
    print(
        f"growth over {games} games with the window full: {end - start:+.1f} MB, at most {most:+.1f} MB "
        f"(bar {BAR_MB:.0f} MB)"
    )
    return int(games < options.games or end - start > BAR_MB)


if __name__ == "__main__":
    sys.exit(main())
