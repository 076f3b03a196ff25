"""Rows a second of self-play when another process uses a core too, by how long waiting threads spin.

    python tools/shared_machine.py --spins default 1000 5000 20000 --rounds 3

Threads of the network meet after every layer. Those that come first wait in a loop (OpenMP), and while they do, the
one that they wait for may be without a core. `GOMP_SPINCOUNT` says how long they wait before they sleep; `alphazero`
sets it when nobody else did, "default" here is what OpenMP does without.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

COMMAND = Path(sys.executable).with_name("alphazero")
WORK = [str(COMMAND), "bench", "selfplay", "--simulations", "32", "--rounds", "1", "--json"]
BUSY = [sys.executable, "-c", "while True: pass"]
OPENMP_DEFAULT = "300000"  # libgomp's, with no more threads than cores


def rows_per_second(spins: str) -> float:
    """Return what one run of the benchmark measures."""
    environment = {**os.environ, "GOMP_SPINCOUNT": OPENMP_DEFAULT if spins == "default" else spins}
    done = subprocess.run(WORK, env=environment, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["rows_per_s"])


def beside(spins: str, processes: int) -> float:
    """Return the same beside so many processes that always want a core."""
    others = [subprocess.Popen(BUSY) for _ in range(processes)]
    try:
        return rows_per_second(spins)
    finally:
        for other in others:
            other.kill()
            other.wait()


def main() -> None:
    """Measure every value in turn, round by round, and print medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--spins", nargs="+", default=["default", "5000"], metavar="N")
    parser.add_argument("--processes", type=int, default=1, help="other processes (default 1)")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    results: dict[str, list[tuple[float, float]]] = {spins: [] for spins in args.spins}
    for _ in range(args.rounds):
        for spins, rows in results.items():
            rows.append((rows_per_second(spins), beside(spins, args.processes)))
    print(f"{'spins':>8}  {'alone':>10}  beside {args.processes}   (rows/s, medians of {args.rounds})")
    for spins, rows in results.items():
        alone, shared = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{spins:>8}  {alone:10,.0f}  {shared:8,.0f}")


if __name__ == "__main__":
    main()
