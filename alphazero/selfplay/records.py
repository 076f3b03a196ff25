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
    lowest: np.ndarray  # float32[G, 2], the lowest search value that each player had in a game played to its end
    actions: np.ndarray  # int32[n]
    values: np.ndarray  # float32[n], the search's value for the player to move
    full: np.ndarray  # int8[n], 1 where the search was a full one, whose policy is learned
    counts: np.ndarray  # int32[n], policy entries of the ply
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
PER_PLY = ("actions", "values", "full", "counts")
_DTYPES = {"lengths": np.int32, "outcomes": np.int8, "ends": np.int8, "lowest": np.float32, "actions": np.int32,
           "values": np.float32, "full": np.int8, "counts": np.int32, "policy_actions": np.int32,
           "policy_weights": np.uint16}


def no_games(game: Any) -> Games:
    """Return an empty collection for a game."""
    shapes = {"lowest": (0, 2)}
    empty = {name: np.zeros(shapes.get(name, 0), kind) for name, kind in _DTYPES.items()}
    return Games(starts=np.zeros(0, game.state_dtype), **empty)


def join(parts: Iterable[Games]) -> Games:
    """Return all games of the parts, in order; ValueError when there are no parts."""
    parts = list(parts)
    if not parts:
        raise ValueError("no games to join")
    return Games(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


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
    return len({games.starts[index].tobytes() + games.actions[plies[index]: plies[index + 1]].tobytes()
                for index in range(games.num_games)})
