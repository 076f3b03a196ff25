"""What a run's metrics say is wrong, and what to change: reads metrics.jsonl and the settings, nothing else.

Here are the record of a run, findings and their advice, and the checks that serve several methods; a check that reads
a column finds nothing where the run has none. Which checks a method's runs get, and those of its own, stand in
`alphazero.methods.checks`. Each looks at the last third of the generations, and its threshold stands in the line that
compares; docs/learning.md, "When it does not learn", has the reasons.

Advice is a setting and what to do with it, so that none is given that the run follows already (`followable`).
"""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Literal, NamedTuple

from alphazero.config import ConfigError, Experiment, load_config, with_overrides
from alphazero.run.display import counted
from alphazero.run.metrics import Row, events, number, rating_of, read_metrics

ENOUGH = 3  # generations that anything can be said about
MANY = 10  # generations after which learning must show
NOTHING_LEFT = "what usually helps is set already"
NEW_RUN = "in a new run"  # a run keeps its network


class Advice(NamedTuple):
    """A setting, and what to do with it; `to` is the value to set, or how far to raise or lower, None: a while."""

    setting: str  # its dotted path
    do: Literal["raise", "lower", "set"]
    to: Any = None
    note: str = ""


def raising(setting: str, to: float | None = None, note: str = "") -> Advice:
    """Return the advice to raise a setting, no further than `to`."""
    return Advice(setting, "raise", to, note)


def lowering(setting: str, to: float | None = None, note: str = "") -> Advice:
    """Return the advice to lower a setting, no further than `to`."""
    return Advice(setting, "lower", to, note)


def setting_to(setting: str, to: Any, note: str = "") -> Advice:
    """Return the advice to give a setting a value."""
    return Advice(setting, "set", to, note)


class Finding(NamedTuple):
    """Something that looks wrong: what, by which figures, which settings to change, and what else to do."""

    name: str
    evidence: str
    advice: tuple[Advice, ...]
    remark: str = ""

    def change(self, config: Experiment) -> str:
        """Return advice and remark in words, with the values that the settings have now."""
        kinds = dict.fromkeys(one.do for one in self.advice)
        words = [_in_words(do, [one for one in self.advice if one.do == do], config) for do in kinds]
        return "; ".join([*words, *filter(None, [self.remark])]) or NOTHING_LEFT


