"""What a run has done so far: counters and the names of the files that hold the rest, as JSON."""

import dataclasses
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from alphazero.data.games import Games, num_distinct
from alphazero.selfplay.selfplay import Tally


@dataclasses.dataclass
class Progress:
    """The state of a run that `progress.json` holds; everything here is plain JSON."""

    game: str = ""  # as `games.spec` writes it
    generation: int = 0  # generations finished
    games: int = 0  # finished games of self-play
    positions: int = 0  # their plies
    minutes: float = 0.0  # of training, over all processes
    shards: list[str] = dataclasses.field(default_factory=list)  # names in selfplay/
    bad_shards: list[str] = dataclasses.field(
        default_factory=list
    )  # those of them that could not be read again
    files: list[str] = dataclasses.field(default_factory=list)  # names in checkpoints/
    checkpoint: str | None = None  # the learner's, after the last finished generation
    under_way: str | None = None  # the games under way
    generation_games: int = 0  # of the generation that is not finished
    generation_positions: int = 0
    generation_distinct: int = 0  # different games of it
    first_wins: int = 0
    draws: int = 0
    second_wins: int = 0
    resigned: int = 0
    would_resign: int = 0  # games played to their end in which a player's value fell below the threshold
    wrong_resigns: int = 0  # those of them that this player did not lose
    tally: list[float] = dataclasses.field(
        default_factory=lambda: list(Tally())
    )  # of the unfinished generation
    sample_debt: float = 0.0  # samples still to be trained on, less than a batch
    rated_minutes: float = 0.0  # when the last rating was
    elo: str = ""  # the last rating, as text
    pool: dict[str, Any] | None = None  # the rating pool
    inference_choice: dict[str, Any] | None = None  # how the network is computed
    ended: int = 0  # the generation after which the run ended and its last match was played
    match: str = ""  # what came of that match

    def count(self, games: Games, tally: Tally, resign_threshold: float = -1.0) -> None:
        """Count the games of a shard and what they took; the threshold is that below which players resign."""
        self.games += games.num_games
        self.positions += games.num_positions
        self.generation_games += games.num_games
        self.generation_positions += games.num_positions
        self.generation_distinct += num_distinct(games)
        self.first_wins += int((games.outcomes == 1).sum())
        self.draws += int((games.outcomes == 0).sum())
        self.second_wins += int((games.outcomes == -1).sum())
        self.resigned += int((games.ends == 1).sum())
        would, wrong = wrong_resignations(games, resign_threshold)
        self.would_resign += would
        self.wrong_resigns += wrong
        self.tally = list(Tally(*self.tally).plus(tally))

    def begin_generation(self) -> None:
        """Set the counters of a generation back."""
        self.generation_games = self.generation_positions = self.generation_distinct = 0
        self.first_wins = self.draws = self.second_wins = 0
        self.resigned = self.would_resign = self.wrong_resigns = 0
        self.tally = list(Tally())

    def generation_row(self) -> dict[str, Any]:
        """Return what metrics.jsonl says of the self-play of a generation."""
        tally, games = Tally(*self.tally), max(1, self.generation_games)
        return {
            "games": self.games,
            "positions": self.positions,
            "positions_per_second": tally.moves / max(tally.seconds, 1e-9),
            "network_share": tally.evaluator_seconds / max(tally.seconds, 1e-9),
            "rows_per_second": tally.rows / max(tally.seconds, 1e-9),
            "game_length_mean": self.generation_positions / games,
            "first_wins": self.first_wins,
            "draws": self.draws,
            "second_wins": self.second_wins,
            "resigned": self.resigned,
            "would_resign": self.would_resign,
            "wrong_resigns": self.wrong_resigns,
            "distinct_games": self.generation_distinct,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the whole as plain JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Progress":
        """Return the progress that `as_dict` described, without keys of other versions; ValueError when it is none."""
        try:
            return TypeAdapter(cls).validate_python(data)
        except ValidationError as error:
            first = error.errors()[0]
            raise ValueError(
                f"{'.'.join(map(str, first['loc']))}: {first['msg']}, given {first['input']!r}"
            ) from None

    def fraction_done(self, limits: Any, minutes: float | None = None) -> float:
        """Return how much of a run with the limits of a `RunConfig` is over, in [0, 1]; 0 where it has none."""
        minutes = self.minutes if minutes is None else minutes
        by_time = minutes / limits.minutes if limits.minutes else 0.0
        by_generation = self.generation / limits.generations if limits.generations else 0.0
        return min(1.0, max(by_time, by_generation))


def wrong_resignations(games: Games, threshold: float) -> tuple[int, int]:
    """Count the players of games played to their end whose value fell below the threshold, and those who did not lose.

    Their ratio estimates how often a resignation throws away a draw or a win (Silver et al. 2017: at most 5 %).
    """
    played = games.ends == 0
    below = (games.lowest < threshold) & played[:, None]
    not_lost = np.stack([games.outcomes >= 0, games.outcomes <= 0], axis=1)
    return int(below.sum()), int((below & not_lost).sum())
