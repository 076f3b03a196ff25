"""The games that are under way, as arrays that compiled code appends to, one row a tree of the forest."""

from typing import NamedTuple

import numpy as np

from alphazero.data.games import Games, Openings, unknown_openings
from alphazero.data.labels import SearchLabels
from games.protocol import Game

PER_PLY = ("values", "full", "counts", "surprises")  # of `SearchLabels`

ROW = np.dtype(
    [
        ("opening", np.int32),  # random plies before the start, -1 where it is not known how it came about
        ("plies", np.int32),  # played and logged so far
        ("entries", np.int32),  # policy entries so far
        ("lowest", np.float32, 2),  # lowest search value of each player
        ("active", np.int8),  # whether a game is being played
        ("ended", np.int8),  # the game has just ended and waits to be taken away
        ("end", np.int8),  # an `End`
        ("outcome", np.int8),  # for the first player
        ("checked", np.int8),  # played to its end without resigning, to count wrong resignations
        ("full", np.int8),  # the search under way is a full one
    ],
    align=True,
)


class Logs(NamedTuple):
    """T games under way; P is the game's longest length, M the most policy entries of a game."""

    rows: np.ndarray  # ROW [T]
    starts: np.ndarray  # state_dtype [T]
    opening_actions: np.ndarray  # int32 [T, P]
    actions: np.ndarray  # int32 [T, P]
    values: np.ndarray  # float32 [T, P], for the player to move
    full: np.ndarray  # int8 [T, P]
    counts: np.ndarray  # int32 [T, P]
    surprises: np.ndarray  # float32 [T, P]
    policy_actions: np.ndarray  # int32 [T, M]
    policy_weights: np.ndarray  # uint16 [T, M]


def make_logs(game: Game, trees: int) -> Logs:
    """Return empty logs; memory that no game needs is never touched, so the system need not provide it."""
    plies, entries = (trees, game.max_plies), (trees, game.max_plies * game.num_actions)
    return Logs(
        np.zeros(trees, ROW),
        np.zeros(trees, game.state_dtype),
        np.zeros(plies, np.int32),
        np.zeros(plies, np.int32),
        np.zeros(plies, np.float32),
        np.zeros(plies, np.int8),
        np.zeros(plies, np.int32),
        np.zeros(plies, np.float32),
        np.zeros(entries, np.int32),
        np.zeros(entries, np.uint16),
    )


def take_game(logs: Logs, tree: int) -> Games:
    """Return a copy of one tree's game so far, as a collection of one with `SearchLabels`."""
    row = logs.rows[tree]
    plies, entries = int(row["plies"]), int(row["entries"])
    labels = SearchLabels(
        policy_actions=logs.policy_actions[tree, :entries].copy(),
        policy_weights=logs.policy_weights[tree, :entries].copy(),
        lowest=row["lowest"].reshape(1, 2).astype(np.float32),
        **{name: getattr(logs, name)[tree, :plies].copy() for name in PER_PLY},
    )
    return Games(
        starts=logs.starts[tree : tree + 1].copy(),
        lengths=np.array([plies], np.int32),
        outcomes=np.array([row["outcome"]], np.int8),
        ends=np.array([row["end"]], np.int8),
        actions=logs.actions[tree, :plies].copy(),
        labels=labels,
        openings=Openings(
            np.array([row["opening"]], np.int32),
            logs.opening_actions[tree, : max(0, row["opening"])].copy(),
        ),
    )


def put_game(logs: Logs, tree: int, game: Games, checked: bool) -> None:
    """Lay a game taken by `take_game` out in a tree's row again, as one that is under way."""
    labels = game.labels
    assert isinstance(labels, SearchLabels)
    plies, entries = int(game.lengths[0]), len(labels.policy_actions)
    opening, moves = game.openings or unknown_openings(1)
    logs.starts[tree] = game.starts[0]
    logs.opening_actions[tree, : len(moves)] = moves
    logs.actions[tree, :plies] = game.actions
    for name in PER_PLY:
        getattr(logs, name)[tree, :plies] = getattr(labels, name)
    logs.policy_actions[tree, :entries] = labels.policy_actions
    logs.policy_weights[tree, :entries] = labels.policy_weights
    row = np.zeros(1, ROW)
    row["opening"], row["plies"], row["entries"] = opening[0], plies, entries
    row["lowest"] = labels.lowest[0]
    row["active"], row["checked"] = 1, checked
    logs.rows[tree] = row[0]
