"""Measures what makes learning efficient: one change at a time against a baseline, at equal time, by wrong moves.

    python tools/efficiency.py --seeds 1 2                        # all changes: (5 + 1) minutes each
    python tools/efficiency.py gumbel-16 cache --seeds 1 2        # these alone
    python tools/efficiency_report.py docs/images/efficiency.png  # tables and a plot of what has been measured

Each run has one core for itself, so that as many runs go on at once as there are cores (or --cores names). Its model is
judged in the labelled positions that come with the package, with the network alone and with 100 and 600 simulations. A
result is one line of docs/efficiency.jsonl; what is there already is not measured again.
"""

import argparse
import json
import os
import queue
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from alphazero.bars import progress_bar
from alphazero.run.metrics import events, read_metrics
from games.options import format_spec

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "configs" / "connect_four.toml"
RESULTS = ROOT / "docs" / "efficiency.jsonl"
JUDGES: dict[str, tuple[str, dict[str, Any]]] = {
    "network": ("policy", {"temperature": 0}),
    "100": ("model", {"simulations": 100}),
    "600": ("model", {"simulations": 600}),
}
PLAY: dict[str, tuple[str, dict[str, Any]]] = {
    "100 prove": (
        "model",
        {"simulations": 100, "prove": True},
    ),  # what changes play alone is judged on the baseline
    "100 symmetries": ("model", {"simulations": 100, "symmetries": True}),
    "600 prove": ("model", {"simulations": 600, "prove": True}),
}

BASELINE = {  # plain settings; a change replaces some of them
    "network.blocks": 4,
    "network.channels": 48,
    "network.value_head": "scalar",
    "search.simulations": 48,
    "search.prove": False,
    "search.cache_mb": 0,
    "selfplay.games_per_generation": 256,
    "selfplay.random_opening_plies": 0,
    "selfplay.temperature_plies": 10,
    "replay.window_min": 20000,
    "replay.window_max": 500000,
    "replay.window_growth": 0.6,
    "training.learning_rate": 1e-3,
    "training.schedule": "constant",
    "training.replay_ratio": 4,
    "training.result_weight": 0.7,
    "training.value_steps": 0,
    "replay.surprise_weight": 0,
}
# Changes that were measured and are no settings any more.
GONE = {
    "growing-network": "5 blocks of 64 channels, three of them from the half of the run on: a tie, and gone"
}
CHANGES: dict[str, dict[str, Any]] = {
    "baseline": {},
    "gumbel-16": {"search.gumbel": True, "search.simulations": 16},
    "gumbel-32": {"search.gumbel": True, "search.simulations": 32},
    "simulations-24": {"search.simulations": 24},
    "simulations-96": {"search.simulations": 96},
    "fast-searches": {
        "selfplay.full_search_fraction": 0.25,
        "selfplay.fast_simulations": 12,
        "search.simulations": 96,
    },
    "fast-searches-forced": {
        "selfplay.full_search_fraction": 0.25,
        "selfplay.fast_simulations": 12,
        "search.simulations": 96,
        "search.forced_visits": 2,
    },
    "forced": {"search.forced_visits": 2},
    "warm-games": {"selfplay.temperature_plies": 30},
    "random-openings": {"selfplay.random_opening_plies": 6},
    "more-noise": {"search.root_noise_fraction": 0.4},
    "prove": {"search.prove": True},
    "cache": {"search.cache_mb": 64},
    "ratio-2": {"training.replay_ratio": 2},
    "ratio-8": {"training.replay_ratio": 8},
    "small-window": {"replay.window_growth": 0.3},
    "large-window": {"replay.window_growth": 1.0},
    "result-only": {"training.result_weight": 1.0},
    "search-value-half": {"training.result_weight": 0.5},
    "search-value-only": {"training.result_weight": 0.0},
    "5-steps": {"training.value_steps": 5},
    "5-steps-only": {"training.value_steps": 5, "training.result_weight": 1.0},
    "surprise": {"replay.surprise_weight": 0.5},
    "averaged": {"training.averaging_decay": 0.998},
    "wdl": {"network.value_head": "wdl"},
    "network-3x32": {"network.blocks": 3, "network.channels": 32},
    "network-5x64": {"network.blocks": 5, "network.channels": 64},
    "global-pooling": {"network.global_pooling": 2},
    "wide-heads": {"network.policy_channels": 64, "network.value_channels": 64, "network.value_hidden": 128},
    "rate-2e-3": {"training.learning_rate": 2e-3},
    "cosine": {"training.schedule": "cosine"},
    "no-symmetries": {"training.symmetries": False},
    "together": {
        "search.simulations": 32,
        "search.cache_mb": 64,
        "selfplay.temperature_plies": 30,
        "selfplay.random_opening_plies": 6,
        "replay.surprise_weight": 0.5,
        "training.value_steps": 5,
        "training.result_weight": 1.0,
    },
}


