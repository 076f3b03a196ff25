"""Speed of rules and rollout search beside OpenSpiel and pgx, in turn on one machine, as medians and ratios.

    python tools/peer_speed.py --peer-python /path/to/python            (of an environment with pyspiel and pgx)
    python tools/peer_speed.py --peer-python ... steps-go --rounds 7

rollouts-*: random games to the end on one thread, beside simulations of OpenSpiel's `MCTSBot` with one rollout each.
mcts-*: tree search with one random rollout a simulation, one tree, one thread, beside the same.
steps-*: random moves, legal ones listed each time, on two threads, beside random steps of pgx at its best batch.
"""

import argparse
import statistics
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np

import games
from alphazero.bench.rules import count_moves, count_rollouts
from alphazero.bench.search import searches
from alphazero.bench.timing import median_ratio, repeated
from alphazero.search import RolloutEvaluator

WORKERS = Path(__file__).parent / "peer_workers.py"
SECONDS, SIMULATIONS = 1.0, 2000


class Pair(NamedTuple):
    """What is compared: our kind of work and game, the peer's kind and game, and the ratio that is wanted."""

    kind: str
    game: str
    peer: str
    wanted: float


PAIRS = {
    "rollouts-go9": Pair("rollouts", "go:size=9", "go(board_size=9)", 10),
    "rollouts-go19": Pair("rollouts", "go:size=19", "go(board_size=19)", 10),
    "mcts-connect4": Pair("mcts", "connect_four", "connect_four", 7),
    "mcts-go9": Pair("mcts", "go:size=9", "go(board_size=9)", 8),
    "mcts-chess": Pair("mcts", "chess", "chess", 12),
    "mcts-othello": Pair("mcts", "othello", "othello", 20),
    "mcts-hex": Pair("mcts", "hex:size=11", "hex(board_size=11)", 8),
    "steps-go9": Pair("steps", "go:size=9", "go_9x9", 50),
    "steps-chess": Pair("steps", "chess", "chess", 500),
    "steps-othello": Pair("steps", "othello", "othello", 15),
}


def scratch(game) -> tuple[np.ndarray, np.ndarray]:
    """Return states[2], the first one the start, and room for legal actions."""
    states = np.zeros(2, game.state_dtype)
    game.reset(states[0])
    return states, np.zeros(game.num_actions, np.int32)


def rollouts(game) -> Callable[[], float]:
    """Return a run of 100 random games to the end."""
    states, out = scratch(game)
    return lambda: float(count_rollouts(game, states, out, 100, np.uint64(1)))


def mcts(game) -> Callable[[], float]:
    """Return a run of one search."""
    numba.set_num_threads(1)
    return searches(game, RolloutEvaluator(game), SIMULATIONS)


def steps(game) -> Callable[[], float]:
    """Return a run of random games on two threads."""
    rooms = [scratch(game) for _ in range(2)]
    done = [0.0, 0.0]

    def play(index: int) -> None:
        states, out = rooms[index]
        done[index] = float(count_moves(game, states, out, 1000, np.uint64(index + 1)))

    def run() -> float:
        threads = [threading.Thread(target=play, args=(index,)) for index in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(done)

    return run


OURS = {"rollouts": rollouts, "mcts": mcts, "steps": steps}


class Worker:
    """A peer in a process of its own."""

    def __init__(self, python: str, kind: str, game: str):
        command = [python, str(WORKERS), "steps" if kind == "steps" else "mcts", game]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._line()

    def _line(self) -> str:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise SystemExit(f"{' '.join(map(str, self.process.args))}: ended without a result")  # type: ignore[arg-type]
        return line

    def rate(self) -> float:
        """Return the rate of one run."""
        assert self.process.stdin
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        return float(self._line())

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


def measure(name: str, python: str, rounds: int) -> str:
    """Return medians of both and the median of the ratios, as text."""
    pair = PAIRS[name]
    ours = repeated(OURS[pair.kind](games.parse(pair.game)), SECONDS)
    worker = Worker(python, pair.kind, pair.peer)
    rates: dict[str, list[float]] = {"ours": [], "theirs": []}
    ours()
    try:
        for _ in range(rounds):
            start = time.perf_counter()
            done = ours()
            rates["ours"].append(done / (time.perf_counter() - start))
            rates["theirs"].append(worker.rate())
    finally:
        worker.close()
    mine, theirs = (statistics.median(values) for values in rates.values())
    ratio = median_ratio(rates["ours"], rates["theirs"])
    return f"{name:14} {mine:12,.0f}/s and {theirs:10,.0f}/s: {ratio:7.1f} x  (wanted {pair.wanted:g})"


def main() -> None:
    """Measure the pairs that are named, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PAIRS)} (default: all)")
    parser.add_argument("--peer-python", required=True, help="the interpreter that has pyspiel and pgx")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in PAIRS]
    if unknown:
        parser.error(f"unknown pair {unknown[0]!r}: expected of {', '.join(PAIRS)}")
    for name in args.names or PAIRS:
        print(measure(name, args.peer_python, args.rounds), flush=True)


if __name__ == "__main__":
    main()
