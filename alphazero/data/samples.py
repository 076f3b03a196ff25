"""Training samples rebuilt from stored games by compiled code.

A sample is a ply of a game: the game is replayed up to it, the position encoded and turned by a random symmetry.
Targets are seen by the player to move in the sampled position.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from alphazero.data.games import End, Games
from alphazero.data.labels import SearchLabels
from alphazero.search.simulate import FIRST, seen_by
from games.bits import copy_state
from games.kernel import helper, njit
from games.protocol import Game

TRUNCATED = int(End.TRUNCATED)


class Samples(NamedTuple):
    """n positions with their targets."""

    planes: np.ndarray  # float32[n, P, H, W]
    policy: np.ndarray  # float32[n, A], sums to 1
    value: np.ndarray  # float32[n], as `ValueTarget` says
    result: np.ndarray  # int8[n], z: 1, 0 or -1
    legal_mask: np.ndarray  # bool[n, A]


class ValueTarget(NamedTuple):
    """What the value is trained towards: weight * r + (1 - weight) * q, q the search's value of the position.

    r is the result z of the game; with steps k > 0 and a game that goes on for more than k plies, the search's value
    of the position k plies later (k-step temporal difference; there are no rewards on the way and nothing is
    discounted). With `bootstrap`, the value of a truncated game's last position stands in for its z: a game that was
    cut at its longest length is no result like another. All for the player to move in the sampled position.
    """

    weight: float = 1.0
    steps: int = 0
    bootstrap: bool = True


RESULT = ValueTarget()


class Index(NamedTuple):
    """Where the games, plies and policy entries of a `Games` begin, which plies may be sampled, and what they teach.

    Arrays alone, as compiled code takes them. What they teach is as in `search_labels`.
    """

    first_ply: np.ndarray  # int64[G]
    first_entry: np.ndarray  # int64[n]
    sample_game: np.ndarray  # int64[s]
    sample_ply: np.ndarray  # int64[s], counted within the game
    sample_surprise: np.ndarray  # float32[s]
    values: np.ndarray  # float32[n]
    counts: np.ndarray  # int32[n]
    policy_actions: np.ndarray  # int32[m]
    policy_weights: np.ndarray  # uint16[m]


class Played(NamedTuple):
    """What happened in games, as in `Games`, as compiled code takes it."""

    starts: np.ndarray
    lengths: np.ndarray
    outcomes: np.ndarray
    ends: np.ndarray
    actions: np.ndarray


def search_labels(games: Games) -> SearchLabels:
    """Return the labels of games as those of a search that was a full one at every ply.

    Where no search looked, the policy is the action that was played, and the value that of the policy's labels, or 0.
    """
    if isinstance(games.labels, SearchLabels):
        return games.labels
    n = games.num_positions
    return SearchLabels(
        values=np.zeros(n, np.float32) if games.labels is None else games.labels.values,
        full=np.ones(n, np.int8),
        counts=np.ones(n, np.int32),
        surprises=np.zeros(n, np.float32),
        policy_actions=games.actions,
        policy_weights=np.ones(n, np.uint16),
        lowest=np.ones((games.num_games, 2), np.float32),
    )


def played_of(games: Games) -> Played:
    """Return what happened in games."""
    return Played(games.starts, games.lengths, games.outcomes, games.ends, games.actions)


def index_games(games: Games) -> Index:
    """Return the index of a collection; of plies that a search looked at only those of full searches are sampled."""
    labels = search_labels(games)
    first_ply = np.cumsum(games.lengths, dtype=np.int64) - games.lengths
    first_entry = np.cumsum(labels.counts, dtype=np.int64) - labels.counts
    game_of_ply = np.repeat(np.arange(games.num_games), games.lengths)
    ply = np.arange(games.num_positions) - first_ply[game_of_ply]
    chosen = labels.full == 1
    samples = (game_of_ply[chosen], ply[chosen], labels.surprises[chosen])
    taught = (labels.values, labels.counts, labels.policy_actions, labels.policy_weights)
    return Index(first_ply, first_entry, *samples, *taught)


def rebuild(
    game: Game,
    games: Games,
    index: Index,
    chosen: np.ndarray,
    target: ValueTarget = RESULT,
    symmetry_seed: int = -1,
) -> Samples:
    """Return the samples numbered `chosen` int64[n], each turned by a random symmetry unless the seed is negative.

    Games without labels have no values to learn from: their target is z, whatever `target` says.
    """
    n = len(chosen)
    samples = Samples(
        np.empty((n, game.planes, *game.board_shape), np.float32),
        np.zeros((n, game.num_actions), np.float32),
        np.empty(n, np.float32),
        np.empty(n, np.int8),
        np.zeros((n, game.num_actions), np.bool_),
    )
    tables = game.symmetries
    turn = np.zeros(n, np.int64)
    if symmetry_seed >= 0:
        turn = np.random.default_rng(symmetry_seed).integers(len(tables.cells), size=n)
    states = np.zeros(n, game.state_dtype)
    legal = np.empty((n, game.num_actions), np.int32)
    _rebuild_all(
        game,
        played_of(games),
        index,
        chosen,
        tables.cells,
        tables.actions,
        turn,
        target if games.labels is not None else ValueTarget(bootstrap=False),
        samples,
        states,
        legal,
        np.empty_like(samples.planes),
    )
    return samples


@helper
def state_at(game, played, index, sample, state):
    """Set `state` to a sampled position by replaying its game; return the ply's place among all plies."""
    number = index.sample_game[sample]
    first = index.first_ply[number]
    last = first + index.sample_ply[sample]
    copy_state(state, played.starts[number])
    for ply in range(first, last):
        game.play(state, np.int64(played.actions[ply]))
    return last


