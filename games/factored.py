"""A game whose moves are chosen part by part, such as from, to, promotion: `Factored(game)` around any game.

The same player then moves several times running. The wrapped game says what its parts are, by the kernels
`num_parts(action)`, `part(action, index)` and `mark_part(index, value, plane)`, by `part_sizes` (how many
values each part can take) and, for people, by `part_name(state, index, value)`. Actions may have different numbers
of parts, but the parts of one legal action must not be the beginning of another's.

Part `index` with value v is action `sum(part_sizes[:index]) + v`, so no two parts share an action.

numba hands tuples of numbers to its threads, but not tuples of tuples. So `Factored(game)` is an instance of a
class of its own for every kind of game, whose fields are those of the wrapped game and the sizes of the parts;
compiled code makes the wrapped game out of them again, by `wrapped_game`.
"""

import collections
import functools
import pkgutil
import re
from typing import Any

import numpy as np
from numba.extending import overload

from games.bits import mix
from games.game import NUM_ARGUMENTS, IllegalAction, game_class, kernel_of, njit
from games.kernel import helper
from games.protocol import Game
from games.symmetry import Symmetries

PART_KERNELS = ("num_parts", "part", "mark_part")
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
CHOSEN = " +"  # in the text of a position, stands before every part that is chosen already


@functools.cache
def _state_dtype(base: np.dtype, num_parts: int) -> np.dtype:
    return np.dtype([("base", base), ("num_chosen", np.int32), ("chosen", np.int32, num_parts)], align=True)


def wrapped_game(factored):
    """Return the game that a `Factored` wraps."""
    kind = type(factored)
    return kind.wrapped(*factored[: len(kind.wrapped._fields)])


def sizes_of(factored) -> tuple[int, ...]:
    """Return how many values each part of a `Factored` can take."""
    return tuple(factored[len(type(factored).wrapped._fields) + 1 :])


@overload(wrapped_game)
def _compile_wrapped_game(factored):
    wrapped = factored.instance_class.wrapped
    count = len(wrapped._fields)
    return lambda factored: wrapped(*factored[:count])


@overload(sizes_of)
def _compile_sizes_of(factored):
    first = len(factored.instance_class.wrapped._fields) + 1
    return lambda factored: factored[first:]