@dataclass(frozen=True)
class RunRecord:
    """What the checks look at: the settings of a run, the size of its game's policy, and its metrics."""

    config: Experiment
    num_actions: int
    generations: list[Row]
    ratings: list[Row] = field(default_factory=list)

    @property
    def late(self) -> list[Row]:
        """Return the last third of the generations."""
        return self.thirds[-1]

    @property
    def thirds(self) -> tuple[list[Row], list[Row], list[Row]]:
        """Return the generations in three parts, of which the first takes what is left over."""
        rows, size = self.generations, max(1, len(self.generations) // 3)
        return rows[: -2 * size], rows[-2 * size : -size], rows[-size:]

    def late_median(self, key: str) -> float:
        """Return the median of a column over the last third; NaN where it was never measured."""
        return median_of(self.late, key)

    def total(self, key: str) -> float:
        """Return the sum of a column over the last third."""
        return sum(value for row in self.late if not math.isnan(value := number(row, key)))


def median_of(rows: Iterable[Row], key: str) -> float:
    """Return the median of a column; NaN where it was never measured."""
    values = [value for row in rows if not math.isnan(value := number(row, key))]
    return median(values) if values else math.nan


Check = Callable[[RunRecord], Finding | None]


def bad_steps(run: RunRecord) -> Finding | None:
    """Losses or gradients that were not finite."""
    count = number(run.generations[-1], "bad_steps")
    if not count > 0:
        return None
    clipped = value_of(run.config, "training.gradient_clip")
    return Finding(
        "steps were skipped",
        f"{count:.0f} had a loss or gradient that is NaN or infinite",
        (
            lowering("training.learning_rate"),
            lowering("training.gradient_clip") if clipped else setting_to("training.gradient_clip", 1.0),
            setting_to("network.precision", "float32"),
        ),
    )


def policy_not_learned(run: RunRecord, advice: tuple[Advice, ...] = ()) -> Finding | None:
    """The policy loss is where it began; `advice` is the method's."""
    loss, start = run.late_median("policy_loss"), number(run.generations[0], "policy_loss")
    if len(run.generations) < MANY or not loss > 0.97 * start:
        return None
    return Finding(
        "the policy is not learned",
        f"its loss went from {start:.3f} to {loss:.3f} nats",
        advice,
        "check training.learning_rate",
    )


def value_saturated(run: RunRecord) -> Finding | None:
    """The value says the winner is certain and is wrong on new games as often as not."""
    accuracy = run.late_median("value_accuracy")
    stuck = any(number(row, "gradient_norm") == 0.0 for row in run.late)
    if not stuck and not (accuracy < 0.55 and len(run.generations) >= MANY):
        return None
    named = [] if math.isnan(accuracy) else [f"it names the winner in {accuracy:.0%} of decided games"]
    return Finding(
        "the value says nothing",
        ", ".join([*named, *(["its gradient is 0"] if stuck else [])]),
        (lowering("training.learning_rate"), raising("training.warmup_steps")),
        "begin anew: a saturated value has no gradient",
    )


def over_fits(
    run: RunRecord, what: str, unseen: str, times: float, advice: tuple[Advice, ...], remark: str = ""
) -> Finding | None:
    """A loss is so many times higher on games that were not learned from.

    what: "policy" or "value"; unseen: the prefix of the columns of such games, "fresh" or "held_out".
    """
    seen, new = run.late_median(f"{what}_loss"), run.late_median(f"{unseen}_{what}_loss")
    if not new > times * seen:
        return None
    return Finding(
        f"the {what} over-fits",
        f"its loss is {new:.3f} on games not learned from and {seen:.3f} on those learned from",
        advice,
        remark,
    )


def learns_too_long(
    run: RunRecord, what: str, unseen: str, advice: tuple[Advice, ...], remark: str = ""
) -> Finding | None:
    """A loss rises on games that are not learned from while it falls on the others; as `over_fits`."""
    seen = [median_of(part, f"{what}_loss") for part in run.thirds]
    new = [median_of(part, f"{unseen}_{what}_loss") for part in run.thirds]
    best = min((0, 1), key=lambda part: new[part])
    if len(run.generations) < MANY or not (new[2] > 1.03 * new[best] and seen[2] < 0.97 * seen[best]):
        return None
    return Finding(
        f"the {what} is learned by heart",
        f"its loss fell from {seen[best]:.3f} to {seen[2]:.3f} on games learned from and rose from {new[best]:.3f} "
        f"to {new[2]:.3f} on others",
        advice,
        remark,
    )


def strength_falls(run: RunRecord, advice: tuple[Advice, ...] = ()) -> Finding | None:
    """The last rating is surely below the best one; `advice` is the method's."""
    found = (rating_of(row, str(row.get("current"))) for row in run.ratings)
    rated = [elo for elo in found if elo is not None]
    if len(rated) < 3:
        return None
    best = max(rated, key=lambda elo: elo.low)
    if not rated[-1].high < best.low:
        return None
    return Finding(
        "play became weaker",
        f"Elo {rated[-1].value:+.0f} at the end, {best.value:+.0f} at the best",
        (*advice, setting_to("training.schedule", "cosine")),
    )


COMMON: tuple[Check, ...] = (bad_steps, policy_not_learned, value_saturated, strength_falls)


def read_run(folder: Path) -> RunRecord:
    """Return what is known of the run in a folder; ValueError for one that has played too little, or is no run."""
    import games

    rows = read_metrics(folder)
    config = load_config(folder / "config.toml")
    generations = events(rows, "generation")
    if len(generations) < ENOUGH:
        raise ValueError(
            f"{folder}: {counted(len(generations), 'generation')} so far: a diagnosis needs at least {ENOUGH}"
        )
    return RunRecord(config, games.parse(config.game).num_actions, generations, events(rows, "rating"))


def examine(run: RunRecord, checks: Sequence[Check]) -> list[Finding]:
    """Return everything that looks wrong, in the order of the checks, with the advice that can be followed."""
    found = [finding for check in checks if (finding := check(run)) is not None]
    return [
        finding._replace(advice=tuple(one for one in finding.advice if followable(one, run.config)))
        for finding in found
    ]


def followable(advice: Advice, config: Experiment) -> bool:
    """Whether the method has the setting, it is not so already, and the settings allow it a step in that direction."""
    now = value_of(config, advice.setting)
    if now is None or now == advice.to:
        return False
    if advice.do != "set" and advice.to is not None and (now > advice.to) == (advice.do == "raise"):
        return False
    try:
        with_overrides(config, {advice.setting: _next_value(advice, now)})
    except ConfigError:  # at its bound, or other settings are against it
        return False
    return True


def value_of(config: Experiment, setting: str) -> Any:
    """Return the value of a setting by its dotted path, None where the method has no such setting."""
    value: Any = config
    for name in setting.split("."):
        value = getattr(value, name, None)
    return value


def _next_value(advice: Advice, now: Any) -> Any:
    """Return the value to set, or the nearest one in the direction that is advised."""
    if advice.do == "set":
        return advice.to
    up = advice.do == "raise"
    if isinstance(now, int):
        return now + 1 if up else now - 1
    return math.nextafter(now, math.inf if up else -math.inf)


def _in_words(do: str, advice: Sequence[Advice], config: Experiment) -> str:
    """Return advice of one kind: "raise a.b from 1 and c.d from 3 to 5 (why)"."""
    parts = []
    for one in advice:
        text = f"{one.setting} from {_shown(value_of(config, one.setting))}"
        if do == "set":
            text = f"{one.setting}={_shown(one.to)}"
        elif one.to is not None:
            text += f" to {_shown(one.to)}"
        parts.append(text + (f" ({one.note})" if one.note else ""))
    return f"{do} " + " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _shown(value: object) -> str:
    """Return a value as it is written in settings."""
    return f"{value:g}" if isinstance(value, float) else json.dumps(value)
