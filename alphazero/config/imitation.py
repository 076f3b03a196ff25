"""The settings of imitation: learning the moves of stored games."""

from __future__ import annotations

from typing import Literal

from alphazero.config.schema import EvaluationConfig, Experiment
from alphazero.config.section import Fraction, Settings, Texts, setting


class ExpertGamesConfig(Settings):
    """Which games are imitated, and how much of them in a generation."""

    games: Texts = setting(
        ("games",),
        "Folders of stored games, such as those of `alphazero selfplay` or a run's selfplay/.",
        min_length=1,
    )
    held_out: Fraction = setting(
        0.1, "Share of the games, drawn by the seed, that is measured on and never learned from."
    )
    steps: int = setting(200, "Training steps of a generation.", ge=1, le=10**7)
    measured: int = setting(
        4096, "Positions of games held out that a generation is measured on.", ge=1, le=10**7
    )


class ImitationConfig(Experiment):
    """All settings of imitation."""

    method: Literal["imitation"] = setting(
        "imitation", "imitation: the network learns the moves and the results of stored games."
    )
    imitation: ExpertGamesConfig = setting(ExpertGamesConfig(), "Which games are imitated.")
    evaluation: EvaluationConfig = setting(
        EvaluationConfig(player="policy:temperature=0"), "How strength is measured."
    )