@game_class("factored")
class Factored:
    """A game in which an action is one part of an action of `game`.

    State: base, the position of `game`; num_chosen int32 parts chosen of the coming move (0: a new move
    begins); chosen int32[parts] their values, zero where not chosen. Planes: those of `game`, then one for
    each part but the last, zero while that part is not chosen. Actions: all values of the first part, of the
    second part, and so on.
    """

    __slots__ = ()
    base_actions: int  # actions of the wrapped game

    def __new__(cls, game: Game):
        """Wrap a game; ValueError when it does not say what the parts of its actions are."""
        missing = [name for name in PART_KERNELS if kernel_of(type(game), name) is None]
        missing += [] if hasattr(game, "part_sizes") else ["part_sizes"]
        if missing:
            raise ValueError(f"{game.name} cannot be played in parts: it lacks {', '.join(missing)}")
        whole: Any = game
        kind: Any = type(game)
        sizes = tuple(int(size) for size in whole.part_sizes)
        return _class_for(kind, len(sizes))(*whole, int(whole.num_actions), *sizes)

    def __reduce__(self):
        return Factored, (self.game,)

    def __repr__(self) -> str:
        return f"Factored({self.game!r})"

    game = property(wrapped_game)
    part_sizes = property(sizes_of)
    name = property(lambda self: "factored-" + self.game.name)
    rules = property(lambda self: self.game.rules)
    planes = property(lambda self: self.game.planes + len(self.part_sizes) - 1)
    plane_pairs = property(lambda self: self.game.plane_pairs)
    text_is_complete = property(lambda self: self.game.text_is_complete)
    board_shape = property(lambda self: self.game.board_shape)
    num_actions = property(lambda self: sum(self.part_sizes))
    policy_shape = property(lambda self: (self.num_actions,))
    max_plies = property(lambda self: self.game.max_plies * len(self.part_sizes))
    state_dtype = property(lambda self: _state_dtype(self.game.state_dtype, len(self.part_sizes)))
    symmetries = property(lambda self: _symmetries(self))

    @njit
    def reset(self, state):
        wrapped_game(self).reset(state.base)
        _forget_parts(state)

    @njit
    def legal_actions(self, state, out):
        game = wrapped_game(self)
        legal = np.empty(self.base_actions, np.int32)
        index = state.num_chosen
        size = sizes_of(self)[index]
        offset = _offset(sizes_of(self), index)
        possible = np.zeros(size, np.bool_)
        for number in range(game.legal_actions(state.base, legal)):
            action = np.int64(legal[number])
            if _begins(game, action, state.chosen, index):
                possible[game.part(action, index)] = True
        count = 0
        for value in range(size):
            if possible[value]:
                out[count] = offset + value
                count += 1
        return count

    @njit
    def play(self, state, action):
        game = wrapped_game(self)
        index = state.num_chosen
        state.chosen[index] = action - _offset(sizes_of(self), index)
        state.num_chosen = index + 1
        legal = np.empty(self.base_actions, np.int32)
        for number in range(game.legal_actions(state.base, legal)):
            whole = np.int64(legal[number])
            if game.num_parts(whole) == index + 1 and _begins(game, whole, state.chosen, index + 1):
                game.play(state.base, whole)
                _forget_parts(state)
                return

    @njit
    def is_over(self, state):
        return wrapped_game(self).is_over(state.base)

    @njit
    def outcome(self, state):
        return wrapped_game(self).outcome(state.base)

    @njit
    def to_move(self, state):
        return wrapped_game(self).to_move(state.base)

    @njit
    def is_truncated(self, state):
        return wrapped_game(self).is_truncated(state.base)

    @njit
    def encode(self, state, planes):
        first = planes.shape[0] - len(sizes_of(self)) + 1
        wrapped_game(self).encode(state.base, planes[:first])
        for index in range(planes.shape[0] - first):
            for row in range(planes.shape[1]):
                for col in range(planes.shape[2]):
                    planes[first + index, row, col] = 0.0
            if index < state.num_chosen:
                wrapped_game(self).mark_part(index, np.int64(state.chosen[index]), planes[first + index])

    @njit
    def position_hash(self, state):
        return _hash_parts(wrapped_game(self).position_hash(state.base), state.chosen, state.num_chosen)

    @njit
    def input_hash(self, state):
        return _hash_parts(wrapped_game(self).input_hash(state.base), state.chosen, state.num_chosen)

    def split(self, action: int) -> tuple[int, int]:
        """Return which part an action is, and its value."""
        bounds = np.cumsum(self.part_sizes)
        index = int(np.searchsorted(bounds, action, side="right"))
        return index, int(action - bounds[index] + self.part_sizes[index])

    def action_name(self, state, action: int) -> str:
        """Return the wrapped game's name for this value of this part, or its number if it gives none."""
        index, value = self.split(action)
        return (
            self.game.part_name(state["base"], index, value)
            if hasattr(self.game, "part_name")
            else str(value)
        )

    def parse_action(self, state, text: str) -> int:
        """Read the next part of a move; ValueError if it is none, IllegalAction if no legal move has it."""
        index = int(state["num_chosen"])
        first = sum(self.part_sizes[:index])
        actions = range(first, first + self.part_sizes[index])
        names = {self.action_name(state, action): action for action in actions}
        part = text.strip()
        if part not in names:
            raise ValueError(
                f"cannot read {text!r} as part {index + 1} of a move: expected one of {', '.join(names)}"
            )
        if names[part] not in self.legal(state):
            allowed = ", ".join(self.action_name(state, action) for action in self.legal(state))
            raise IllegalAction(
                f"illegal part {part!r} in {self.state_text(state)!r}: "
                f"expected {allowed or 'nothing, the game is over'}"
            )
        return names[part]

    def _chosen_names(self, state) -> list[str]:
        starts = np.cumsum((0, *self.part_sizes))
        chosen = state["chosen"][: state["num_chosen"]]
        return [self.action_name(state, starts[index] + value) for index, value in enumerate(chosen)]

    def state_text(self, state) -> str:
        """Return the text of the wrapped position, and " +" before each part that is chosen already."""
        return CHOSEN.join([self.game.state_text(state["base"]), *self._chosen_names(state)])

    def parse_state(self, text: str) -> np.record:
        """Read what `state_text` writes; ValueError when the position or a part cannot be."""
        base, *parts = text.strip().split(CHOSEN)
        state = self.initial_state()
        state["base"] = self.game.parse_state(base)
        for part in parts:
            self.play(state, self.parse_action(state, part))
            if state["num_chosen"] == 0:
                raise ValueError(f"cannot read the position {text!r}: its parts make a whole move")
        return state

    def end_reason(self, state) -> str:
        """Return why the wrapped game has ended; nothing while it goes on."""
        return self.game.end_reason(state["base"])

    def render(self, state, view: int = 0) -> str:
        """Return the wrapped board for a terminal, from that side, and, below it, the parts chosen already."""
        chosen = self._chosen_names(state)
        return self.game.render(state["base"], view) + ("\nchosen: " + " ".join(chosen) if chosen else "")