@helper
def turn_planes(planes, cells, out):
    """Write planes float32[P, H, W] turned by a symmetry's table cells int32[H*W] into out."""
    cols = planes.shape[2]
    for plane in range(planes.shape[0]):
        for cell in range(cells.size):
            source = np.int64(cells[cell])
            out[plane, cell // cols, cell % cols] = planes[plane, source // cols, source % cols]


@helper
def _rebuild_one(game, played, index, sample, cells, actions, target, samples, row, state, legal, scratch):
    ply = state_at(game, played, index, sample, state)
    game.encode(state, scratch)
    turn_planes(scratch, cells, samples.planes[row])
    mover = game.to_move(state)
    z = seen_by(mover, np.float64(played.outcomes[index.sample_game[sample]]), FIRST)
    samples.result[row] = np.int8(z)
    first = index.first_entry[ply]
    _turn_policy(game, index, state, actions, samples, row, legal, first, first + index.counts[ply])
    later = _value_later(game, played, index, sample, ply, mover, target, z, state)
    samples.value[row] = target.weight * later + (1.0 - target.weight) * index.values[ply]


@helper
def _value_later(game, played, index, sample, ply, mover, target, z, state):
    """Return r of a `ValueTarget` for the mover, z being the result for him; `state` moves on.

    It is z, or the search's value some plies on: `steps`, or up to the last position of a truncated game.
    """
    number = index.sample_game[sample]
    left = played.lengths[number] - index.sample_ply[sample]
    steps = np.int64(target.steps)
    if steps == 0 or steps >= left:
        if not (target.bootstrap and played.ends[number] == TRUNCATED):
            return z
        steps = left - 1
    for later in range(ply, ply + steps):
        game.play(state, np.int64(played.actions[later]))
    return seen_by(mover, np.float64(index.values[ply + steps]), game.to_move(state))


@helper
def _turn_policy(game, index, state, actions, samples, row, legal, first, last):
    """Write legality and policy, action a of the turned position being actions[a] of the stored one.

    The policy is that of the entries first, ..., last - 1.
    """
    inverse = np.empty(actions.size, np.int64)
    for action in range(actions.size):
        inverse[actions[action]] = action
    total = 0.0
    for entry in range(first, last):
        total += index.policy_weights[entry]
    for entry in range(first, last):
        samples.policy[row, inverse[index.policy_actions[entry]]] = index.policy_weights[entry] / total
    for place in range(game.legal_actions(state, legal)):
        samples.legal_mask[row, inverse[legal[place]]] = True


@njit(parallel=True)
def _rebuild_all(game, played, index, chosen, cells, actions, turn, target, samples, states, legal, scratch):
    for row in prange(chosen.size):
        _rebuild_one(
            game,
            played,
            index,
            chosen[row],
            cells[turn[row]],
            actions[turn[row]],
            target,
            samples,
            np.int64(row),
            states[row],
            legal[row],
            scratch[row],
        )
