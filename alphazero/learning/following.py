"""What a process does that follows: it learns its part of every batch that the leader sends, until the leader ends."""

from __future__ import annotations

import games
from alphazero.learning.learner import Learner, TrainingDiverged, build_learner
from alphazero.learning.ranks import Begin, End, Ranks, RanksLost, Restore, Step
from alphazero.network import set_threads


def follow(ranks: Ranks) -> None:
    """Work for the leader until it has ended; ValueError, one line, when it is gone without a word."""
    learner: Learner | None = None
    try:
        while not isinstance(task := ranks.take(), End):
            if isinstance(task, Begin):
                set_threads(task.config.threads)
                learner = build_learner(games.parse(task.config.game), task.config, task.precision, ranks)
            elif isinstance(task, Restore):
                assert learner is not None
                learner.go_back(task.state)
            elif isinstance(task, Step):
                assert learner is not None
                learner.step_on(task)
    except TrainingDiverged:  # the leader says so
        return
    except RanksLost as error:
        if not ranks.left:
            raise ValueError(f"rank {ranks.rank}: {error}") from None
