"""Speed of chess rules beside others, in turn and as ratios: Stockfish's own perft, and python-chess making every move.

    python tools/chess_speed.py --rounds 5 --stockfish /usr/games/stockfish

Perft 6 from the start, the last moves counted and not made, one core; then every move made, the hash kept, to depth 5
(ours) and 3 (python-chess), in positions a second.
"""

import argparse
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable

import chess
import numpy as np

import games
from games.chess.board import CORE, perft
from games.chess.moves import MOST_MOVES

DEPTH, NODES = 6, 119_060_324
MADE_DEPTH, MADE_NODES = 5, 4_865_609
PYTHON_DEPTH, PYTHON_NODES = 3, 8_902


def ours(depth: int, bulk: bool) -> int:
    """Return perft of the start."""
    core = np.zeros(1, CORE)
    core[0] = games.make("chess").initial_state()["core"]
    return perft(core[0], depth, np.zeros((depth + 1, MOST_MOVES), np.int32), np.zeros(depth + 1, CORE), bulk)


def stockfish(path: str, depth: int) -> int:
    """Return Stockfish's perft of the start."""
    done = subprocess.run(
        [path],
        input=f"position startpos\ngo perft {depth}\nquit\n",
        capture_output=True,
        text=True,
        check=True,
    )
    return int(re.findall(r"Nodes searched: (\d+)", done.stdout)[0])


def python_chess(depth: int) -> int:
    """Return python-chess's perft of the start, every move made."""
    board = chess.Board()

    def count(left: int) -> int:
        if left == 0:
            return 1
        total = 0
        for move in board.legal_moves:
            board.push(move)
            total += count(left - 1)
            board.pop()
        return total

    return count(depth)


def rate(work: Callable[[], int], expected: int) -> float:
    """Return positions/s of one run; ValueError when the count is wrong."""
    start = time.perf_counter()
    found = work()
    seconds = time.perf_counter() - start
    if found != expected:
        raise ValueError(f"perft is {found}, expected {expected}")
    return expected / seconds


def compare(name: str, rounds: int, mine: Callable[[], float], other: Callable[[], float]) -> None:
    """Run both in turn and print medians and the median of the ratios."""
    pairs = [(mine(), other()) for _ in range(rounds)]
    first, second = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(
        f"{name}: {first / 1e6:.1f} and {second / 1e6:.3f} million positions/s, ratio {ratio:.2f}", flush=True
    )


def main() -> None:
    """Compare with what is installed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stockfish", default=shutil.which("stockfish") or "/usr/games/stockfish")
    args = parser.parse_args()
    ours(3, True), ours(3, False)  # compiled, or loaded
    if shutil.which(args.stockfish):
        compare(
            "perft 6, bulk-counted, beside Stockfish",
            args.rounds,
            lambda: rate(lambda: ours(DEPTH, True), NODES),
            lambda: rate(lambda: stockfish(args.stockfish, DEPTH), NODES),
        )
    else:
        print(f"{args.stockfish}: no such program: the comparison with Stockfish is left out")
    compare(
        "every move made, beside python-chess",
        args.rounds,
        lambda: rate(lambda: ours(MADE_DEPTH, False), MADE_NODES),
        lambda: rate(lambda: python_chess(PYTHON_DEPTH), PYTHON_NODES),
    )


if __name__ == "__main__":
    main()
