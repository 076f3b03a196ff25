"""Speed of the rules alone: random moves and rollouts per second on one thread, and the size of a position."""

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

import numpy as np

from alphazero.bench.timing import medians, rates_in_turn, repeated
from games.bits import copy_state, mix, next_seed, random_below
from games.kernel import njit
from games.protocol import Game

ROUND_SECONDS = 0.3
CHUNK = 500


def bench_games(rivals: Sequence[Any], options: Namespace) -> dict[str, Any]:
    """Return, for each game, random rollouts/s, random moves/s (legal moves listed each ply), bytes of a position."""
    return {game.name: _bench_game(game, options.rounds) for game in rivals}


def _bench_game(game: Game, rounds: int) -> dict[str, Any]:
    states, out = np.zeros(2, game.state_dtype), np.zeros(game.num_actions, np.int32)
    game.reset(states[0])
    rivals = {
        "rollouts_per_s": lambda: float(count_rollouts(game, states, out, CHUNK, np.uint64(1))),
        "moves_per_s": lambda: float(count_moves(game, states, out, CHUNK, np.uint64(1))),
    }
    timed = {name: repeated(work, ROUND_SECONDS) for name, work in rivals.items()}
    return {**medians(rates_in_turn(timed, rounds)), "bytes_per_state": game.state_dtype.itemsize}


@njit
def count_rollouts(game, states, out, count, seed):
    """Play `count` random rollouts from states[0]; return their number."""
    total = 0
    for _ in range(count):
        seed = next_seed(seed)
        copy_state(states[1], states[0])
        total += game.random_rollout(states[1], out, mix(seed)) < 2
    return total


@njit
def count_moves(game, states, out, count, seed):
    """Play `count` games move by move, listing the legal actions each time; return the number of moves."""
    total = 0
    for _ in range(count):
        copy_state(states[1], states[0])
        while not game.is_over(states[1]):
            legal = game.legal_actions(states[1], out)
            seed = next_seed(seed)
            game.play(states[1], np.int64(out[random_below(mix(seed), legal)]))
            total += 1
    return total