@functools.cache
def _class_for(wrapped: Any, num_parts: int) -> type:
    """Return the class of `Factored` games around games of a class; it is pickled by its name in this module."""
    fields = [f"wrapped_{name}" for name in wrapped._fields]
    fields += ["base_actions", *(f"part_{index}" for index in range(num_parts))]
    base = collections.namedtuple("_Fields", fields)
    kernels = {name: vars(Factored)[name] for name in NUM_ARGUMENTS if name in vars(Factored)}
    where = re.sub(
        r"\W|_", lambda char: f"_{ord(char[0]):x}_", f"{wrapped.__module__}:{wrapped.__qualname__}"
    )
    name = f"Factored{num_parts}_{where}"
    return type(
        name,
        (Factored, base),
        {"__slots__": (), "__new__": base.__new__, "__module__": __name__, "wrapped": wrapped, **kernels},
    )


def __getattr__(name: str) -> type:
    """Return a class that `_class_for` made, by its name; compiled code on disk refers to it so.

    AttributeError when there is none, or when its wrapped game cannot be found.
    """
    parts = re.fullmatch(r"Factored(\d+)_(\w+)", name)
    if not parts:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    where = re.sub(r"_([0-9a-f]+)_", lambda code: chr(int(code[1], 16)), parts[2])
    try:
        return _class_for(pkgutil.resolve_name(where), int(parts[1]))
    except (ImportError, ValueError) as error:
        raise AttributeError(f"cannot find the game {where!r}, which was played in parts: {error}") from error


@helper
def _forget_parts(state):
    """Make a position one in which no part of the coming move is chosen."""
    state.num_chosen = 0
    for index in range(state.chosen.size):
        state.chosen[index] = 0


@helper
def _offset(part_sizes, index):
    """Return the action that is value 0 of a part."""
    offset = 0
    for earlier in range(index):
        offset += part_sizes[earlier]
    return offset


@helper
def _begins(game, action, chosen, count):
    """Whether the first `count` parts of an action of the wrapped game are those chosen, int32[parts]."""
    for index in range(count):
        if game.part(action, index) != chosen[index]:
            return False
    return True


@helper
def _hash_parts(value, chosen, count):
    """Return the hash of a wrapped position together with the parts chosen since."""
    for index in range(count):
        value = mix(value + GOLDEN * np.uint64(chosen[index] + 1))
    return value


@functools.lru_cache(maxsize=None, typed=True)  # games of two classes are equal when their numbers are
def _parts(game: Any) -> np.ndarray:
    """Return int32[num_actions, parts]: the parts of every action of a wrapped game, -1 where it has none."""
    table = np.full((game.num_actions, len(game.part_sizes)), -1, np.int32)
    for action in range(game.num_actions):
        for index in range(game.num_parts(action)):
            table[action, index] = game.part(action, index)
    return table


def _part_map(game: Any, actions: np.ndarray) -> np.ndarray | None:
    """Return int32[sum of sizes], mapping parts as int32[A] maps whole actions; None if it mixes parts."""
    parts, sizes = _parts(game), game.part_sizes
    table, offset = [], 0
    for index, size in enumerate(sizes):
        old = np.full(size, -1, np.int32)
        new, source = parts[:, index], parts[actions, index]
        if ((new < 0) != (source < 0)).any():
            return None
        used = new >= 0
        old[new[used]] = source[used]
        if (old[new[used]] != source[used]).any():
            return None
        spare = np.setdiff1d(np.arange(size), old)
        unused = np.flatnonzero(old < 0)
        if len(spare) != len(unused):
            return None
        old[unused] = spare
        table.append(old + offset)
        offset += size
    return np.concatenate(table)


def _marks(game: Any) -> list[np.ndarray]:
    """Return, for each part but the last, float32[size, rows*cols]: its values, drawn on a plane."""
    marks = [np.zeros((size, *game.board_shape), np.float32) for size in game.part_sizes[:-1]]
    for index, planes in enumerate(marks):
        for value, plane in enumerate(planes):
            game.mark_part(index, value, plane)
    return [planes.reshape(len(planes), -1) for planes in marks]


@functools.lru_cache(maxsize=None, typed=True)
def _symmetries(factored: Factored) -> Symmetries:
    """Return the symmetries of the wrapped game that map part to part, and marked planes to marked planes."""
    game, marks, kept = factored.game, _marks(factored.game), []
    starts = np.cumsum((0, *factored.part_sizes))
    for cells, actions in zip(*game.symmetries, strict=True):
        table = _part_map(game, actions)
        if table is not None and all(
            (planes == planes[table[start : start + len(planes)] - start][:, cells]).all()
            for start, planes in zip(starts, marks, strict=False)
        ):
            kept.append((cells, table))
    return Symmetries(
        np.array([cells for cells, _ in kept], np.int32), np.array([table for _, table in kept], np.int32)
    )
