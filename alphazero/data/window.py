"""The replay window, and training batches rebuilt from the games in it.

A sample is a ply of a game: the game is replayed up to it by compiled code, encoded, and turned by a random
symmetry. Targets are seen by the player to move in the sampled position.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import prange

from alphazero.data.games import Games, join, no_games, select
from alphazero.search.simulate import FIRST, seen_by
from games.bits import copy_state
from games.kernel import helper, njit


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
    discounted). All for the player to move in the sampled position.
    """

    weight: float = 1.0
    steps: int = 0


RESULT = ValueTarget()


class Index(NamedTuple):
    """Where the games, plies and policy entries of a `Games` begin, and which plies may be sampled."""

    first_ply: np.ndarray  # int64[G]
    first_entry: np.ndarray  # int64[n]
    sample_game: np.ndarray  # int64[s]
    sample_ply: np.ndarray  # int64[s], counted within the game
    sample_surprise: np.ndarray  # float32[s], as in `Games`


def index_games(games: Games) -> Index:
    """Return the index of a collection; only plies with a full search are sampled."""
    first_ply = np.cumsum(games.lengths, dtype=np.int64) - games.lengths
    first_entry = np.cumsum(games.counts, dtype=np.int64) - games.counts
    game_of_ply = np.repeat(np.arange(games.num_games), games.lengths)
    ply = np.arange(games.num_positions) - first_ply[game_of_ply]
    chosen = games.full == 1
    return Index(first_ply, first_entry, game_of_ply[chosen], ply[chosen], games.surprises[chosen])


class ReplayWindow:
    """The newest games, as many as their positions allow.

    The window holds `growth` of all positions so far, but no less than `smallest` and no more than `largest`.
    `surprise_weight` of a position's chance to be drawn goes in proportion to its surprise, the rest is equal for all
    (policy surprise weighting, KataGo).
    """

    def __init__(self, game: Any, smallest: int, largest: int, growth: float, surprise_weight: float = 0.0):
        self.game, self.smallest, self.largest, self.growth = game, smallest, largest, growth
        self.surprise_weight = surprise_weight
        self.games = no_games(game)
        self.positions_seen = 0
        self._update_index()

    @property
    def size(self) -> int:
        """Number of positions that the window may hold now."""
        return self.size_after(self.positions_seen)

    def size_after(self, positions: int) -> int:
        """Return the size of the window of a run that has seen so many positions."""
        return int(min(self.largest, max(self.smallest, self.growth * positions)))

    @property
    def num_samples(self) -> int:
        """Number of positions that can be drawn."""
        return len(self._index.sample_game)

    def add(self, games: Games) -> None:
        """Add new games and let the oldest go that no longer fit."""
        self.positions_seen += games.num_positions
        kept = join([self.games, games])
        ends = np.cumsum(kept.lengths, dtype=np.int64)
        surplus = int(ends[-1]) - self.size if len(ends) else 0
        first = int(np.searchsorted(ends, surplus, side="right")) if surplus > 0 else 0
        self.games = select(kept, first, kept.num_games) if first else kept
        self._update_index()

    def _update_index(self) -> None:
        self._index = index_games(self.games)
        surprise = self._index.sample_surprise.astype(np.float64)
        mean = surprise.mean() if len(surprise) else 0.0
        share = surprise / mean if mean > 0.0 else np.ones(len(surprise))
        self._chances = np.cumsum(1.0 - self.surprise_weight + self.surprise_weight * share)

    def refill(self, parts: list[Games], positions_seen: int) -> None:
        """Fill an empty window with the newest games of a run that has seen `positions_seen` positions."""
        self.positions_seen = positions_seen - sum(part.num_positions for part in parts)
        self.add(join([self.games, *parts]))

    def draw(
        self,
        count: int,
        rng: np.random.Generator,
        target: ValueTarget = RESULT,
        symmetries: bool = True,
        newest_games: int | None = None,
    ) -> Samples:
        """Draw `count` positions at random, with replacement, and rebuild them; ValueError when there are none.

        newest_games: as `choose` takes it.
        """
        chosen = self.choose(count, rng, newest_games)
        return rebuild(
            self.game, self.games, self._index, chosen, target, int(rng.integers(2**63)) if symmetries else -1
        )

    def choose(self, count: int, rng: np.random.Generator, newest_games: int | None = None) -> np.ndarray:
        """Return the numbers int64[count] of samples drawn with replacement; ValueError when there are none.

        newest_games: only from so many of the newest games, where they have positions, all with equal chances.
        """
        if not self.num_samples:
            raise ValueError("the replay window holds no positions to learn from: play more games first")
        if newest_games is None and self.surprise_weight > 0.0:
            chosen = np.searchsorted(self._chances, rng.random(count) * self._chances[-1], side="right")
            return np.minimum(chosen, self.num_samples - 1)
        newest = self.games.num_games if newest_games is None else newest_games
        first = int(np.searchsorted(self._index.sample_game, self.games.num_games - newest))
        return rng.integers(first if first < self.num_samples else 0, self.num_samples, size=count)


