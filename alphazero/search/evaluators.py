"""What judges a leaf: equal priors, random rollouts, a network, or a weighted mixture of two.

An evaluator takes n positions and returns logits float32[n, A] (only their differences among legal actions matter)
and values float32[n] in [-1, 1] for the player to move. It says whether it needs the planes and the states,
whether the same position always gets the same answer (only then may it be cached), and, when it is one that
compiled code can compute itself, how many rollouts a leaf takes.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from alphazero.search.oracle import Answers, Oracle, require_heads, start, twin_of
from alphazero.search.rollouts import rollout_values
from games import Game
from games.options import check_seed


class Evaluator(Protocol):
    """Judges positions in batches.

    Of n positions of a game with A actions it returns logits float32[n, A], whose softmax over the legal actions is the
    policy, and values float32[n], the expected result in [-1, 1] for the player to move in each position.

    One thread may use an evaluator at a time. One that may have a `twin()`, an evaluator with the same answers for
    another thread, has a method of this name, which returns None where there is none after all. One that does not look
    at the states may say so by `needs_states = False`; copies of large ones take time.
    """

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

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
        """Not None: compiled code runs whole searches, with that many rollouts a leaf; 0: equal priors, the value 0."""
        ...

    def evaluate(self, states: np.ndarray, planes: np.ndarray) -> Answers:
        """Return logits float32[n, A] and values float32[n] for the players to move.

        states: state_dtype[n], any n of them where `needs_states` is False; planes: float32[n, P, H, W], their
        encodings, or anything where `needs_planes` is False. Both may change after the next search step.
        """
        ...


class UniformEvaluator:
    """Equal priors and the value 0: a search that knows nothing but the rules."""

    name, needs_planes, needs_states, cacheable = "equal priors", False, False, True
    rollouts: int | None = 0

    def __init__(self, game: Game):
        self.game = game

    def twin(self) -> "UniformEvaluator":
        """Return itself: nothing in it changes."""
        return self

    def evaluate(self, states: np.ndarray, planes: np.ndarray) -> Answers:
        """Return zeros."""
        return np.zeros((len(states), self.game.num_actions), np.float32), np.zeros(len(states), np.float32)


class RolloutEvaluator:
    """Equal priors, and as value the mean result for the player to move of `rollouts` random games from there."""

    name, needs_planes, cacheable = "random rollouts", False, False

    def __init__(self, game: Game, rollouts: int = 1, seed: int = 0):
        if rollouts < 1:
            raise ValueError(f"rollouts={rollouts}: expected at least 1")
        self.game, self.rollouts, self._seed = game, rollouts, np.uint64(check_seed(seed))
        self._evaluated = 0

    def twin(self) -> "RolloutEvaluator":
        """Return one from the same seed; searches whose rollouts compiled code plays do not ask it."""
        return RolloutEvaluator(self.game, self.rollouts, int(self._seed))

    def evaluate(self, states: np.ndarray, planes: np.ndarray) -> Answers:
        """Return zeros and the means, from random numbers that depend on how many positions came before."""
        n = len(states)
        values = np.empty(n, np.float32)
        legal = np.empty((n, self.game.num_actions), np.int32)
        rollout_values(
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
    """Logits float32[n, A] and values float32[n], for the players to move, of a network with both heads.

    `alphazero.load_evaluator` makes one of a model's file. oracle: a network as an `Oracle`, such as an `Inference`.
    Raises NetworkError when it has no policy or no value: `TwoNetworks` makes one oracle of two networks.
    """

    needs_planes, needs_states, cacheable, rollouts = True, False, True, None

    def __init__(self, oracle: Oracle):
        require_heads(oracle, policy=True, value=True)
        self.oracle = oracle

    @property
    def name(self) -> str:
        """What messages call the network."""
        return self.oracle.name

    def evaluate(self, states: np.ndarray, planes: np.ndarray) -> Answers:
        """Return what the network says of planes float32[n, P, H, W]; the states are not looked at."""
        return self.oracle(planes)

    def submit(self, states: np.ndarray, planes: np.ndarray) -> Callable[[], Answers]:
        """Start `evaluate` where the network can work in the background; return what waits for its result."""
        return start(self.oracle, planes)

    def twin(self) -> "NetworkEvaluator | None":
        """Return one that asks a twin of the network; None where that has none."""
        oracle = twin_of(self.oracle)
        return None if oracle is None else NetworkEvaluator(oracle)


class MixtureEvaluator:
    """Logits of the first evaluator, values (1 - weight) * first + weight * second (AlphaGo: weight 0.5)."""

    rollouts = None

    def __init__(self, first: Evaluator, second: Evaluator, weight: float = 0.5):
        if not 0.0 <= weight <= 1.0:
            raise ValueError(f"mixture weight {weight}: expected a number from 0 to 1")
        self.first, self.second, self.weight = first, second, weight
        self.needs_planes = first.needs_planes or second.needs_planes
        self.needs_states = any(getattr(one, "needs_states", True) for one in (first, second))
        self.cacheable = first.cacheable and second.cacheable

    @property
    def name(self) -> str:
        """What messages call both."""
        return f"{self.first.name} and {self.second.name}"

    def evaluate(self, states: np.ndarray, planes: np.ndarray) -> Answers:
        """Return the first's logits and the mixed values."""
        logits, values = self.first.evaluate(states, planes)
        other = self.second.evaluate(states, planes)[1]
        return logits, ((1.0 - self.weight) * values + self.weight * other).astype(np.float32)
