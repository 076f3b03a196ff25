"""Measures what makes learning efficient: one change at a time against a baseline, at equal time, by wrong moves.

    python tools/efficiency.py --minutes 8 --seeds 1 2                # all changes: (8 + 1) minutes each
    python tools/efficiency.py gumbel-16 no-cache --seeds 1 2         # these alone
    python tools/efficiency.py --report                               # tables of what has been measured

Each run is a process of its own on the whole machine, so nothing else may run beside it. Its model is judged in the
labelled positions that come with the package, with the network alone and with 100 and 600 simulations. A result is one
line of docs/efficiency.jsonl; what is there already is not measured again.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "configs" / "connect_four.toml"
RESULTS = ROOT / "docs" / "efficiency.jsonl"
JUDGES = {"network": "policy:path={},temperature=0", "100": "model:path={},simulations=100",
          "600": "model:path={},simulations=600"}

BASELINE = {  # plain settings; a change replaces some of them
    "network.blocks": 5, "network.channels": 64, "network.value_head": "scalar", "search.simulations": 48,
    "search.prove": False, "search.cache_mb": 0, "selfplay.games_per_generation": 256,
    "selfplay.random_opening_plies": 0, "selfplay.temperature_plies": 10, "replay.window_min": 20000,
    "replay.window_max": 500000, "replay.window_growth": 0.6, "training.learning_rate": 1e-3,
    "training.schedule": "cosine", "training.replay_ratio": 4, "training.result_weight": 0.7,
}
CHANGES: dict[str, dict[str, Any]] = {
    "baseline": {},
    "cache": {"search.cache_mb": 64},
    "prove": {"search.prove": True},
    "wdl": {"network.value_head": "wdl"},
    "random-openings": {"selfplay.random_opening_plies": 6},
    "gumbel-16": {"search.gumbel": True, "search.simulations": 16},
    "gumbel-32": {"search.gumbel": True, "search.simulations": 32},
    "playout-caps": {"selfplay.full_search_fraction": 0.25, "selfplay.fast_simulations": 12,
                     "search.simulations": 96},
    "network-4x48": {"network.blocks": 4, "network.channels": 48},
    "network-5x96": {"network.channels": 96},
    "ratio-2": {"training.replay_ratio": 2},
    "ratio-8": {"training.replay_ratio": 8},
    "small-window": {"replay.window_growth": 0.3},
    "result-only": {"training.result_weight": 1.0},
    "search-value-half": {"training.result_weight": 0.5},
    "averaged": {"training.averaging_decay": 0.998},
    "rate-2e-3": {"training.learning_rate": 2e-3},
    "warm-games": {"selfplay.temperature_plies": 30},
    "more-noise": {"search.root_noise_fraction": 0.4},
    "no-symmetries": {"training.symmetries": False},
}


def alphazero(*arguments: str) -> str:
    """Run a command and return what it prints, errors shown as they come; CalledProcessError when it fails."""
    command = [sys.executable, "-m", "alphazero", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def measure(name: str, seed: int, minutes: float, folder: Path) -> dict[str, Any]:
    """Train with one change and return what came of it."""
    settings = {**BASELINE, **CHANGES[name], "seed": seed, "run.minutes": minutes, "run.folder": str(folder),
                "evaluation.every_minutes": 0, "evaluation.final_opponent": ""}
    alphazero("train", str(CONFIG), *(f"{key}={json.dumps(value)}" for key, value in settings.items()))
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    end = next(line for line in lines if line["event"] == "end")
    judges = {label: spec.format(folder / "model.safetensors") for label, spec in JUDGES.items()}
    players = [word for spec in judges.values() for word in ("--player", spec)]
    judged = json.loads(alphazero("accuracy", "connect_four", "--json", *players))["players"]
    return {"change": name, "seed": seed, "minutes": minutes, "games": end["games"], "positions": end["positions"],
            "wrong": {label: {row["set"]: [row["wrong"], row["positions"]] for row in judged[spec]}
                      for label, spec in judges.items()}}


def results() -> list[dict[str, Any]]:
    """Return all results so far."""
    return [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []


def report(minutes: float) -> str:
    """Return a table for each judge: wrong moves by set, the seeds together, a row for each change."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for result in results():
        if result["minutes"] == minutes:
            rows[result["change"]].append(result)
    text = []
    for judge in JUDGES:
        sets = list(next(iter(rows.values()))[0]["wrong"][judge]) if rows else []
        text += [f"### {judge if judge == 'network' else judge + ' simulations'}", "",
                 "| change | seeds | positions | " + " | ".join(sets) + " |", "|---" * (len(sets) + 3) + "|"]
        for change, found in rows.items():
            shares = []
            for name in sets:
                wrong = sum(result["wrong"][judge][name][0] for result in found)
                asked = sum(result["wrong"][judge][name][1] for result in found)
                shares.append(f"{100 * wrong / asked:.1f} %")
            positions = sum(result["positions"] for result in found) // len(found)
            text.append(f"| {change} | {len(found)} | {positions:,} | " + " | ".join(shares) + " |")
        text.append("")
    return "\n".join(text)


def main() -> None:
    """Measure what is missing, or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("changes", nargs="*", help=f"of {', '.join(CHANGES)} (default: all)")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--report", action="store_true")
    args = parser.parse_args()
    unknown = [name for name in args.changes if name not in CHANGES]
    if unknown:
        parser.error(f"unknown change {unknown[0]!r}: expected of {', '.join(CHANGES)}")
    if args.report:
        print(report(args.minutes))
        return
    done = {(result["change"], result["seed"], result["minutes"]) for result in results()}
    wanted = [(name, seed) for seed in args.seeds for name in args.changes or CHANGES
              if (name, seed, args.minutes) not in done]
    for name, seed in tqdm(wanted, unit="run"):
        with tempfile.TemporaryDirectory() as folder:
            result = measure(name, seed, args.minutes, Path(folder) / name)
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
