"""What a search and the players ask of a network: an oracle, of which they know no more than this. No torch.

Notation: n positions, P planes, H rows, W columns, A actions of the game.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import numpy as np

Answers = tuple[np.ndarray, np.ndarray]  # logits float32[n, A], values float32[n]
Judge = TypeVar("Judge")


class NetworkError(ValueError):
    """A network that cannot be used: NaN or infinite weights or answers, or a head that it lacks. One line, named."""


class Oracle(Protocol):
    """A network as those see it that ask it: planes in, logits and values out.

    A class of one's own may inherit from this and get the attributes below, those of a network with both heads. One
    thread may use it at a time; a method `twin()`, where it has one, makes another with the same answers for another
    thread.
    """

    name: str = "the network"  # what messages call it: its file, where it has one
    batch_size: int = 64  # rows that it likes to get at once; it takes any number
    has_policy: bool = True  # whether its logits mean anything; NaN where it has no policy head
    has_value: bool = True  # whether its values do; NaN where it has no value head

    def __call__(self, planes: np.ndarray) -> Answers:
        """Return (logits float32[n, A], values float32[n]) of planes float32[n, P, H, W].

        Planes are a position as the player to move in it sees it. Logits: not masked, of all actions; the policy is
        their softmax over the legal ones. Values: the expected result in [-1, 1] for the player to move.
        """
        ...


class TwoNetworks(Oracle):
    """One oracle of two: the policy of one network and the value of another, or the mean of both values.

    weight: how much the second network's value counts; the rest is the first's. 1: the second's alone (AlphaGo's
    policy network and value network). Raises NetworkError when a network lacks what it is asked for.
    """

    def __init__(self, policy: Oracle, value: Oracle, weight: float = 1.0):
        if not 0.0 <= weight <= 1.0:
            raise ValueError(
                f"weight {weight!r} of the second network's value: expected a number from 0 to 1"
            )
        require_heads(policy, policy=True, value=weight < 1.0)
        require_heads(value, value=weight > 0.0)
        self.policy, self.value, self.weight = policy, value, weight
        self.name = f"{policy.name} and {value.name}"
        self.batch_size = min(policy.batch_size, value.batch_size)

    def __call__(self, planes: np.ndarray) -> Answers:
        """Return the first network's logits float32[n, A] and the weighted values float32[n]."""
        return self._joined(self.policy(planes), self.value(planes))

    def submit(self, planes: np.ndarray) -> "Pending":
        """Start both evaluations where they can run in the background."""
        first, second = start(self.policy, planes), start(self.value, planes)
        return Pending(lambda: self._joined(first(), second()))

    def twin(self) -> "TwoNetworks | None":
        """Return one of twins of both networks; None where one of them has none."""
        policy, value = twin_of(self.policy), twin_of(self.value)
        return None if policy is None or value is None else TwoNetworks(policy, value, self.weight)

    def _joined(self, first: Answers, second: Answers) -> Answers:
        (logits, values), other = first, second[1]
        if self.weight == 1.0:  # the first may have no values at all
            return logits, other
        if self.weight == 0.0:
            return logits, values
        return logits, ((1.0 - self.weight) * values + self.weight * other).astype(np.float32)


class Pending:
    """Answers that are under way; `result()` waits for them."""

    def __init__(self, collect: Callable[[], Answers]):
        self._collect: Callable[[], Answers] | None = collect
        self._result: Answers | None = None

    def result(self) -> Answers:
        """Return (logits float32[n, A], values float32[n]); the same arrays on every call."""
        if self._collect is not None:
            self._result, self._collect = self._collect(), None
        assert self._result is not None
        return self._result


def start(oracle: Oracle, planes: np.ndarray) -> Callable[[], Answers]:
    """Begin to evaluate planes, in the background where the oracle has `submit`; return what waits for the answers."""
    submit: Any = getattr(oracle, "submit", None)
    if submit is not None:
        return submit(planes).result
    answers = oracle(planes)
    return lambda: answers


def twin_of(judge: Judge) -> Judge | None:
    """Return an oracle, or an evaluator, with the same answers for another thread; None where it cannot make one."""
    twin: Any = getattr(judge, "twin", None)
    return None if twin is None else twin()


def require_heads(oracle: Oracle, *, policy: bool = False, value: bool = False) -> None:
    """Raise NetworkError, one line that names the network, when it lacks a head that is needed."""
    for needed, given, head in ((policy, oracle.has_policy, "policy"), (value, oracle.has_value, "value")):
        if needed and not given:
            raise NetworkError(
                f'{oracle.name}: a network without a {head} head (network.{head}_head="none"), which is needed here: '
                "give one that has it"
            )


def require_finite(name: str, answers: np.ndarray) -> None:
    """Raise `not_finite` unless every number of an array is one; illegal actions' logits are nobody's concern."""
    if not np.isfinite(answers).all():
        raise not_finite(name)


def not_finite(name: str) -> NetworkError:
    """Return the error for a network, or whatever `name` is, whose answer to a position is NaN or infinite."""
    return NetworkError(
        f"{name}: answers NaN or infinity for a position, so nothing can be made of it: its weights are damaged "
        "or too large; use another model, or train it again with a smaller training.learning_rate"
    )
