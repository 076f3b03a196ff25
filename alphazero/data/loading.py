"""Stored games read back as positions: one row a position, with policy, result and value."""

import os
from typing import NamedTuple

import numpy as np

from alphazero.data.games import Games
from alphazero.data.samples import index_games, played_of, search_labels
from alphazero.data.shards import each_shard
from alphazero.search.simulate import FIRST, seen_by
from games.bits import copy_state
from games.kernel import njit
from games.protocol import Game


class LoadedGames(NamedTuple):
    """n positions in the order in which they were played; results and values are for the player to move.

    Of games that a search played these are the positions with a full search, of others all.

    game:       the game that was played, with A actions
    states:     state_dtype[n]
    policies:   float32[n, A] by action, each sums to 1: the search's, or 1 for the action that was played
    results:    float32[n], z: 1 the player to move won, 0 draw, -1 lost
    values:     float32[n] in [-1, 1], what was expected for the player to move; 0 where nothing was
    game_index: int64[n], which game the position belongs to, counted from 0 over all shards
    bad_shards: a line for each shard that could not be used
    """

    game: Game
    states: np.ndarray
    policies: np.ndarray
    results: np.ndarray
    values: np.ndarray
    game_index: np.ndarray
    bad_shards: list[str]


def load_games(folder: str | os.PathLike[str], game: Game | None = None) -> LoadedGames:
    """Read the games of a folder as positions with their search policies and results.

    Positions of fast searches, with a small budget, have no policy and are left out. A bad shard is left out
    and named in `bad_shards`; ValueError when no shard can be read, or, given `game`, when none is of that game.
    Takes the memory of what it returns and of one shard.
    """
    rows, bad = None, []
    for shard in each_shard(folder, game):
        if isinstance(shard, str):
            bad.append(shard)
            continue
        rows = rows or _Rows(shard.game)
        rows.add(shard.games)
    assert rows is not None, "each_shard refuses a folder without games"
    states, policies, results, values, game_index = rows.arrays
    return LoadedGames(rows.game, states, policies, results, values, game_index, bad)


class _Rows:
    """Arrays that grow by the positions of one shard after the other, where they stand in memory."""

    def __init__(self, game: Game):
        self.game, self.num_games = game, 0
        kinds = (
            ((), game.state_dtype),
            ((game.num_actions,), np.float32),
            *2 * (((), np.float32),),
            ((), np.int64),
        )
        self.arrays = [np.zeros((0, *shape), kind) for shape, kind in kinds]

    def add(self, games: Games) -> None:
        """Write the positions of games behind those that are there."""
        first, count = len(self.arrays[0]), int(search_labels(games).full.sum())
        for array in self.arrays:
            array.resize((first + count, *array.shape[1:]), refcheck=False)  # nobody else has seen it yet
        states, policies, results, values, game_index = (array[first:] for array in self.arrays)
        index, full = index_games(games), search_labels(games).full
        here = np.zeros(1, self.game.state_dtype)
        _write_rows(self.game, played_of(games), index, full, here, states, policies, results)
        values[:] = index.values[index.first_ply[index.sample_game] + index.sample_ply]
        game_index[:] = self.num_games + index.sample_game
        self.num_games += games.num_games


@njit
def _write_rows(game, played, index, full, here, states, policies, results):
    """Write position, policy and result for the mover of every ply with full int8[n] == 1; policies begin as zeros."""
    row, ply, entry = 0, 0, 0
    for number in range(played.lengths.size):
        copy_state(here[0], played.starts[number])
        for _ in range(played.lengths[number]):
            last = entry + index.counts[ply]
            if full[ply] == 1:
                copy_state(states[row], here[0])
                z = seen_by(game.to_move(here[0]), np.float64(played.outcomes[number]), FIRST)
                results[row] = np.float32(z)
                total = 0.0
                for place in range(entry, last):
                    total += index.policy_weights[place]
                for place in range(entry, last):
                    policies[row, index.policy_actions[place]] = index.policy_weights[place] / total
                row += 1
            game.play(here[0], np.int64(played.actions[ply]))
            ply, entry = ply + 1, last
