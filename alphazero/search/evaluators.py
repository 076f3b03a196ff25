"""What judges a leaf: equal priors, random rollouts, a network, or a weighted mixture of two.

An evaluator takes n positions and returns logits float32[n, A] (only their order among legal actions and their
differences matter) and values float32[n] in [-1, 1] for the player to move. It says whether it needs the planes,
whether the same position always gets the same answer (only then may it be cached), and, when it is one that
compiled code can compute itself, how many rollouts a leaf takes.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numba import prange

from alphazero.search.simulate import FIRST, seen_by
from games.bits import copy_state, mix
from games.kernel import helper, njit
from games.options import check_seed


class Evaluator(Protocol):
    """Judges positions in batches."""

    @property
    def needs_planes(self) -> bool:
        """Whether the planes are read at all."""
        ...

    @property
    def cacheable(self) -> bool:
        """Whether the answer is a function of the position alone."""
        ...

    @property
    def rollouts(self) -> int | None:
        """Not None: compiled code runs whole searches, with that many rollouts a leaf."""
        ...

    def evaluate(self, states: np.ndarray, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return logits float32[n, A] and values float32[n] of states [n] with planes float32[n, P, H, W]."""
        ...


class UniformEvaluator:
    """Equal priors and the value 0: a search that knows nothing but the rules."""

    needs_planes, cacheable, rollouts = False, True, 0

    def __init__(self, game: Any):
        self.game = game

    def evaluate(self, states: np.ndarray, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return zeros."""
        return np.zeros((len(states), self.game.num_actions), np.float32), np.zeros(len(states), np.float32)


class RolloutEvaluator:
    """Equal priors and the mean result of so many random rollouts."""

    needs_planes, cacheable = False, False

    def __init__(self, game: Any, rollouts: int = 1, seed: int = 0):
        if rollouts < 1:
            raise ValueError(f"rollouts={rollouts}: expected at least 1")
        self.game, self.rollouts, self._seed = game, rollouts, np.uint64(check_seed(seed))
        self._evaluated = 0

    def evaluate(self, states: np.ndarray, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return zeros and the means, from random numbers that depend on how many positions came before."""
        n = len(states)
        values = np.empty(n, np.float32)
        legal = np.empty((n, self.game.num_actions), np.int32)
        _rollout_values(
            self.game,
            states,
            states.copy(),
            legal,
            self.rollouts,
            self._seed,
            np.uint64(self._evaluated),
            values,
        )
        self._evaluated += n
        return np.zeros((n, self.game.num_actions), np.float32), values


class NetworkEvaluator:
    """Logits and values of a network, through any callable planes -> (logits, values)."""

    needs_planes, cacheable, rollouts = True, True, None

    def __init__(self, inference: Any):
        self.inference = inference

    def evaluate(self, states: np.ndarray, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what the network says."""
        return self.inference(planes)

    def submit(self, states: np.ndarray, planes: np.ndarray) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
        """Start `evaluate` where the network can work in the background; return what waits for its result."""
        if not hasattr(self.inference, "submit"):
            result = self.inference(planes)
            return lambda: result
        return self.inference.submit(planes).result


class MixtureEvaluator:
    """Logits of the first evaluator, values (1 - weight) * first + weight * second (AlphaGo: weight 0.5)."""

    rollouts = None

    def __init__(self, first: Evaluator, second: Evaluator, weight: float = 0.5):
        if not 0.0 <= weight <= 1.0:
            raise ValueError(f"mixture weight {weight}: expected a number from 0 to 1")
        self.first, self.second, self.weight = first, second, weight
        self.needs_planes = first.needs_planes or second.needs_planes
        self.cacheable = first.cacheable and second.cacheable

    def evaluate(self, states: np.ndarray, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the first's logits and the mixed values."""
        logits, values = self.first.evaluate(states, planes)
        other = self.second.evaluate(states, planes)[1]
        return logits, ((1.0 - self.weight) * values + self.weight * other).astype(np.float32)


@helper
def _mean_rollout(game, state, scratch, legal, rollouts, seed):
    if game.is_over(state):
        return np.float32(seen_by(game.to_move(state), np.float64(game.outcome(state)), FIRST))
    total = np.int64(0)
    for index in range(rollouts):
        copy_state(scratch, state)
        total += game.random_rollout(scratch, legal, mix(seed + np.uint64(index)))
    return np.float32(seen_by(game.to_move(state), np.float64(total) / rollouts, FIRST))


@njit(parallel=True)
def _rollout_values(game, states, scratch, legal, rollouts, seed, offset, values):
    for row in prange(values.size):
        stream = mix(mix(seed) + offset + np.uint64(row))
        values[row] = _mean_rollout(game, states[row], scratch[row], legal[row], rollouts, stream)
