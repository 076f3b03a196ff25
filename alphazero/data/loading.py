"""Stored games read back as positions: one row a position, with policy, result and value."""

import os
from typing import Any, NamedTuple

import numpy as np

from alphazero.data.samples import index_games, positions, rebuild, search_labels
from alphazero.data.shards import read_folder


class LoadedGames(NamedTuple):
    """n positions in the order in which they were played; results and values are for the player to move.

    game:       the game that was played, with A actions
    states:     state_dtype[n]
    policies:   float32[n, A], the search's policies; each sums to 1, illegal actions have 0
    results:    float32[n], z: 1 the player to move won, 0 draw, -1 lost
    values:     float32[n] in [-1, 1], the search's value of the position
    game_index: int64[n], which game the position belongs to, counted from 0
    bad_shards: a line for each shard that could not be used
    """

    game: Any
    states: np.ndarray
    policies: np.ndarray
    results: np.ndarray
    values: np.ndarray
    game_index: np.ndarray
    bad_shards: list[str]


def load_games(folder: str | os.PathLike[str], game: Any = None) -> LoadedGames:
    """Read the games of a folder as positions with their search policies and results.

    Positions of fast searches, with a small budget, have no policy and are left out. A bad shard is left out
    and named in `bad_shards`; ValueError when no shard can be read, or, given `game`, when none is of that game.
    """
    game, games, bad = read_folder(folder, game)
    index = index_games(games)
    chosen = np.arange(len(index.sample_game))
    samples = rebuild(game, games, index, chosen)
    states = positions(game, games, index, chosen)
    values = search_labels(games).values[index.first_ply[index.sample_game] + index.sample_ply]
    return LoadedGames(
        game, states, samples.policy, samples.result.astype(np.float32), values, index.sample_game, bad
    )
