"""How fast this machine plays and learns now, measured on the very work of a run, in a few seconds.

What counts here is the usual speed beside whatever else runs, not the best one: all workers play at once.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from alphazero.config import Config
from alphazero.data.samples import Samples
from alphazero.learning.learner import new_learner
from alphazero.network import Inference
from alphazero.run.forecast import Speed, evidence_for, forecast_text
from alphazero.search import NetworkEvaluator
from alphazero.selfplay.selfplay import Tally
from alphazero.selfplay.workers import Workers
from games.protocol import Game

if TYPE_CHECKING:
    from alphazero.learning.learner import Loss
    from alphazero.run.method import Method
    from alphazero.run.run import Run

WARM_UP_SECONDS, PLAY_SECONDS, LEARN_SECONDS = 0.5, 2.0, 1.0


def forecast(run: Run, method: Method) -> str:
    """Return the forecast of a run that begins, as a line; "" where nothing was measured with its settings."""
    from alphazero.methods.expert_iteration import ExpertIteration

    evidence = evidence_for(run.config)
    if evidence is None or not isinstance(method, ExpertIteration):
        return ""
    speed = Speed(
        rows_per_second(method.inference, run.game, method.config),
        steps_per_second(run.game, method.config, method.loss),
    )
    return forecast_text(method.config, evidence, speed)


def rows_per_second(inference: Inference, game: Game, config: Config) -> float:
    """Return the network rows a second of self-play, from openings of up to a third of the longest game."""
    play = config.selfplay.model_copy(update={"random_opening_plies": game.max_plies // 3})
    workers = Workers(game, NetworkEvaluator(inference), config.search, play, config.seed)
    for seconds in (WARM_UP_SECONDS, PLAY_SECONDS):
        workers.tally = Tally()
        began: list[float] = []

        def is_over(seconds: float = seconds, began: list[float] = began) -> bool:
            now = time.perf_counter()
            began.append(now)  # the first batch comes after what is compiled
            del began[1:]
            return now - began[0] > seconds

        workers.play(10**9, until=is_over)
    return workers.tally.rows / workers.tally.seconds


def steps_per_second(game: Game, config: Config, loss: Loss) -> float:
    """Return the training steps a second of a learner of the same settings, which is thrown away."""
    learner, count = new_learner(game, config), config.training.batch_size
    shape = (count, game.planes, *game.board_shape)
    batch = Samples(
        np.random.default_rng(0).random(shape, np.float32),
        np.full((count, game.num_actions), 1.0 / game.num_actions, np.float32),
        np.zeros(count, np.float32),
        np.zeros(count, np.int8),
        np.ones((count, game.num_actions), np.bool_),
    )
    for _ in range(2):
        learner.step(loss, batch)
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < LEARN_SECONDS:
        learner.step(loss, batch)
        steps += 1
    return steps / (time.perf_counter() - start)
