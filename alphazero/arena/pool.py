"""The pool that a training run is rated in: fixed anchors, earlier generations, and all results between them.

A new generation plays those against whom a game tells most, and everybody's rating is fitted anew from all
games so far. The pool holds names and counts only, no player and no network, and is JSON-able as it is.
"""

import contextlib
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from alphazero.arena.match import play_match
from alphazero.arena.players import make_player, parse_player
from alphazero.arena.rating import Ratings, Record, fit_ratings
from alphazero.arena.result import MatchResult
from alphazero.play.player import Player
from alphazero.play.progress import Progress
from games import Game
from games.options import check_seed

_LEAST_INFORMATION = 0.01  # of a game whose winner seems certain; between equals it is 0.25


class RatingPool:
    """Anchors (players as text), rated generations in order, and counts of games between all of them.

    Ratings are relative to the first anchor, which is 0; without anchors to the mean of all players.
    Raises ValueError for an anchor that cannot be read or stands there twice.
    """

    def __init__(
        self, anchors: Sequence[str] = (), generations: Iterable[str] = (), records: Iterable[Record] = ()
    ):
        self.anchors = tuple(anchor.strip() for anchor in anchors)
        for anchor in self.anchors:
            parse_player(anchor)
            if self.anchors.count(anchor) > 1:
                raise ValueError(f"anchor {anchor!r} stands in the pool twice: leave one")
        self.generations = list(generations)
        self._counts: dict[tuple[str, str], np.ndarray] = {}
        self.add(records)

    @property
    def records(self) -> list[Record]:
        """Return the counts of all games so far, by who moved first and who second."""
        return [Record(first, second, *counts.tolist()) for (first, second), counts in self._counts.items()]

    def add(self, records: Iterable[Record]) -> None:
        """Count further games."""
        for record in records:
            counts = self._counts.setdefault((record.first, record.second), np.zeros(3, np.int64))
            counts += (record.first_wins, record.draws, record.second_wins)

    def ratings(self) -> Ratings:
        """Return the ratings of everybody who has played, fitted to all games so far."""
        fixed = {self.anchors[0]: 0.0} if self.anchors else {}
        return fit_ratings(self.records, anchors=fixed)

    def opponents(self, name: str, available: Iterable[str], num_earlier: int = 2) -> list[str]:
        """Return whom the generation `name` should play: all anchors and `num_earlier` of those `available`.

        It is expected to be as strong as the last generation rated; of the earlier ones those nearest to that
        are chosen, the later of equals first.
        """
        able = set(available)
        earlier = [other for other in reversed(self.generations) if other in able and other != name]
        ratings = self.ratings()
        expected = self._expected_elo(ratings, name)
        earlier.sort(key=lambda other: abs(_elo(ratings, other, expected) - expected))
        return [*(anchor for anchor in self.anchors if anchor != name), *earlier[:num_earlier]]

    def allot(self, name: str, opponents: Sequence[str], num_games: int) -> dict[str, int]:
        """Share out `num_games`, in pairs, among opponents by what a game against each may tell.

        A game says most between equals: its weight is s (1 - s) for an expected share of points s. Where
        there are fewer pairs than opponents, those who would tell least get none and are left out.
        """
        ratings = self.ratings()
        expected = self._expected_elo(ratings, name)
        elo = np.array([_elo(ratings, other, expected) for other in opponents])
        share = 1.0 / (1.0 + 10.0 ** ((elo - expected) / 400.0))
        weights = np.maximum(share * (1.0 - share), _LEAST_INFORMATION)
        pairs = _apportion(weights, max(num_games // 2, 1))
        return {other: 2 * int(count) for other, count in zip(opponents, pairs, strict=True) if count}

    def evaluate(
        self,
        player: Player,
        game: Game,
        num_games: int,
        *,
        seed: int,
        device: str = "auto",
        earlier: Mapping[str, Callable[[], Player]] | None = None,
        num_earlier: int = 2,
        opening_plies: int | None = None,
        progress: Progress | bool = False,
    ) -> list[MatchResult]:
        """Rate a generation, `player.name`: play `num_games` games in all, count and return the matches.

        `earlier` makes the players of those earlier generations that can still be played; they are closed after
        their games. The same pool, players and seed give the same games. Raises ValueError when the generation has
        been rated already.
        """
        if player.name in self.generations or player.name in self.anchors:
            raise ValueError(f"{player.name!r} is in the pool already: a new generation needs a new name")
        makers = dict(earlier or {})
        opponents = self.opponents(player.name, makers, num_earlier)
        results = []
        for name, count in self.allot(player.name, opponents, num_games).items() if opponents else ():
            own_seed = _seed_of(name, seed)
            with (
                make_player(name, game, own_seed, device) if name in self.anchors else makers[name]()
            ) as opponent:
                opponent.name = name
                results.append(
                    play_match(
                        player,
                        opponent,
                        game,
                        count,
                        seed=own_seed,
                        opening_plies=opening_plies,
                        progress=progress,
                    )
                )
        for result in results:
            self.add(result.records())
        self.generations.append(player.name)
        return results

    def calibrate(
        self,
        game: Game,
        num_games: int,
        *,
        seed: int,
        device: str = "auto",
        progress: Progress | bool = False,
    ) -> list[MatchResult]:
        """Let neighbouring anchors that have not met play `num_games` games each, which fixes the scale.

        An odd number is rounded up.
        """
        num_games += num_games % 2
        results = []
        for a, b in zip(self.anchors, self.anchors[1:], strict=False):
            if (a, b) in self._counts:
                continue
            with contextlib.ExitStack() as opened:
                first, second = (
                    opened.enter_context(make_player(name, game, _seed_of(name, seed), device))
                    for name in (a, b)
                )
                result = play_match(
                    first, second, game, num_games, seed=_seed_of(a + b, seed), progress=progress
                )
            self.add(result.records())
            results.append(result)
        return results

    def as_dict(self) -> dict[str, Any]:
        """Return the whole pool, JSON-able."""
        return {
            "anchors": list(self.anchors),
            "generations": list(self.generations),
            "records": [[r.first, r.second, r.first_wins, r.draws, r.second_wins] for r in self.records],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "RatingPool":
        """Return the pool that `as_dict` described, exactly."""
        return cls(data["anchors"], data["generations"], [Record(*record) for record in data["records"]])

    def _expected_elo(self, ratings: Ratings, name: str) -> float:
        """Return what a player is expected to be rated: its rating, else that of the last generation."""
        for known in (name, *reversed(self.generations)):
            if known in ratings.names:
                return ratings[known].value
        return 0.0


def _elo(ratings: Ratings, name: str, unknown: float) -> float:
    return ratings[name].value if name in ratings.names else unknown


def _apportion(weights: np.ndarray, total: int) -> np.ndarray:
    """Return whole numbers that sum to `total`, near the weights' shares; each is 1 or more if possible.

    One each comes first, to the heaviest where there are too few; the rest goes by largest remainder.
    """
    counts = np.zeros(len(weights), np.int64)
    order = np.argsort(-weights, kind="stable")
    counts[order[:total]] = 1
    wanted = weights / weights.sum() * total
    while counts.sum() < total:
        counts[np.argmax(wanted - counts)] += 1
    return counts


def _seed_of(name: str, seed: int) -> int:
    """Return a seed for one player or match of an evaluation, the same on every machine."""
    return int(np.random.default_rng([check_seed(seed), zlib.crc32(name.encode())]).integers(2**63))
