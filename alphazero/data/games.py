"""Finished games as arrays: what self-play writes, what the replay window holds, what `load_games` reads back.

Games are kept, not planes: starting position, actions, result, and labels such as what a search found. Planes are
rebuilt when a batch is drawn.
"""

import enum
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from alphazero.data.labels import (
    COLUMNS,
    Column,
    Labels,
    Row,
    SearchLabels,
    label_arrays,
    make_labels,
)
from games.protocol import Game


class End(enum.IntEnum):
    """Why a game ended."""

    RULES = 0  # as the game's rules say
    RESIGNED = 1  # the player to move gave up
    TRUNCATED = 2  # cut at its longest length, which says little of who would have won
    TIME = 3  # a player's time ran out
    FAULT = 4  # a player could not go on


class Openings(NamedTuple):
    """How the starts of G games came about: by plies from the game's initial position, k in all, one after another."""

    plies: np.ndarray  # int32[G], -1 where it is not known
    actions: np.ndarray  # int32[k], those of all games that are known


class Games(NamedTuple):
    """G games with n plies in all, one after another, and their labels."""

    starts: np.ndarray  # state_dtype[G], the position that the game began from
    lengths: np.ndarray  # int32[G], plies
    outcomes: np.ndarray  # int8[G], for the first player: 1, 0 or -1
    ends: np.ndarray  # int8[G], an `End`
    actions: np.ndarray  # int32[n]
    labels: Labels  # None: moves and results alone
    openings: Openings | None = None  # None: not known of any game

    @property
    def num_games(self) -> int:
        """Number of games."""
        return len(self.lengths)

    @property
    def num_positions(self) -> int:
        """Number of plies, each of them a position in which a player chose."""
        return len(self.actions)


CORE = {
    "lengths": Column(np.int32, Row.GAME),
    "outcomes": Column(np.int8, Row.GAME),
    "ends": Column(np.int8, Row.GAME),
    "actions": Column(np.int32, Row.PLY),
}
OPENING = {"opening_plies": Column(np.int32, Row.GAME), "opening_actions": Column(np.int32, Row.OPENING)}


def no_games(game: Game, labels: type = SearchLabels) -> Games:
    """Return an empty collection for a game, with labels of a kind (`type(None)`: without)."""
    columns = CORE | OPENING | COLUMNS[labels]
    arrays = {name: column.empty() for name, column in columns.items()}
    return from_arrays(arrays | {"starts": np.zeros(0, game.state_dtype)}, labels)


def columns_of(labels: type) -> dict[str, Column]:
    """Return what each array of games with labels of a kind is, starts left out."""
    return CORE | OPENING | COLUMNS[labels]


def arrays_of(games: Games) -> dict[str, np.ndarray]:
    """Return all arrays of a collection by name, those of openings and labels among them."""
    core = {name: getattr(games, name) for name in ("starts", *CORE)}
    plies, actions = games.openings or unknown_openings(games.num_games)
    return core | {"opening_plies": plies, "opening_actions": actions} | label_arrays(games.labels)


def from_arrays(arrays: dict[str, np.ndarray], labels: type) -> Games:
    """Return what `arrays_of` took apart, with labels of a kind; KeyError when an array is missing."""
    core = {name: arrays[name] for name in ("starts", *CORE)}
    openings = Openings(arrays["opening_plies"], arrays["opening_actions"])
    return Games(**core, labels=make_labels(labels, arrays), openings=openings)


def unknown_openings(num_games: int) -> Openings:
    """Return openings that say of no game how its start came about."""
    return Openings(np.full(num_games, -1, np.int32), np.zeros(0, np.int32))


def bounds(counts: np.ndarray) -> np.ndarray:
    """Return int64[len(counts) + 1]: where what each has so many of begins, one after another; below 0 counts as 0."""
    return np.concatenate([[0], np.cumsum(np.maximum(counts, 0), dtype=np.int64)])


