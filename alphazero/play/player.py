"""What a player is: it is shown turns of many games at once and answers with a decision for each.

Knows no kind of player and no way to make one; that is `alphazero.arena`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from games import Game
from games.options import check_seed

__all__ = ["Decisions", "Player", "Turns", "as_positions"]


class Turns(NamedTuple):
    """n turns, none of a game that is over, each for whoever is to move in its position."""

    states: np.ndarray  # state_dtype[n]
    game_ids: np.ndarray  # int64[n], which game: the same number in every call until `new_games`
    moves: Sequence[
        Sequence[int]
    ]  # n lists of actions: the game so far from its start, as far as it is known
    seconds: np.ndarray  # float64[n], left on the clock of the player to move; inf where there is no clock

    @classmethod
    def of(cls, states: np.ndarray) -> Turns:
        """Return turns in positions [n] of which nothing else is known: games 0, ..., n - 1, no clock."""
        n = len(states)
        return cls(states, np.arange(n, dtype=np.int64), [()] * n, np.full(n, np.inf))


class Decisions(NamedTuple):
    """What a player decided in n turns, and what it thought where it has such thoughts."""

    actions: np.ndarray  # int64[n], legal
    log_probs: np.ndarray | None = None  # float64[n], of the actions as the player drew them
    values: np.ndarray | None = None  # float32[n] in [-1, 1], what the player to move can expect
    policies: np.ndarray | None = None  # float32[n, A], how good the actions are by share; rows sum to 1


class Player(ABC):
    """Whatever can choose a move in positions of one game.

    `rng` is the player's only source of chance: the same seed and the same calls give the same moves. Whoever makes a
    player closes it in every case, by `close` or as in `with make_player(...) as player`. ValueError for a seed that is
    not 0 <= seed < 2**63.
    """

    def __init__(self, game: Game, name: str, seed: int = 0):
        self.game = game
        self.name = name
        self.seed = check_seed(seed)
        self.rng = np.random.default_rng(self.seed)

    @abstractmethod
    def decide(self, turns: Turns) -> Decisions:
        """Return one legal action for each turn, with log-probabilities, values and policies where it has them.

        Positions and moves are not changed. ValueError when the player cannot answer.
        """

    def choose(self, states: np.ndarray) -> np.ndarray:
        """Return one legal action for each position that is not over: state_dtype[n] -> int64[n].

        The positions need not belong to the same games as in the last call; they are not changed.
        """
        return self.decide(Turns.of(states)).actions

    def new_games(self, seed: int = 0) -> None:
        """Forget all earlier games and start the generator anew from the player's own seed and this one."""
        self.rng = np.random.default_rng([self.seed, check_seed(seed)])

    def close(self) -> None:  # noqa: B027  (most players hold nothing that must be given back)
        """Give back what the player holds, such as another program; it plays no more. Twice is as good as once."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def as_positions(game: Game, states: np.ndarray) -> np.ndarray:
    """Return a contiguous, writable array [n] of game.state_dtype; ValueError for anything else."""
    array = np.asarray(states)
    if array.ndim != 1 or array.dtype != game.state_dtype:
        raise ValueError(
            f"expected an array [n] of positions of {game.name}, got shape {list(array.shape)} of "
            f"{'another record' if array.dtype.names else array.dtype}; use np.array([state])"
        )
    return np.require(array.view(game.state_dtype), requirements=["C", "W"])
