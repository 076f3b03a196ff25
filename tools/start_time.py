"""Seconds until the rules of a game are ready in a new process: compiled from nothing, and read from the cache.

    python tools/start_time.py chess go:size=19        (default: every game)

A process imports the package, makes the game and calls every kernel of its rules once. The cache is in a folder of its
own, empty at first.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import games

ROOT = Path(__file__).resolve().parent.parent
WORK = """
import sys, time
start = time.perf_counter()
import numpy as np, games
game = games.parse(sys.argv[1])
state = game.initial_state()
game.play(state, game.legal(state)[0])
game.is_over(state), game.outcome(state), game.to_move(state), game.position_hash(state), game.input_hash(state)
game.encode(state, np.zeros((game.planes, *game.board_shape), np.float32))
game.random_rollout(state, np.zeros(game.num_actions, np.int32), np.uint64(1))
print(time.perf_counter() - start)
"""


def seconds(game: str, folder: str) -> float:
    """Return what one new process takes, its compiled code kept in a folder."""
    environment = {**os.environ, "XDG_CACHE_HOME": folder, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", WORK, game], env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main() -> None:
    """Measure the games that are named, or all."""
    for game in sys.argv[1:] or games.names():
        games.parse(game)
        with tempfile.TemporaryDirectory() as folder:
            cold, cached = seconds(game, folder), min(seconds(game, folder) for _ in range(3))
        print(f"{game:16} compiled {cold:5.2f} s, cached {cached:5.2f} s", flush=True)


if __name__ == "__main__":
    main()