def join(parts: Iterable[Games]) -> Games:
    """Return all games of the parts, in order; ValueError when there are no parts, or labels of several kinds.

    Equal games become equal bytes: see `without_padding`. The labels of a part without games do not count.
    """
    parts = list(parts)
    if not parts:
        raise ValueError("no games to join")
    parts = [part for part in parts if part.num_games] or parts[:1]
    kinds = {type(part.labels) for part in parts}
    if len(kinds) > 1:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise ValueError(f"games with different labels cannot be joined: {names}")
    taken = [arrays_of(part) for part in parts]
    whole = {name: np.concatenate([arrays[name] for arrays in taken]) for name in taken[0]}
    whole["starts"] = without_padding(whole["starts"])
    return from_arrays(whole, kinds.pop())


def without_padding(states: np.ndarray) -> np.ndarray:
    """Return a copy of the records [n] with zeros between their fields.

    NumPy copies records field by field and leaves there what the memory held before.
    """
    used = np.zeros(states.dtype.itemsize, np.bool_)
    _mark_fields(states.dtype, used)
    rows = np.frombuffer(bytearray(states.tobytes()), np.uint8).reshape(len(states), len(used))
    rows[:, ~used] = 0
    return rows.reshape(-1).view(states.dtype)


def _mark_fields(kind: np.dtype, used: np.ndarray) -> None:
    if kind.subdtype is not None:
        item = kind.subdtype[0]
        for start in range(0, kind.itemsize, item.itemsize):
            _mark_fields(item, used[start : start + item.itemsize])
    elif kind.fields is not None:
        for field, offset, *_ in kind.fields.values():
            _mark_fields(field, used[offset : offset + field.itemsize])
    else:
        used[:] = True


def select(games: Games, first: int, last: int) -> Games:
    """Return the games first, ..., last - 1."""
    arrays, kind = arrays_of(games), type(games.labels)
    plies, openings = bounds(games.lengths), bounds(arrays["opening_plies"])
    cuts = {
        Row.GAME: slice(first, last),
        Row.PLY: slice(plies[first], plies[last]),
        Row.OPENING: slice(openings[first], openings[last]),
    }
    if "counts" in arrays:
        entries = bounds(arrays["counts"])
        cuts[Row.ENTRY] = slice(entries[plies[first]], entries[plies[last]])
    chosen = {name: arrays[name][cuts[column.row]] for name, column in columns_of(kind).items()}
    return from_arrays(chosen | {"starts": games.starts[first:last]}, kind)


def take(games: Games, numbers: np.ndarray) -> Games:
    """Return the games of these numbers int64[k], in this order."""
    arrays, kind = arrays_of(games), type(games.labels)
    rows = {Row.GAME: numbers, Row.PLY: _rows(games.lengths, numbers)}
    rows[Row.OPENING] = _rows(np.maximum(arrays["opening_plies"], 0), numbers)
    if "counts" in arrays:
        rows[Row.ENTRY] = _rows(arrays["counts"], rows[Row.PLY])
    chosen = {name: arrays[name][rows[column.row]] for name, column in columns_of(kind).items()}
    return from_arrays(chosen | {"starts": games.starts[numbers]}, kind)


def _rows(counts: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Return the rows int64[m] of those of these numbers, of things that have so many rows each, one after another."""
    lengths = counts[numbers].astype(np.int64)
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(bounds(counts)[:-1][numbers], lengths) + within


def same_games(a: Games, b: Games) -> bool:
    """Return whether two collections are equal to the bit, what lies between the fields of positions aside."""
    first, second = (arrays_of(games) | {"starts": without_padding(games.starts)} for games in (a, b))
    return first.keys() == second.keys() and all(
        array.dtype == second[name].dtype
        and array.shape == second[name].shape
        and array.tobytes() == second[name].tobytes()
        for name, array in first.items()
    )


def num_distinct(games: Games) -> int:
    """Return how many different games there are, told apart by start and actions."""
    plies, starts = bounds(games.lengths), without_padding(games.starts)
    return len(
        {
            starts[index].tobytes() + games.actions[plies[index] : plies[index + 1]].tobytes()
            for index in range(games.num_games)
        }
    )


def end_counts(games: Games) -> dict[str, int]:
    """Return how many games ended in each way, by the name of the `End` in small letters, every way named."""
    counts = np.bincount(games.ends, minlength=len(End))
    return {end.name.lower(): int(counts[end]) for end in End}
