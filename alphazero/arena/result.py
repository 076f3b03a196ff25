"""What came of a match: counts by colour, points, the Elo difference with its interval, and every game.

The two games of an opening, colours swapped, are one sample: a lopsided opening costs each player one game
and says little, so counting its games as independent would make the interval wrong. The variance is that of
the pairs' points (0, 1/2, 1, 3/2, 2; the pentanomial of computer chess).
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from alphazero.arena.rating import INTERVAL_Z, Interval, Record, elo_from_share

ELO_LIMIT = 3000.0  # no match that can be played tells larger differences apart: intervals end here


class GameRecord(NamedTuple):
    """One game of a match.

    first:         who moved first, "a" or "b"
    actions:       all actions from the game's start, those of the opening included
    opening_plies: how many of them are opening
    outcome:       1, 0 or -1 for the first player
    """

    first: str
    actions: tuple[int, ...]
    opening_plies: int
    outcome: int

    @property
    def outcome_for_a(self) -> int:
        return self.outcome if self.first == "a" else -self.outcome


class Counts(NamedTuple):
    """Games of player a: won, drawn, lost."""

    wins: int
    draws: int
    losses: int


@dataclass(frozen=True)
class MatchResult:
    """The games of `a` against `b`, and what they say, for `a`; games 2k and 2k + 1 share an opening.

    a, b:  the names of the players
    game:  the game with all its rules, as `games.spec` writes it
    games: a `GameRecord` for each game
    """

    a: str
    b: str
    game: str
    games: tuple[GameRecord, ...]

    @property
    def num_games(self) -> int:
        return len(self.games)

    @property
    def counts(self) -> Counts:
        """Games that `a` won, drew and lost."""
        return _count(self.games)

    @property
    def wins(self) -> int:
        return self.counts.wins

    @property
    def draws(self) -> int:
        return self.counts.draws

    @property
    def losses(self) -> int:
        return self.counts.losses

    @property
    def as_first(self) -> Counts:
        """Games of `a` in which it moved first."""
        return _count([game for game in self.games if game.first == "a"])

    @property
    def as_second(self) -> Counts:
        """Games of `a` in which it moved second."""
        return _count([game for game in self.games if game.first == "b"])

    @property
    def first_mover(self) -> Counts:
        """Games won, drawn and lost by whoever moved first."""
        return Counts(*(sum(game.outcome == outcome for game in self.games) for outcome in (1, 0, -1)))

    @property
    def points(self) -> float:
        """Points of `a`: 1 for a win, 1/2 for a draw."""
        return self.wins + 0.5 * self.draws

    @property
    def share(self) -> float:
        """Share of the points that `a` took, in [0, 1]."""
        return self.points / self.num_games

    @property
    def distinct_games(self) -> int:
        """Number of different sequences of actions, who played them aside."""
        return len({game.actions for game in self.games})

    @property
    def pairs(self) -> tuple[int, int, int, int, int]:
        """Number of pairs in which `a` took 0, 1/2, 1, 3/2 and 2 points."""
        totals = Counter(
            2 + sum(game.outcome_for_a for game in self.games[k : k + 2]) for k in range(0, self.num_games, 2)
        )
        return tuple(totals[score] for score in range(5))  # type: ignore[return-value]

    @cached_property
    def elo(self) -> Interval:
        """Elo(a) - Elo(b) with its 95 % interval; finite also when every game was won."""
        half_a_game = 0.5 / self.num_games
        value = elo_from_share(min(max(self.share, half_a_game), 1.0 - half_a_game))
        low, high = (_bounded_elo(share) for share in share_interval(self.pairs))
        return Interval(value, min(low, value), max(high, value))

    def records(self) -> list[Record]:
        """Return the counts as `rating.fit_ratings` takes them."""
        return [Record(self.a, self.b, *self.as_first), Record(self.b, self.a, *reversed(self.as_second))]

    def as_dict(self) -> dict[str, Any]:
        """Return everything but the games' actions; JSON-able."""
        return {
            "a": self.a,
            "b": self.b,
            "game": self.game,
            "games": self.num_games,
            "wins": self.wins,
            "draws": self.draws,
            "losses": self.losses,
            "points": self.points,
            "share": self.share,
            "elo": self.elo.value,
            "elo_low": self.elo.low,
            "elo_high": self.elo.high,
            "as_first": list(self.as_first),
            "as_second": list(self.as_second),
            "pairs": list(self.pairs),
            "distinct_games": self.distinct_games,
        }

    def summary(self) -> str:
        """Return one paragraph of text."""
        first, second = self.as_first, self.as_second
        return (
            f"{self.a} against {self.b} at {self.game}: {self.wins} won, {self.draws} drawn, "
            f"{self.losses} lost of {self.num_games} games, {100 * self.share:.1f} % of the points, "
            f"Elo difference {self.elo} (95 %). "
            f"Moving first {first.wins}-{first.draws}-{first.losses}, moving second "
            f"{second.wins}-{second.draws}-{second.losses}. {self.distinct_games} distinct games."
        )


def share_interval(pairs: Sequence[int]) -> tuple[float, float]:
    """Return the 95 % interval of the share of points, from counts of pairs with 0, 1/2, ... 2 points.

    Normal with the pairs' own variance, after adding half a pair of each of the five outcomes (Jeffreys'
    prior), which keeps the interval honest for few or equal pairs: from 10 pairs up it covers the truth in
    94 % or more.
    """
    counts = np.array(pairs, dtype=np.float64) + 0.5
    shares = np.arange(5) / 4.0
    total = counts.sum()
    mean = float(counts @ shares / total)
    variance = float(counts @ (shares - mean) ** 2 / total)
    half = INTERVAL_Z * math.sqrt(variance / total)
    return max(mean - half, 0.0), min(mean + half, 1.0)


def _bounded_elo(share: float) -> float:
    edge = 1.0 / (1.0 + 10.0 ** (ELO_LIMIT / 400.0))
    return elo_from_share(min(max(share, edge), 1.0 - edge))


def _count(games: Sequence[GameRecord]) -> Counts:
    return Counts(*(sum(game.outcome_for_a == outcome for game in games) for outcome in (1, 0, -1)))