def rebuild(
    game: Any,
    games: Games,
    index: Index,
    chosen: np.ndarray,
    target: ValueTarget = RESULT,
    symmetry_seed: int = -1,
) -> Samples:
    """Return the samples numbered `chosen` int64[n], each turned by a random symmetry unless the seed is negative."""
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
    scratch = np.empty_like(samples.planes)
    _rebuild_all(
        game,
        games,
        index,
        chosen,
        tables.cells,
        tables.actions,
        turn,
        target,
        samples,
        states,
        legal,
        scratch,
    )
    return samples


@helper
def state_at(game, games, index, sample, state):
    """Set `state` to a sampled position by replaying its game; return the ply's place among all plies."""
    number = index.sample_game[sample]
    first = index.first_ply[number]
    last = first + index.sample_ply[sample]
    copy_state(state, games.starts[number])
    for ply in range(first, last):
        game.play(state, np.int64(games.actions[ply]))
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
def _rebuild_one(game, games, index, sample, cells, actions, target, samples, row, state, legal, scratch):
    ply = state_at(game, games, index, sample, state)
    game.encode(state, scratch)
    turn_planes(scratch, cells, samples.planes[row])
    mover = game.to_move(state)
    z = seen_by(mover, np.float64(games.outcomes[index.sample_game[sample]]), FIRST)
    samples.result[row] = np.int8(z)
    first = index.first_entry[ply]
    _turn_policy(game, games, state, actions, samples, row, legal, first, first + games.counts[ply])
    later = _value_later(game, games, index, sample, ply, mover, target.steps, z, state)
    samples.value[row] = target.weight * later + (1.0 - target.weight) * games.values[ply]


@helper
def _value_later(game, games, index, sample, ply, mover, steps, z, state):
    """Return z, or, for steps > 0 in a game that goes on, the search's value that many plies on; `state` moves on."""
    left = games.lengths[index.sample_game[sample]] - index.sample_ply[sample]
    if steps == 0 or steps >= left:
        return z
    for later in range(ply, ply + steps):
        game.play(state, np.int64(games.actions[later]))
    return seen_by(mover, np.float64(games.values[ply + steps]), game.to_move(state))


@helper
def _turn_policy(game, games, state, actions, samples, row, legal, first, last):
    """Write legality and policy, action a of the turned position being actions[a] of the stored one.

    The policy is that of the entries first, ..., last - 1.
    """
    inverse = np.empty(actions.size, np.int64)
    for action in range(actions.size):
        inverse[actions[action]] = action
    total = 0.0
    for entry in range(first, last):
        total += games.policy_weights[entry]
    for entry in range(first, last):
        samples.policy[row, inverse[games.policy_actions[entry]]] = games.policy_weights[entry] / total
    for place in range(game.legal_actions(state, legal)):
        samples.legal_mask[row, inverse[legal[place]]] = True


@njit(parallel=True)
def _rebuild_all(game, games, index, chosen, cells, actions, turn, target, samples, states, legal, scratch):
    for row in prange(chosen.size):
        _rebuild_one(
            game,
            games,
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


@njit
def states_at(game, games, index, states):
    """Write the positions of all samples into states state_dtype[s]."""
    for sample in range(states.size):
        state_at(game, games, index, np.int64(sample), states[sample])
