"""What a run has done so far: counters and the names of the files that hold the rest, as JSON."""

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from alphazero.config import RunConfig

Count = Annotated[int, Field(ge=0, le=10**15)]
Minutes = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
SHARD = re.compile(r"generation-\d{6,}-\d{6,}")
CHECKPOINT = re.compile(
    r"(learner-\d{6,}\.pt|(learner|generation)(-\d{6,})+\.under_way|model-\d{6,}\.safetensors)"
)


@dataclasses.dataclass
class Progress:
    """The state of a run that `progress.json` holds; everything here is plain JSON."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    method: str = ""
    game: str = ""  # as `games.spec` writes it
    generation: Count = 0  # generations finished
    games: Count = 0  # finished games that were stored
    positions: Count = 0  # their plies
    minutes: Minutes = 0.0  # of training, over all processes
    shards: list[str] = dataclasses.field(default_factory=list)  # names in selfplay/
    bad_shards: list[str] = dataclasses.field(
        default_factory=list
    )  # those of them that could not be read again
    files: list[str] = dataclasses.field(default_factory=list)  # names in checkpoints/
    checkpoint: str | None = None  # the learner's, after the last finished generation
    under_way: str | None = None  # the games under way
    counts: dict[str, Minutes] = dataclasses.field(
        default_factory=dict
    )  # sums over the unfinished generation
    rated_minutes: Minutes = 0.0  # when the last rating was
    rating_minutes: Minutes = 0.0  # that all ratings took
    forecast: str = ""  # what was said of the run when it began, "" where nothing was
    elo: str = ""  # the last rating, as text
    pool: dict[str, Any] | None = None  # the rating pool
    inference_choice: dict[str, Any] | None = None  # how the network is computed
    ended: Count = 0  # the generation after which the run ended and its last match was played
    match: str = ""  # what came of that match
    digests: dict[str, str] = dataclasses.field(
        default_factory=dict
    )  # SHA-256 by the file's path in the run's folder
    earlier: dict[str, Any] = dataclasses.field(
        default_factory=dict
    )  # what another version kept here for its method

    def count(self, **counts: float) -> None:
        """Add to the sums of the unfinished generation."""
        for name, number in counts.items():
            self.counts[name] = self.counts.get(name, 0) + number

    def as_dict(self) -> dict[str, Any]:
        """Return the whole as plain JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Progress":
        """Return the progress that `as_dict` described; ValueError, naming the key, when it is none."""
        try:
            progress = TypeAdapter(cls).validate_json(json.dumps(data))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise ValueError(f"{place}: {first['msg']}, given {_shown(first['input'])}") from None
        progress._check()
        return progress

    def _check(self) -> None:
        """Refuse names that are not those of a run's own files, and counts that cannot be; ValueError."""
        for name in [*self.shards, *self.bad_shards]:
            if not SHARD.fullmatch(name):
                raise ValueError(f"shards: {_shown(name)} is not the name of a shard of a run")
        named = [name for name in (self.checkpoint, self.under_way) if name is not None]
        for name in [*self.files, *named]:
            if not CHECKPOINT.fullmatch(name):
                raise ValueError(f"files: {_shown(name)} is not the name of a checkpoint of a run")
        of_kinds = {
            kind: [name for name in self.files if name.endswith(kind)] for kind in (".pt", ".under_way")
        }
        if self.checkpoint != max(of_kinds[".pt"], default=None):
            raise ValueError(
                f"checkpoint: {self.checkpoint!r} is not the newest learner of {of_kinds['.pt']}"
            )
        if of_kinds[".under_way"] != ([] if self.under_way is None else [self.under_way]):
            raise ValueError(f"under_way: {self.under_way!r} is not what files has: {of_kinds['.under_way']}")
        if missing := sorted(set(self.bad_shards) - set(self.shards)):
            raise ValueError(f"shards: {missing[0]!r} is missing")
        for key, names in (("shards", self.shards), ("files", self.files), ("bad_shards", self.bad_shards)):
            if len(set(names)) != len(names):
                raise ValueError(f"{key}: a name stands twice")

    def fraction_done(self, limits: RunConfig, minutes: float | None = None) -> float:
        """Return how much of a run with these limits is over, in [0, 1]; 0 where it has none."""
        minutes = self.minutes if minutes is None else minutes
        by_time = minutes / limits.minutes if limits.minutes else 0.0
        by_generation = self.generation / limits.generations if limits.generations else 0.0
        return min(1.0, max(by_time, by_generation))


def upgraded(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the first format of progress.json holds as today's fields; what only it knew goes into `earlier`.

    ValueError for a key that it never had.
    """
    known = {field.name for field in dataclasses.fields(Progress)}
    old = known | {*_FIRST_FORMAT.values(), "tally", "sample_debt", "metrics_bytes"}
    if unknown := sorted(set(data) - old):
        raise ValueError(f"{unknown[0]!r} is nothing of a run's progress")
    new = {key: value for key, value in data.items() if key in known}
    counts = {name: data.get(old, 0) for name, old in _FIRST_FORMAT.items()}
    tally = data.get("tally") or [0.0, 0.0, 0, 0]
    counts |= dict(zip(("seconds", "evaluator_seconds", "rows", "moves"), tally, strict=False))
    new["counts"] = {name: number for name, number in counts.items() if number}
    new["minutes"], new["rated_minutes"] = (
        float(data.get("minutes", 0.0)),
        float(data.get("rated_minutes", 0.0)),
    )
    new["earlier"] = {"sample_debt": data.get("sample_debt", 0.0)}
    return {**new, "method": "expert_iteration"}


_FIRST_FORMAT = {
    "games": "generation_games",
    "positions": "generation_positions",
    "distinct_games": "generation_distinct",
    **{
        name: name
        for name in ("first_wins", "draws", "second_wins", "resigned", "would_resign", "wrong_resigns")
    },
}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
