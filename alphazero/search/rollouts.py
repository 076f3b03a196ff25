"""Random rollouts of many positions at once, each from its own random numbers."""

import numpy as np
from numba import prange

from alphazero.search.simulate import FIRST, seen_by
from games.bits import copy_state, mix
from games.kernel import borrower, njit


@borrower
def mean_rollout(game, state, scratch, legal, rollouts, seed):
    """Return the mean result of random games from `state` for the player to move in it; its own where it is over."""
    if game.is_over(state):
        return np.float32(seen_by(game.to_move(state), np.float64(game.outcome(state)), FIRST))
    total = np.int64(0)
    for index in range(rollouts):
        copy_state(scratch, state)
        total += game.random_rollout(scratch, legal, mix(seed + np.uint64(index)))
    return np.float32(seen_by(game.to_move(state), np.float64(total) / rollouts, FIRST))


@njit(parallel=True)
def rollout_values(game, states, scratch, legal, rollouts, seed, offset, values):
    """Write the mean results of state_dtype[n] into values float32[n]; scratch state_dtype[n], legal int32[n, A]."""
    for row in prange(values.size):
        stream = mix(mix(seed) + offset + np.uint64(row))
        values[row] = mean_rollout(game, states[row], scratch[row], legal[row], rollouts, stream)
