"""Measures what learning from a batch in parts costs: same games, first weights and batches, other `training.parts`.

    python tools/parts_of_batches.py runs/connect_four --steps 1500 --parts 1 2 4 --seeds 1 2 3

Batch normalisation goes by each part (docs/learning.md, "Parts of a batch"). The newest games of a run are learned from
by new networks with the run's settings; whole games held out, the same for all, say how well. A seed decides the
first weights and the batches, so that runs of one seed differ in their parts alone, and their difference is told too.
Each run has one thread, --jobs of them go on at once. A line of JSON for each, then the table.
"""

import argparse
import json
import math
import multiprocessing
import statistics
from pathlib import Path
from typing import Any

import numpy as np

import games
from alphazero.config import Config, load_config
from alphazero.data.games import join, take
from alphazero.data.samples import ValueTarget
from alphazero.data.shards import read_shard, shard_paths
from alphazero.data.window import ReplayWindow
from alphazero.learning.learner import mean_metrics, new_learner
from alphazero.learning.losses import policy_value_loss
from alphazero.network import set_threads

HELD_OUT = 0.125  # of the games
MEASURED = 8192  # positions of these, the same for all runs
MEASURED_AT_ONCE = 1024
TOLD = ("policy_loss", "value_loss", "policy_accuracy")


def windows(config: Config, run: Path, positions: int) -> tuple[ReplayWindow, ReplayWindow]:
    """Return the run's newest games with so many positions, those learned from and those held out."""
    game, parts, found = games.parse(config.game), [], 0
    for path in reversed(shard_paths(run / "selfplay")):
        if found >= positions:
            break
        parts.append(read_shard(path, game))
        found += parts[-1].num_positions
    stored = join(parts[::-1])
    order = np.random.default_rng(0).permutation(stored.num_games)
    count = round(HELD_OUT * stored.num_games)
    both = []
    for chosen, surprise in ((order[count:], config.replay.surprise_weight), (order[:count], 0.0)):
        both.append(ReplayWindow(game, 2**62, 2**62, 1.0, surprise))
        both[-1].add(take(stored, np.sort(chosen)))
    return both[0], both[1]


def learn(job: tuple[Path, int, int, int, int]) -> dict[str, Any]:
    """Learn once; return what was measured on games held out."""
    run, positions, steps, parts, seed = job
    set_threads(1)
    config = load_config(run / "config.toml", {"training.parts": parts, "seed": seed, "device": "cpu"})
    assert isinstance(config, Config)
    learned, held_out = windows(config, run, positions)
    training, target = (
        config.training,
        ValueTarget(config.training.result_weight, config.training.value_steps),
    )
    learner, loss = (
        new_learner(games.parse(config.game), config),
        policy_value_loss(config.training.value_weight),
    )
    rng = np.random.default_rng([seed, 1])
    for step in range(steps):
        samples = learned.draw(training.batch_size, rng, target, training.symmetries)
        learner.step(loss, samples, step / steps)
    rng = np.random.default_rng(0)
    rows = [
        learner.evaluate(loss, held_out.draw(MEASURED_AT_ONCE, rng, target, symmetries=False))
        for _ in range(MEASURED // MEASURED_AT_ONCE)
    ]
    counts = {"learned": learned.num_samples, "held_out": held_out.num_samples}
    return {"parts": parts, "seed": seed, "steps": learner.steps, **counts, **mean_metrics(rows)}


def table(rows: list[dict[str, Any]]) -> str:
    """Return means over seeds, their standard deviations, and the mean differences to the fewest parts, as Markdown."""
    lines = ["| parts | " + " | ".join(f"{name} | difference" for name in TOLD) + " |"]
    lines.append("|---" * (1 + 2 * len(TOLD)) + "|")
    fewest = min(row["parts"] for row in rows)
    base = {row["seed"]: row for row in rows if row["parts"] == fewest}
    for parts in sorted({row["parts"] for row in rows}):
        own = [row for row in rows if row["parts"] == parts]
        cells = []
        for name in TOLD:
            cells.append(spread([row[name] for row in own]))
            cells.append(spread([row[name] - base[row["seed"]][name] for row in own], "+.4f"))
        lines.append(f"| {parts} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def spread(values: list[float], form: str = ".4f") -> str:
    deviation = statistics.stdev(values) if len(values) > 1 else math.nan
    return f"{statistics.mean(values):{form}} ± {deviation:.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="the folder of a run of expert iteration")
    parser.add_argument("--positions", type=int, default=60_000)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--parts", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    jobs = [
        (args.run, args.positions, args.steps, parts, seed) for seed in args.seeds for parts in args.parts
    ]
    rows = []
    with multiprocessing.get_context("spawn").Pool(args.jobs, maxtasksperchild=1) as pool:
        for row in pool.imap(learn, jobs, chunksize=1):
            print(json.dumps(row), flush=True)
            rows.append(row)
    print(table(rows))


if __name__ == "__main__":
    main()
