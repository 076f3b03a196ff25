"""What the doctor looks for in runs that learn from self-play with search."""

import math
from functools import partial

from alphazero.config import Config
from alphazero.run.doctor import (
    MANY,
    NEW_RUN,
    Advice,
    Check,
    Finding,
    RunRecord,
    bad_steps,
    lowering,
    over_fits,
    policy_not_learned,
    raising,
    setting_to,
    strength_falls,
    value_saturated,
)
from alphazero.run.metrics import number

RESULTS = ("first_wins", "draws", "second_wins")
GUMBEL = setting_to("search.gumbel", True, "made for few simulations")
SMALLER_NETWORK = (lowering("network.blocks", note=NEW_RUN), lowering("network.channels", note=NEW_RUN))


def network_idle(run: RunRecord) -> Finding | None:
    """Self-play waits for something else than the network."""
    share, config = run.late_median("network_share"), _settings(run)
    if config.selfplay.groups > 1 or not share < 0.6:  # groups wait for the network while others use it
        return None
    groups = () if config.device == "cpu" else (raising("selfplay.groups", 2, "on a GPU"),)
    return Finding(
        "the network is idle",
        f"it takes {share:.0%} of the time of self-play",
        (
            raising("selfplay.parallel_games"),
            *groups,
            raising("network.channels", note=NEW_RUN),
            raising("network.blocks", note=NEW_RUN),
        ),
    )


def entropy_collapsed(run: RunRecord) -> Finding | None:
    """The policy is nearly certain everywhere, so the search sees one move only."""
    entropy, limit = run.late_median("policy_entropy"), 0.08 * math.log(max(run.num_actions, 2))
    if not entropy < limit:
        return None
    return Finding(
        "the policy has collapsed",
        f"its entropy is {entropy:.3f} nats, below {limit:.3f}",
        (*more_varied(run), lowering("training.replay_ratio")),
    )


def games_repeat(run: RunRecord) -> Finding | None:
    """Self-play plays the same games again and again."""
    games, distinct = _games_of(run), run.total("distinct_games")
    if not games or not 0 < distinct < 0.8 * games:
        return None
    return Finding(
        "games repeat", f"{distinct:.0f} of the last {games:.0f} games are distinct", more_varied(run)
    )


def one_sided(run: RunRecord) -> Finding | None:
    """Nearly all games have the same result, so the value has nothing to learn."""
    results = [run.total(key) for key in RESULTS]
    if sum(results) < 50 or not max(results) > 0.95 * sum(results):
        return None
    name = ("the first player wins", "nobody wins", "the second player wins")[results.index(max(results))]
    return Finding(
        "games are one-sided",
        f"in {max(results) / sum(results):.0%} of the last games {name}",
        (raising("selfplay.random_opening_plies"),),
        "begin games from varied positions",
    )


def window_small(run: RunRecord) -> Finding | None:
    """The window forgets what was played a moment ago."""
    window, played = run.late_median("window_positions"), _positions_of_a_generation(run)
    if len(run.generations) < MANY or not window < 3 * played:
        return None
    return Finding(
        "the replay window is small",
        f"it holds {window:,.0f} positions, a generation plays {played:,.0f}",
        (*larger_window(run), lowering("selfplay.games_per_generation")),
    )


def few_simulations(run: RunRecord) -> Finding | None:
    """Fewer simulations than moves to tell apart."""
    search = _settings(run).search
    if search.gumbel or search.simulations >= 2 * min(run.num_actions, 200):
        return None
    return Finding(
        "few simulations for so many moves",
        f"search.simulations={search.simulations}, and the game has {run.num_actions} actions",
        (GUMBEL, raising("search.simulations")),
    )


def wrong_resignations(run: RunRecord) -> Finding | None:
    """Players resign games that are not lost."""
    would, wrong = run.total("would_resign"), run.total("wrong_resigns")
    if would < 20 or not wrong > 0.05 * would:
        return None
    return Finding(
        "players resign too early",
        f"{wrong:.0f} of {would:.0f} who would have resigned did not lose",
        (lowering("selfplay.resign_threshold", note="-1: never"),),
    )


def more_varied(run: RunRecord) -> tuple[Advice, ...]:
    """Return what makes games differ more: Gumbel search has no part for Dirichlet noise and temperature."""
    plies, play = raising("selfplay.random_opening_plies"), _settings(run).selfplay
    if _settings(run).search.gumbel:
        return (plies,)
    warm = raising("selfplay.temperature_plies") if play.temperature else raising("selfplay.temperature", 1.0)
    return raising("search.root_noise_fraction"), warm, plies


def larger_window(run: RunRecord) -> tuple[Advice, ...]:
    """Return which bounds of the window to raise: those that hold it now, none while it has all positions."""
    replay, positions = _settings(run).replay, number(run.generations[-1], "positions")
    share = replay.window_growth * positions
    if min(replay.window_max, max(replay.window_min, share)) >= positions:
        return ()
    if share >= replay.window_max:
        return (raising("replay.window_max"),)
    return raising("replay.window_min"), raising("replay.window_growth")


def learns_by_heart(run: RunRecord, what: str, times: float) -> Finding | None:
    """The policy or the value is much better on games that were learned from than on new ones."""
    less = (lowering("training.replay_ratio"), *larger_window(run), *SMALLER_NETWORK)
    return over_fits(run, what, "fresh", times, (*less, setting_to("training.symmetries", True)))


def falls_in_strength(run: RunRecord) -> Finding | None:
    """The last rating is surely below the best one."""
    return strength_falls(run, (*larger_window(run), setting_to("run.gate", True)))


CHECKS: tuple[Check, ...] = (
    bad_steps,
    network_idle,
    partial(policy_not_learned, advice=(raising("search.simulations"), GUMBEL)),
    entropy_collapsed,
    value_saturated,
    partial(learns_by_heart, what="value", times=1.25),
    partial(learns_by_heart, what="policy", times=1.5),
    games_repeat,
    one_sided,
    window_small,
    few_simulations,
    wrong_resignations,
    falls_in_strength,
)


def _settings(run: RunRecord) -> Config:
    assert isinstance(run.config, Config)
    return run.config


def _games_of(run: RunRecord) -> float:
    return sum(run.total(key) for key in RESULTS)


def _positions_of_a_generation(run: RunRecord) -> float:
    """Return the positions with a full search, those that the window counts."""
    plies = run.late_median("game_length_mean") * _games_of(run) / len(run.late)
    return plies * _settings(run).selfplay.full_search_fraction
