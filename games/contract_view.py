"""What a position shows from outside, asked once with Python calls and once from compiled code.

Arrays and records that a kernel writes stand between guards, so that a write out of bounds is noticed.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from games.game import njit
from games.protocol import Game

GUARD = 16
SENTINEL = -77


class View(NamedTuple):
    """All that a game says about one position."""

    legal: np.ndarray  # int64[count]
    planes: np.ndarray  # float32[planes, rows, cols]
    over: bool
    outcome: int
    to_move: int
    position_hash: int
    input_hash: int
    truncated: bool

    def shown(self) -> tuple:
        """Return everything that the input hash must determine, as one comparable value."""
        return (self.legal.tobytes(), self.planes.tobytes(), self.over, self.outcome, self.to_move)

    def same(self, other: "View", message: str) -> tuple[bool, str]:
        """Return whether two views agree in everything, and the message with the first thing that differs."""
        for name in self._fields:
            mine, theirs = getattr(self, name), getattr(other, name)
            if not np.array_equal(mine, theirs):
                return False, f"{message}: {name} is {_short(mine)} against {_short(theirs)}"
        return True, ""


def _short(value: Any) -> str:
    text = str(value.tolist() if isinstance(value, np.ndarray) else value)
    return text if len(text) <= 80 else text[:77] + "..."


def byte_copy(states: np.ndarray) -> np.ndarray:
    """Return a copy of records that has their bytes, padding included, which `ndarray.copy` need not keep."""
    return np.frombuffer(bytearray(states.tobytes()), states.dtype)


class Bench:
    """A record with a record on either side of it; `state` is the one in the middle, changed in place."""

    def __init__(self, game: Game):
        self.block = np.zeros(3, game.state_dtype)
        self.state = self.block.view(np.recarray)[1]
        game.reset(self.state)

    def snapshot(self) -> np.ndarray:
        """Return a byte copy of the position, as an array of one record."""
        return byte_copy(self.block[1:2])


def python_view(game: Game, bench: Bench, require: Callable[[bool, str], None]) -> View:
    """Ask a game about the position on the bench, call by call, watching for writes outside the arrays."""
    state = bench.state
    legal = np.full(game.num_actions + 2 * GUARD, SENTINEL, np.int32)
    count = game.legal_actions(state, legal[GUARD:-GUARD])
    require(
        not (legal[:GUARD] - SENTINEL).any() and not (legal[-GUARD:] - SENTINEL).any(),
        "legal_actions wrote outside its array",
    )
    listed = legal[GUARD : GUARD + count].astype(np.int64)
    require(np.array_equal(listed, game.legal(state)), "legal and legal_actions differ")
    shape = (game.planes, *game.board_shape)
    guarded = np.full((game.planes + 2, *game.board_shape), SENTINEL, np.float32)
    planes, again = guarded[1:-1], np.full(shape, -1e30, np.float32)
    planes[:] = np.nan
    game.encode(state, planes)
    require(not (guarded[[0, -1]] - SENTINEL).any(), "encode wrote outside its planes")
    require(bool(np.isfinite(planes).all()), "encode leaves elements unwritten, or writes NaN or infinity")
    game.encode(state, again)
    require(np.array_equal(planes, again), "encode depends on what the planes held before")
    over = game.is_over(state)
    require(isinstance(over, bool | np.bool_), f"is_over returns {over!r}, expected a bool")
    truncated = game.is_truncated(state)
    require(isinstance(truncated, bool | np.bool_), f"is_truncated returns {truncated!r}, expected a bool")
    return View(
        listed,
        planes,
        bool(over),
        int(game.outcome(state)),
        int(game.to_move(state)),
        int(game.position_hash(state)),
        int(game.input_hash(state)),
        bool(truncated),
    )


@njit
def look(game, state, action, legal, planes, facts, hashes):
    """Play an action unless it is negative, then write all that the game says about the position."""
    if action >= 0:
        game.play(state, action)
    facts[0] = game.legal_actions(state, legal)
    facts[1] = game.is_over(state)
    facts[2] = game.outcome(state)
    facts[3] = game.to_move(state)
    facts[4] = game.is_truncated(state)
    game.encode(state, planes)
    hashes[0] = game.position_hash(state)
    hashes[1] = game.input_hash(state)


def compiled_view(game: Game, state: Any, action: int) -> View:
    """Ask a game about a record from compiled code, after playing an action on it in place (-1: none)."""
    legal = np.empty(game.num_actions, np.int32)
    planes = np.full((game.planes, *game.board_shape), np.nan, np.float32)
    facts, hashes = np.zeros(5, np.int64), np.zeros(2, np.uint64)
    look(game, state, np.int64(action), legal, planes, facts, hashes)
    return View(
        legal[: facts[0]].astype(np.int64),
        planes,
        bool(facts[1]),
        int(facts[2]),
        int(facts[3]),
        int(hashes[0]),
        int(hashes[1]),
        bool(facts[4]),
    )
