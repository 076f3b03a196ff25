"""What the doctor looks for in runs that imitate stored games."""

import math
from functools import partial

from alphazero.run.doctor import (
    NEW_RUN,
    Advice,
    Check,
    Finding,
    RunRecord,
    bad_steps,
    learns_too_long,
    lowering,
    median_of,
    over_fits,
    policy_not_learned,
    raising,
    setting_to,
    strength_falls,
    value_of,
    value_saturated,
)

MORE_GAMES = "imitate more games (imitation.games)"
LEARN_BY_HEART_LESS = (
    raising("training.weight_decay"),
    lowering("network.blocks", note=NEW_RUN),
    lowering("network.channels", note=NEW_RUN),
    setting_to("training.symmetries", True),
)
STOP_EARLIER = (lowering("run.minutes"), lowering("run.generations"))


def nothing_held_out(run: RunRecord) -> Finding | None:
    """No game is kept to measure on, so nothing tells what the network makes of games that it has not seen."""
    if not math.isnan(median_of(run.generations, "held_out_policy_loss")):
        return None
    return Finding(
        "nothing is held out",
        "no loss was ever measured on games that are not learned from",
        (raising("imitation.held_out", 0.1, NEW_RUN),),
        "" if value_of(run.config, "imitation.held_out") < 0.1 else MORE_GAMES,
    )


def _about_others(what: str) -> tuple[Check, ...]:
    """Return the checks of a loss on games held out; of the value, its weight can be lowered too."""
    advice: tuple[Advice, ...] = LEARN_BY_HEART_LESS
    if what == "value":
        advice = (lowering("training.value_weight", note="AlphaGo Zero: 0.01"), *advice)
    return (
        partial(over_fits, what=what, unseen="held_out", times=1.25, advice=advice, remark=MORE_GAMES),
        partial(learns_too_long, what=what, unseen="held_out", advice=(*STOP_EARLIER, *advice)),
    )


CHECKS: tuple[Check, ...] = (
    bad_steps,
    nothing_held_out,
    policy_not_learned,
    value_saturated,
    *_about_others("policy"),
    *_about_others("value"),
    strength_falls,
)