def alphazero(core: int, *arguments: str) -> str:
    """Run a command on one core and return what it prints; RuntimeError, with its last line, when it fails."""
    command = ["taskset", "--cpu-list", str(core), sys.executable, "-m", "alphazero", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"alphazero {' '.join(arguments)}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def measure(name: str, seed: int, minutes: float, core: int, folder: Path) -> dict[str, Any]:
    """Train with one change and return what came of it."""
    settings = {
        **BASELINE,
        **CHANGES[name],
        "seed": seed,
        "run.minutes": minutes,
        "run.folder": str(folder),
        "evaluation.every_minutes": 0,
        "evaluation.final_opponent": "",
    }
    alphazero(core, "train", str(CONFIG), *(f"{key}={json.dumps(value)}" for key, value in settings.items()))
    end = events(read_metrics(folder), "end")[0]
    wanted = {**JUDGES, **PLAY} if name == "baseline" else JUDGES
    model = {"path": folder / "model.safetensors"}
    judges = {label: format_spec(kind, {**model, **options}) for label, (kind, options) in wanted.items()}
    players = [word for spec in judges.values() for word in ("--player", spec)]
    judged = json.loads(alphazero(core, "accuracy", "connect_four", "--json", *players))["players"]
    return {
        "change": name,
        "seed": seed,
        "minutes": minutes,
        "games": end["games"],
        "positions": end["positions"],
        "wrong": {
            label: {row["set"]: [row["wrong"], row["positions"]] for row in judged[spec]}
            for label, spec in judges.items()
        },
    }


def results() -> list[dict[str, Any]]:
    """Return all results so far."""
    return [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []


def main() -> None:
    """Measure what is missing, or report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("changes", nargs="*", help=f"of {', '.join(CHANGES)} (default: all)")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--cores", type=int, nargs="+", default=sorted(os.sched_getaffinity(0)))
    parser.add_argument("--hardware", default="", help="the machine, in words, for the record")
    args = parser.parse_args()
    unknown = [name for name in args.changes if name not in CHANGES]
    if unknown:
        parser.error(f"unknown change {unknown[0]!r}: expected of {', '.join(CHANGES)}")
    done = {(result["change"], result["seed"], result["minutes"]) for result in results()}
    wanted = [
        (name, seed)
        for seed in args.seeds
        for name in args.changes or CHANGES
        if (name, seed, args.minutes) not in done
    ]
    cores: queue.Queue[int] = queue.Queue()
    for core in args.cores:
        cores.put(core)

    def work(job: tuple[str, int]) -> None:
        core = cores.get()
        with tempfile.TemporaryDirectory() as folder:
            result = measure(*job, args.minutes, core, Path(folder) / job[0])
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**result, "hardware": args.hardware}) + "\n")
        cores.put(core)

    with ThreadPoolExecutor(len(args.cores)) as pool:
        for _ in progress_bar(pool.map(work, wanted), total=len(wanted), unit="run"):
            pass


if __name__ == "__main__":
    main()
