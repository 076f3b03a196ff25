"""The replay window: the newest games, from which training batches are drawn."""

import numpy as np

from alphazero.data.games import Games, join, no_games, select
from alphazero.data.samples import RESULT, Samples, ValueTarget, index_games, rebuild
from games.protocol import Game


class ReplayWindow:
    """The newest games, as many as their positions allow.

    The window holds `growth` of all positions so far, but no less than `smallest` and no more than `largest`.
    `surprise_weight` of a position's chance to be drawn goes in proportion to its surprise, the rest is equal for all
    (policy surprise weighting, KataGo).
    """

    def __init__(self, game: Game, smallest: int, largest: int, growth: float, surprise_weight: float = 0.0):
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
