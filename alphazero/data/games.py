"""Finished games as arrays: what self-play writes, what the replay window holds, what `load_games` reads back.

Games are kept, not planes: starting position, actions, search policies (sparse, 16 bit), values, result. Planes
are rebuilt when a batch is drawn.
"""

import enum
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

WEIGHT_SCALE = 65535  # a policy is stored as whole weights up to this, proportional to its probabilities


class End(enum.IntEnum):
    """Why a game ended."""

    RULES = 0
    RESIGNED = 1


class Games(NamedTuple):
    """G games with n plies in all and m policy entries, one after another."""

    starts: np.ndarray  # state_dtype[G], the position that the game began from
    lengths: np.ndarray  # int32[G], plies
    outcomes: np.ndarray  # int8[G], for the first player
    ends: np.ndarray  # int8[G], an `End`
    lowest: (
        np.ndarray
    )  # float32[G, 2], the lowest search value that each player had in a game played to its end
    actions: np.ndarray  # int32[n]
    values: np.ndarray  # float32[n], the search's value for the player to move
    full: np.ndarray  # int8[n], 1 where the search was a full one, whose policy is learned
    counts: np.ndarray  # int32[n], policy entries of the ply
    surprises: np.ndarray  # float32[n], KL(search policy || network's policy) of full searches, in nats
    policy_actions: np.ndarray  # int32[m]
    policy_weights: np.ndarray  # uint16[m]

    @property
    def num_games(self) -> int:
        """Number of games."""
        return len(self.lengths)

    @property
    def num_positions(self) -> int:
        """Number of plies, each of them a position that was searched."""
        return len(self.actions)


PER_GAME = ("starts", "lengths", "outcomes", "ends", "lowest")
PER_PLY = ("actions", "values", "full", "counts", "surprises")
PER_ENTRY = ("policy_actions", "policy_weights")
_DTYPES = {
    "lengths": np.int32,
    "outcomes": np.int8,
    "ends": np.int8,
    "lowest": np.float32,
    "actions": np.int32,
    "values": np.float32,
    "full": np.int8,
    "counts": np.int32,
    "surprises": np.float32,
    "policy_actions": np.int32,
    "policy_weights": np.uint16,
}


def no_games(game: Any) -> Games:
    """Return an empty collection for a game."""
    shapes = {"lowest": (0, 2)}
    empty = {name: np.zeros(shapes.get(name, 0), kind) for name, kind in _DTYPES.items()}
    return Games(starts=np.zeros(0, game.state_dtype), **empty)


def as_games(arrays: dict[str, np.ndarray], game: Any) -> Games:
    """Return arrays that were read from a file as games of `game`; ValueError when they are none."""
    empty = no_games(game)._asdict()
    for name, array in arrays.items():
        if array.dtype != empty[name].dtype or array.shape[1:] != empty[name].shape[1:]:
            raise ValueError(f"{name} is {array.dtype}{list(array.shape)}")
    arrays["starts"] = arrays["starts"].view(
        game.state_dtype
    )  # a file does not keep that records are aligned
    games = Games(**arrays)
    sizes = {
        **dict.fromkeys(PER_GAME, len(games.lengths)),
        **dict.fromkeys(PER_PLY, int(games.lengths.sum())),
        **dict.fromkeys(PER_ENTRY, int(games.counts.sum())),
    }
    if any(len(array) != sizes[name] for name, array in arrays.items()):
        raise ValueError("their lengths do not agree")
    return games


def join(parts: Iterable[Games]) -> Games:
    """Return all games of the parts, in order; ValueError when there are no parts.

    Equal games become equal bytes: see `without_padding`.
    """
    parts = list(parts)
    if not parts:
        raise ValueError("no games to join")
    starts, *others = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Games(without_padding(starts), *others)


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
    plies = np.concatenate([[0], np.cumsum(games.lengths, dtype=np.int64)])
    entries = np.concatenate([[0], np.cumsum(games.counts, dtype=np.int64)])
    ply, entry = slice(plies[first], plies[last]), slice(entries[plies[first]], entries[plies[last]])
    cuts = {name: slice(first, last) for name in PER_GAME} | {name: ply for name in PER_PLY}
    return Games(**{name: getattr(games, name)[cuts.get(name, entry)] for name in Games._fields})


def num_distinct(games: Games) -> int:
    """Return how many different games there are, told apart by start and actions."""
    plies = np.concatenate([[0], np.cumsum(games.lengths, dtype=np.int64)])
    starts = without_padding(games.starts)
    return len(
        {
            starts[index].tobytes() + games.actions[plies[index] : plies[index + 1]].tobytes()
            for index in range(games.num_games)
        }
    )
