"""What a run's metrics say is wrong, and what to change: reads metrics.jsonl and the settings, nothing else.

Each check looks at the last third of the generations and returns a finding or None. Its threshold stands in the line
that compares; docs/learning.md, "When it does not learn", has the reasons.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from alphazero.config import Config, load_config
from alphazero.run.display import counted
from alphazero.run.metrics import events, read_metrics

ENOUGH = 3  # generations that anything can be said about


class Finding(NamedTuple):
    """Something that looks wrong."""

    name: str
    evidence: str
    change: str


@dataclass(frozen=True)
class Run:
    """What the checks look at."""

    config: Config
    num_actions: int
    generations: list[dict[str, Any]]
    ratings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def late(self) -> list[dict[str, Any]]:
        """Return the last third of the generations."""
        return self.generations[-max(1, len(self.generations) // 3) :]

    def late_median(self, key: str) -> float:
        """Return the median of a field over the last third; NaN where it was never measured."""
        values = [float(row[key]) for row in self.late if row.get(key) is not None]
        return median(values) if values else math.nan

    def total(self, key: str) -> float:
        """Return the sum of a field over the last third."""
        return sum(row.get(key) or 0 for row in self.late)


def network_idle(run: Run) -> Finding | None:
    """Self-play waits for something else than the network."""
    share = run.late_median("network_share")
    if run.config.selfplay.groups > 1 or not share < 0.6:  # groups wait for the network while others use it
        return None
    return Finding(
        "the network is idle",
        f"it takes {share:.0%} of the time of self-play",
        "raise selfplay.parallel_games (and selfplay.groups to 2 on a GPU), or give the network more to do: "
        "network.channels, network.blocks",
    )


def entropy_collapsed(run: Run) -> Finding | None:
    """The policy is nearly certain everywhere, so the search sees one move only."""
    entropy, limit = run.late_median("policy_entropy"), 0.08 * math.log(max(run.num_actions, 2))
    if not entropy < limit:
        return None
    return Finding(
        "the policy has collapsed",
        f"its entropy is {entropy:.3f} nats, below {limit:.3f}",
        "explore more: search.root_noise_fraction, selfplay.temperature_plies and "
        "selfplay.random_opening_plies up; lower training.replay_ratio",
    )


def policy_not_learned(run: Run) -> Finding | None:
    """The policy loss is where it began."""
    loss, start = run.late_median("policy_loss"), run.generations[0].get("policy_loss")
    if start is None or len(run.generations) < 10 or not loss > 0.97 * start:
        return None
    return Finding(
        "the policy is not learned",
        f"its loss went from {start:.3f} to {loss:.3f} nats",
        "raise search.simulations or set search.gumbel=true, so that targets differ from the priors; check "
        "training.learning_rate",
    )


def value_overfits(run: Run) -> Finding | None:
    """The value is much better on games that were learned from than on new ones."""
    seen, fresh = run.late_median("value_loss"), run.late_median("fresh_value_loss")
    if not fresh > 1.25 * seen:
        return None
    return Finding(
        "the value over-fits",
        f"its loss is {fresh:.3f} on new games and {seen:.3f} on those learned from",
        "lower training.replay_ratio, raise replay.window_min and replay.window_growth, set "
        "training.symmetries=true, or take a smaller network",
    )


def value_saturated(run: Run) -> Finding | None:
    """The value says the winner is certain and is wrong on new games as often as not."""
    accuracy, steps = (
        run.late_median("value_accuracy"),
        [row for row in run.late if row.get("gradient_norm") == 0.0],
    )
    if not steps and not (accuracy < 0.55 and len(run.generations) >= 10):
        return None
    return Finding(
        "the value says nothing",
        f"it names the winner in {accuracy:.0%} of decided games",
        "lower training.learning_rate and raise training.warmup_steps: a saturated value has no gradient; "
        "begin anew",
    )


def games_repeat(run: Run) -> Finding | None:
    """Self-play plays the same games again and again."""
    games, distinct = _games_of(run), run.total("distinct_games")
    if not games or not distinct < 0.8 * games:
        return None
    return Finding(
        "games repeat",
        f"{distinct:.0f} of the last {games:.0f} games are distinct",
        "raise selfplay.temperature_plies, search.root_noise_fraction or selfplay.random_opening_plies",
    )


def window_small(run: Run) -> Finding | None:
    """The window forgets what was played a moment ago."""
    window, positions = run.late_median("window_positions"), _positions_of_a_generation(run)
    if len(run.generations) < 10 or not window < 3 * positions:
        return None
    return Finding(
        "the replay window is small",
        f"it holds {window:,.0f} positions, a generation plays {positions:,.0f}",
        "raise replay.window_max and replay.window_growth, or lower selfplay.games_per_generation",
    )


def few_simulations(run: Run) -> Finding | None:
    """Fewer simulations than moves to tell apart."""
    search = run.config.search
    if search.gumbel or search.simulations >= 2 * min(run.num_actions, 200):
        return None
    return Finding(
        "few simulations for so many moves",
        f"search.simulations={search.simulations}, and the game has {run.num_actions} actions",
        "set search.gumbel=true, made for few simulations, or raise search.simulations",
    )


def bad_steps(run: Run) -> Finding | None:
    """Losses or gradients that were not finite."""
    count = run.generations[-1].get("bad_steps") or 0
    if not count:
        return None
    return Finding(
        "steps were skipped",
        f"{count} had a loss or gradient that is NaN or infinite",
        'lower training.learning_rate or training.gradient_clip, or set network.precision="float32"',
    )


def wrong_resignations(run: Run) -> Finding | None:
    """Players resign games that are not lost."""
    would, wrong = run.total("would_resign"), run.total("wrong_resigns")
    if would < 20 or not wrong > 0.05 * would:
        return None
    return Finding(
        "players resign too early",
        f"{wrong:.0f} of {would:.0f} who would have resigned did not lose",
        "move selfplay.resign_threshold nearer to -1",
    )


def one_sided(run: Run) -> Finding | None:
    """Nearly all games have the same result, so the value has nothing to learn."""
    results = [run.total(key) for key in ("first_wins", "draws", "second_wins")]
    if sum(results) < 50 or not max(results) > 0.95 * sum(results):
        return None
    name = ("the first player wins", "nobody wins", "the second player wins")[results.index(max(results))]
    return Finding(
        "games are one-sided",
        f"in {max(results) / sum(results):.0%} of the last games {name}",
        "begin games from varied positions: selfplay.random_opening_plies",
    )


def strength_falls(run: Run) -> Finding | None:
    """The last rating is surely below the best one."""
    rows = [
        row["players"][row["current"]] for row in run.ratings if row.get("current") in row.get("players", ())
    ]
    if len(rows) < 3:
        return None
    best = max(rows, key=lambda row: row[1])
    if not rows[-1][2] < best[1]:
        return None
    return Finding(
        "play became weaker",
        f"Elo {rows[-1][0]:+.0f} at the end, {best[0]:+.0f} at the best",
        'raise replay.window_growth, set training.schedule="cosine" or run.gate=true',
    )


CHECKS: tuple[Callable[[Run], Finding | None], ...] = (
    bad_steps,
    network_idle,
    policy_not_learned,
    entropy_collapsed,
    value_saturated,
    value_overfits,
    games_repeat,
    one_sided,
    window_small,
    few_simulations,
    wrong_resignations,
    strength_falls,
)


def _games_of(run: Run) -> float:
    return sum(run.total(key) for key in ("first_wins", "draws", "second_wins"))


def _positions_of_a_generation(run: Run) -> float:
    """Return the positions with a full search, those that the window counts."""
    plies = run.late_median("game_length_mean") * _games_of(run) / len(run.late)
    return plies * run.config.selfplay.full_search_fraction


def read_run(folder: Path) -> Run:
    """Return what is known of the run in a folder; ValueError for one that has played too little, or is no run."""
    import games

    rows = read_metrics(folder)
    config = load_config(folder / "config.toml")
    if not isinstance(config, Config):
        raise ValueError(f"{folder}: a run of {config.method}: the checks are for expert_iteration")
    generations = events(rows, "generation")
    if len(generations) < ENOUGH:
        raise ValueError(
            f"{folder}: {counted(len(generations), 'generation')} so far: a diagnosis needs at least {ENOUGH}"
        )
    return Run(
        config,
        games.parse(config.game).num_actions,
        generations,
        events(rows, "rating"),
    )


def examine(run: Run) -> list[Finding]:
    """Return everything that looks wrong, the gravest first."""
    return [finding for check in CHECKS if (finding := check(run)) is not None]
