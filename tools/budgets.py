"""Which settings of `make train` learn most on a slow machine: one change at a time, at equal computing time.

    python tools/budgets.py cost                  # what each change costs, on a processor held to AVX2
    python tools/budgets.py learn 60000           # with the time that the quick settings need for 60,000 positions
    python tools/budgets.py learn 150000 quick 3x32 --seeds 1 2
    python tools/budgets.py report                # tables in Markdown, for docs/efficiency.md

A change that makes a position cheaper may play more of them: all get the CPU time, of self-play and of training, that
the quick settings need. That time is measured with AVX2 and float32, as it is spent on a slow machine; the runs
themselves use what this one does best, one core each, and end after as many generations as the time would have paid
for. So nothing depends on what else runs here. Judged are wrong moves in the solved positions that come with the
package, and with --match a match. A result is one line of docs/budgets.jsonl; what is there is not done again.
"""

import argparse
import json
import os
import queue
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from alphazero.arena.accuracy import Errors
from alphazero.run.metrics import events, read_metrics

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "configs" / "connect_four_quick.toml"
RESULTS = ROOT / "docs" / "budgets.jsonl"
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "NUMBA_CPU_NAME": "znver3"}
OPPONENT = "mcts:simulations=1000"
SIMULATIONS = {"network": 0, "100": 100, "600": 600}
COST_GENERATIONS = 3
GAME_PLIES = 26.5  # of self-play, the mean over such runs: from positions to generations
POSITIONS = 256 * GAME_PLIES  # of a generation
FIXED = {
    "selfplay.workers": 2,
    "training.parts": 2,
    "evaluation.every_minutes": 0,
    "evaluation.final_opponent": "",
}
CHANGES: dict[str, dict[str, Any]] = {
    "quick": {},
    "3x32": {"network.blocks": 3, "network.channels": 32},
    "4x32": {"network.blocks": 4, "network.channels": 32},
    "simulations-16": {"search.simulations": 16},
    "simulations-24": {"search.simulations": 24},
    "simulations-48": {"search.simulations": 48},
    "gumbel-16": {"search.gumbel": True, "search.simulations": 16},
    "ratio-2": {"training.replay_ratio": 2},
    "ratio-8": {"training.replay_ratio": 8},
    "constant": {"training.schedule": "constant"},
    "rate-4e-3": {"training.learning_rate": 4e-3},
    "batch-128": {"training.batch_size": 128},
    "generations-128": {"selfplay.games_per_generation": 128},
    "warm-30": {"selfplay.temperature_plies": 30},
}


