"""The contract that every game fulfils, and the dispatch that lets compiled code call a game as Python does.

A game is a NamedTuple of its rule parameters (numbers only, never a position) decorated with `game_class`.
A position is one record of `game.state_dtype`; many positions are an array of them. In every kernel `self` is
the NamedTuple and `state` the record, changed in place where the name says so. Values and outcomes:

=====================================  ================================================================
kernel (compiled)                      does
=====================================  ================================================================
``reset(state)``                       make `state` the starting position
``legal_actions(state, out) -> n``     write the legal actions, ascending, into out int32[num_actions]
``play(state, action)``                play one action; in compiled code nothing is checked
``is_over(state) -> bool``             whether the game has ended
``outcome(state) -> int``              result for the FIRST player: 1, 0 or -1 (0 also while not over)
``to_move(state) -> int``              0 when the first player is to move, 1 when the second is
``is_truncated(state) -> bool``        optional, for games that are cut: whether this one is over only because it
                                       reached its longest length, so that its outcome is no result like others
``encode(state, planes)``              write planes float32[planes, rows, cols], seen by the player to move
``position_hash(state) -> uint64``     what repetition rules compare: board and player to move
``input_hash(state) -> uint64``        everything that legality, outcome and encoding depend on
``random_rollout(state, out, seed)``   play uniformly random actions to the end and return the outcome;
                                       out int32[num_actions] is scratch, seed a uint64; the decorator
                                       supplies it, a game may bring a faster one, or, where it says
                                       `rollout_is_uniform = False`, one that avoids foolish moves
``num_parts(action) -> int``           optional, for `games.factored`: how many parts the action has
``part(action, index) -> int``         optional: the value of one part of an action
``mark_part(index, value, plane)``     optional: draw a chosen part on float32[rows, cols]
=====================================  ================================================================

A record that a rollout has run on is scratch afterwards: only the outcome counts.

Plain Python: the class attributes or properties `planes`, `board_shape`, `num_actions`, `policy_shape`,
`max_plies` (actions, from the start), `state_dtype`, and the methods `action_name` and `state_text`. The
decorator adds `name`, `initial_state` and `legal`, and unless the class has its own `symmetries` (the
identity alone), `parse_action` (the legal action of that name), `parse_state` (refuses every text), `render(state,
view)` (the lines of `state_text`, which a "/" ends; view 0 or 1 is the player from whose side the board is seen, where
that makes a difference), `end_reason` (why a finished game ended, in words) and `rules` (the fields).
Optional: `rule_bounds` (field -> lowest and highest value, for games from outside), `plane_pairs` (pairs of
planes, own and other, that change places when the turn passes; `games.contract` checks them; none by default),
`text_is_complete` (False where `state_text` leaves out history), `part_sizes` and `part_name(state, index, value)`
(for `games.factored`). As types, for who uses games: `games.protocol`.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.core.dispatcher import Dispatcher
from numba.extending import overload_method

from games.bits import copy_state, mix, next_seed, random_below
from games.kernel import njit
from games.symmetry import identity_alone

__all__ = ["FIRST", "SECOND", "IllegalAction", "copy_state", "game_class", "njit"]

FIRST, SECOND = 0, 1

REQUIRED_KERNELS = (
    "reset",
    "legal_actions",
    "play",
    "is_over",
    "outcome",
    "to_move",
    "encode",
    "position_hash",
    "input_hash",
)
REQUIRED_ATTRIBUTES = (
    "planes",
    "board_shape",
    "num_actions",
    "policy_shape",
    "max_plies",
    "state_dtype",
    "action_name",
    "state_text",
)


class IllegalAction(ValueError):
    """An action that the rules do not allow in the position it was given for."""


class PositionsNotRead(NotImplementedError, ValueError):
    """A game cannot read positions from text."""


class _CheckedPlay:
    """`game.play` as Python sees it: refuses what the rules do not allow, then calls the kernel."""

    def __init__(self, kernel: Dispatcher):
        self.kernel = kernel
        functools.update_wrapper(self, kernel.py_func)  # type: ignore[arg-type]

    def __get__(self, game, owner=None):
        return self if game is None else functools.partial(self._play, game)

    def _play(self, game, state, action: int) -> None:
        if action not in game.legal(state):
            raise IllegalAction(
                f"illegal action {action!r} in {game.name} position {game.state_text(state)!r}: "
                f"expected one of {game.legal(state).tolist()}"
            )
        self.kernel(game, state, np.int64(action))


@njit
def plain_rollout(self, state, out, seed):
    """Play uniformly random legal actions on `state` to the end; return the outcome for the first player."""
    while not self.is_over(state):
        count = self.legal_actions(state, out)
        seed = next_seed(seed)
        self.play(state, np.int64(out[random_below(mix(seed), count)]))
    return self.outcome(state)


def initial_state(self) -> np.record:
    """Return a new record of `state_dtype` that holds the starting position."""
    state = np.zeros(1, self.state_dtype).view(np.recarray)[0]
    self.reset(state)
    return state


def legal(self, state) -> np.ndarray:
    """Return the legal actions of a position, ascending, int64[count]; none when the game is over."""
    out = np.empty(self.num_actions, np.int32)
    return out[: self.legal_actions(state, out)].astype(np.int64)


def parse_action(self, state, text: str) -> int:
    """Return the legal action that has this name; ValueError when none has."""
    names = {self.action_name(state, action): int(action) for action in self.legal(state)}
    if text.strip() not in names:
        raise ValueError(
            f"illegal move {text.strip()!r} in {self.state_text(state)!r}: "
            f"expected {', '.join(names) or 'nothing, the game is over'}"
        )
    return names[text.strip()]


def parse_state(self, text: str) -> np.record:
    """Refuse to read a position."""
    raise PositionsNotRead(f"{self.name} cannot read positions such as {text!r}: play its moves instead")


@njit
def never_truncated(self, state):
    """Say that the game was not cut: it always ends by its rules."""
    return False


def end_reason(self, state) -> str:
    """Return why a game has ended, in words, as far as that can be said of any game; nothing while it goes on."""
    if not self.is_over(state):
        return ""
    return f"the longest game, {self.max_plies} plies" if self.is_truncated(state) else "no move is left"


def render(self, state, view: int = 0) -> str:
    """Return the text of the position, one line for each row, whatever `view` is."""
    return self.state_text(state).replace("/", "\n")


def _without_view(draw: Callable[..., str]) -> Callable[..., str]:
    """Return a `render(self, state)` as one that takes the side to be seen from, and does not mind."""

    def render(self, state, view: int = 0) -> str:
        return draw(self, state)

    render.__doc__ = draw.__doc__
    return render


DEFAULTS = {
    "initial_state": initial_state, "legal": legal, "parse_action": parse_action, "parse_state": parse_state,
    "render": render, "end_reason": end_reason, "is_truncated": never_truncated, "random_rollout": plain_rollout,
    "rules": property(lambda self: self._asdict()),
    "symmetries": property(lambda self: identity_alone(self.board_shape, self.num_actions)),
    "plane_pairs": (), "text_is_complete": True, "rollout_is_uniform": True,
}  # fmt: skip


def game_class(name: str) -> Callable[[Any], Any]:
    """Return a decorator that makes a NamedTuple of rules a game called `name`; TypeError if parts miss."""

    def decorate(cls: Any):
        missing = [part for part in REQUIRED_KERNELS if not isinstance(cls.__dict__.get(part), Dispatcher)]
        missing += [part for part in REQUIRED_ATTRIBUTES if not hasattr(cls, part)]
        if missing:
            raise TypeError(f"game {cls.__name__} lacks {', '.join(missing)} (kernels need @njit)")
        if "name" not in cls.__dict__:
            cls.name = name
        cls.play = _CheckedPlay(cls.play)
        if "render" in cls.__dict__ and "view" not in inspect.signature(cls.render).parameters:
            cls.render = _without_view(cls.render)
        for part, default in DEFAULTS.items():
            if part not in cls.__dict__:
                setattr(cls, part, default)
        return cls

    return decorate


def kernel_of(cls: type, name: str) -> Dispatcher | None:
    """Return the compiled function behind a method of a game class, or None when there is none."""
    method = cls.__dict__.get(name)
    if isinstance(method, _CheckedPlay):
        return method.kernel
    return method if isinstance(method, Dispatcher) else None


def _dispatch(name: str, num_arguments: int) -> None:
    """Let compiled code call `game.<name>(...)` on any NamedTuple whose class has such a kernel."""

    def named(call):
        """Give each kernel's call a name of its own, by which machine code of several processes is linked."""
        call.__qualname__ = f"_dispatch.{name}"
        return call

    def resolve_0(game):
        kernel = kernel_of(game.instance_class, name)
        return kernel and named(lambda game: kernel(game))

    def resolve_1(game, first):
        kernel = kernel_of(game.instance_class, name)
        return kernel and named(lambda game, first: kernel(game, first))

    def resolve_2(game, first, second):
        kernel = kernel_of(game.instance_class, name)
        return kernel and named(lambda game, first, second: kernel(game, first, second))

    def resolve_3(game, first, second, third):
        kernel = kernel_of(game.instance_class, name)
        return kernel and named(lambda game, first, second, third: kernel(game, first, second, third))

    resolver = (resolve_0, resolve_1, resolve_2, resolve_3)[num_arguments]
    for kind in (types.NamedTuple, types.NamedUniTuple):
        overload_method(kind, name)(resolver)


NUM_ARGUMENTS = {
    "reset": 1,
    "legal_actions": 2,
    "play": 2,
    "is_over": 1,
    "outcome": 1,
    "to_move": 1,
    "is_truncated": 1,
    "encode": 2,
    "position_hash": 1,
    "input_hash": 1,
    "random_rollout": 3,
    "num_parts": 1,
    "part": 2,
    "mark_part": 3,
}
for _name, _count in NUM_ARGUMENTS.items():
    _dispatch(_name, _count)