def alphazero(core: int, *arguments: str, slow: bool = False) -> tuple[str, float]:
    """Run a command on one core and return what it prints and its CPU seconds; RuntimeError when it fails."""
    command = ["taskset", "--cpu-list", str(core), sys.executable, "-m", "alphazero", *arguments]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(
            command, cwd=ROOT, stdout=out, stderr=err, env=os.environ | (AVX2 if slow else {})
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        for file in (out, err):
            file.seek(0)
        if child.returncode:
            raise RuntimeError(f"alphazero {' '.join(arguments)}: {err.read().decode().strip()[-300:]}")
        return out.read().decode(), usage.ru_utime + usage.ru_stime


def train(core: int, change: str, seed: int, generations: int, folder: Path, slow: bool = False) -> float:
    """Train for so many generations and return the CPU seconds."""
    settings = {
        **FIXED,
        **CHANGES[change],
        "seed": seed,
        "run.minutes": 0,
        "run.generations": generations,
        "run.folder": str(folder),
        **({"network.precision": "float32"} if slow else {}),
    }
    words = (f"{key}={json.dumps(value)}" for key, value in settings.items())
    return alphazero(core, "train", str(CONFIG), *words, slow=slow)[1]


def measure_cost(core: int, change: str, folder: Path) -> dict[str, Any]:
    """Return the CPU seconds of a thousand positions, self-play and training: generations 2 and 3, held to AVX2."""
    games = {**CHANGES[change]}.get("selfplay.games_per_generation", 256)
    later = COST_GENERATIONS * 256 // games
    seconds, positions = [], []
    for name, generations in (("first", later // COST_GENERATIONS), ("all", later)):
        seconds.append(train(core, change, 1, generations, folder / name, slow=True))
        positions.append(events(read_metrics(folder / name), "end")[0]["positions"])
    cost = 1000 * (seconds[1] - seconds[0]) / (positions[1] - positions[0])
    return {"kind": "cost", "change": change, "seconds_per_1000": round(cost, 3)}


def learn(
    core: int, change: str, seed: int, budget: int, cost: dict[str, float], match: bool, folder: Path
) -> dict[str, Any]:
    """Return what came of training one change for the time in which the quick settings play `budget` positions."""
    games = CHANGES[change].get("selfplay.games_per_generation", 256)
    generations = round(budget * cost["quick"] / cost[change] / (games * GAME_PLIES))
    seconds = train(core, change, seed, generations, folder)
    end = events(read_metrics(folder), "end")[0]
    model = folder / "model.safetensors"
    specs = {
        judge: f"model:path={model},simulations={n}" if n else f"policy:path={model},temperature=0"
        for judge, n in SIMULATIONS.items()
    }
    players = [word for spec in specs.values() for word in ("--player", spec)]
    judged = json.loads(alphazero(core, "accuracy", "connect_four", "--json", *players)[0])["players"]
    wrong = {}
    for judge, spec in specs.items():
        row = next(row for row in judged[spec] if row["set"] == "all")
        wrong[judge] = [row["wrong"], row["positions"]]
    result = {
        "kind": "learn",
        "change": change,
        "seed": seed,
        "budget": budget,
        "generations": generations,
        "games": end["games"],
        "positions": end["positions"],
        "cpu_seconds": round(seconds, 1),
        "wrong": wrong,
    }
    if match:
        words = (f"model:path={model},simulations=200,prove=true", OPPONENT, "--game", "connect_four")
        played = json.loads(
            alphazero(core, "match", *words, "--games", "200", "--seed", str(seed), "--json")[0]
        )
        result["match"] = {key: played[key] for key in ("wins", "draws", "losses", "share", "pairs")}
    return result


def results() -> list[dict[str, Any]]:
    """Return all results so far."""
    return [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []


def costs() -> dict[str, float]:
    """Return the CPU seconds of a thousand positions by change, held to AVX2."""
    found = {row["change"]: row["seconds_per_1000"] for row in results() if row["kind"] == "cost"}
    same = ("constant", "rate-4e-3", "warm-30")  # cost what the quick settings do
    return {**{name: found["quick"] for name in same if "quick" in found}, **found}


def report() -> str:
    """Return a table in Markdown of each budget, seeds together; half of the 95 % intervals of the shares."""
    lines, cost = [], costs()
    rows = [row for row in results() if row["kind"] == "learn"]
    for budget in sorted({row["budget"] for row in rows}):
        lines += [f"Time for {budget:,} positions of the quick settings:", ""]
        lines += [
            "| change | seconds for 1,000 positions | seeds | positions | " + " | ".join(SIMULATIONS) + " |"
        ]
        lines += ["|---" * (4 + len(SIMULATIONS)) + "|"]
        for change in CHANGES:
            if found := [row for row in rows if (row["budget"], row["change"]) == (budget, change)]:
                seeds = ", ".join(str(row["seed"]) for row in found)
                positions = sum(row["positions"] for row in found) // len(found)
                cells = " | ".join(
                    wrong_text([row["wrong"][judge] for row in found]) for judge in SIMULATIONS
                )
                lines.append(f"| {change} | {cost[change]:.2f} | {seeds} | {positions:,} | {cells} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def wrong_text(counts: list[list[int]]) -> str:
    """Return the share of wrong moves in percent, seeds together and, of several, each in brackets."""
    together = Errors("all", sum(asked for _, asked in counts), sum(wrong for wrong, _ in counts))
    half = 50 * (together.interval.high - together.interval.low)
    each = ", ".join(f"{100 * wrong / asked:.1f}" for wrong, asked in counts)
    return f"{100 * together.share:.1f} ±{half:.1f}" + (f" ({each})" if len(counts) > 1 else "")


def work_off(jobs: Sequence[tuple[Any, ...]], do: Any, cores: Sequence[int], hardware: str) -> None:
    """Do the jobs, one a core at a time, and append each result."""
    free: queue.Queue[int] = queue.Queue()
    for core in cores:
        free.put(core)

    def one(job: tuple[Any, ...]) -> None:
        core = free.get()
        try:
            with tempfile.TemporaryDirectory() as folder:
                result = do(core, *job, Path(folder) / "run")
            with RESULTS.open("a", encoding="utf-8") as file:
                file.write(json.dumps({**result, "hardware": hardware}) + "\n")
            print(json.dumps(result), flush=True)
        except RuntimeError as error:
            print(error, file=sys.stderr, flush=True)
        finally:
            free.put(core)

    with ThreadPoolExecutor(len(cores)) as pool:
        list(pool.map(one, jobs))


def main() -> None:
    """Measure what is missing, or report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("cost", "learn", "report"))
    parser.add_argument("words", nargs="*", metavar="[BUDGET] [CHANGE ...]", help=f"of {', '.join(CHANGES)}")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--match", action="store_true", help=f"also play {OPPONENT}")
    parser.add_argument("--cores", type=int, nargs="+", default=sorted(os.sched_getaffinity(0)))
    parser.add_argument("--hardware", default="", help="the machine, in words, for the record")
    args = parser.parse_args()
    budget = int(args.words.pop(0)) if args.what == "learn" else 0
    names = args.words or list(CHANGES)
    if unknown := [name for name in names if name not in CHANGES]:
        parser.error(f"unknown change {unknown[0]!r}: expected of {', '.join(CHANGES)}")
    if args.what == "cost":
        known = {row["change"] for row in results() if row["kind"] == "cost"}
        jobs = [(name,) for name in names if name not in known]
        work_off(jobs, measure_cost, args.cores, args.hardware)
    elif args.what == "learn":
        done = {(r["change"], r["seed"], r["budget"]) for r in results() if r["kind"] == "learn"}
        jobs = [(n, s, budget) for s in args.seeds for n in names if (n, s, budget) not in done]
        cost = costs()
        work_off(
            jobs,
            lambda core, n, s, b, folder: learn(core, n, s, b, cost, args.match, folder),
            args.cores,
            args.hardware,
        )
    else:
        print(report())


if __name__ == "__main__":
    main()
