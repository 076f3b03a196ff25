"""Imitation: the network learns the moves and the results of stored games (behaviour cloning).

Its loss is -log pi(a|s) of the move a that was played in s, and that of the result for the value: the supervised step
of AlphaGo (Silver et al. 2016, "Supervised learning of policy networks"). Games held out, whole ones, tell how well it
predicts games that it has not seen. Nothing is played.
"""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from alphazero.config.imitation import ImitationConfig
from alphazero.data.games import Games, join, take
from alphazero.data.samples import ValueTarget
from alphazero.data.shards import read_folder
from alphazero.data.window import ReplayWindow
from alphazero.learning.learner import mean_metrics, new_learner
from alphazero.learning.losses import policy_value_loss
from alphazero.moments import during
from alphazero.network import Inference, calibration_planes, save_model
from alphazero.run.method import Column, Method
from alphazero.run.run import Run
from games import Game

TARGET = ValueTarget(weight=1.0, steps=0, bootstrap=False)  # the result of the game


class Imitation(Method):
    """The network and the games of a run of imitation."""

    columns = (
        Column("policy_loss", "policy", ">6.3f", "learned from"),
        Column("value_loss", "value", ">5.3f", "learned from"),
        Column("held_out_policy_loss", "policy", ">6.3f", "held out"),
        Column("held_out_value_loss", "value", ">5.3f", "held out"),
        Column("held_out_accuracy", "moves", ">5.1%", "held out"),
    )

    def __init__(self, run: Run):
        assert isinstance(run.config, ImitationConfig)
        self.config, self.game = run.config, run.game
        self.learner = new_learner(self.game, self.config)
        self.loss = policy_value_loss(self.config.training.value_weight)
        games = read_all(self.config.imitation.games, self.game)
        self.digest = hashlib.sha256(games.starts.tobytes() + games.actions.tobytes()).hexdigest()
        self.learned, self.held_out = self._split(games)
        run.compute_as(run.progress.inference_choice or self._inference().choice)

    def _inference(self) -> Inference:
        return Inference(
            self.learner.playing,
            self.config.device,
            batch_size=64,
            precision=self.config.network.precision,
            calibration=calibration_planes(self.game),
        )

    def _split(self, games: Games) -> tuple[ReplayWindow, ReplayWindow]:
        """Return the games that are learned from and those that are held out, drawn by the seed."""
        order = np.random.default_rng(self.config.seed).permutation(games.num_games)
        count = round(self.config.imitation.held_out * games.num_games)
        windows = []
        for chosen in (order[count:], order[:count]):
            window = ReplayWindow(self.game, 2**62, 2**62, 1.0)
            window.add(take(games, np.sort(chosen)))
            windows.append(window)
        if not windows[0].num_samples:
            raise ValueError(
                f"imitation.held_out={self.config.imitation.held_out} leaves no game to learn from"
            )
        return windows[0], windows[1]

    def iterate(self, run: Run) -> dict[str, float]:
        """Take the steps of a generation, then measure on games held out."""
        settings, training = self.config.imitation, self.config.training
        rng = np.random.default_rng([self.config.seed, run.generation])
        rows = []
        for step in range(settings.steps):
            samples = self.learned.draw(training.batch_size, rng, TARGET, training.symmetries)
            with during("step"):
                rows.append(self.learner.step(self.loss, samples, run.schedule(step / settings.steps)))
            if step % 10 == 0:
                run.phase(f"training {step}/{settings.steps}")
        return {**mean_metrics(rows), **self._measure(), "bad_steps": self.learner.bad_steps}

    def _measure(self) -> dict[str, float]:
        """Return the losses and the share of moves named right, on the same positions held out every time."""
        names = ("policy_loss", "value_loss", "accuracy")
        if not self.held_out.num_samples:
            return {f"held_out_{name}": math.nan for name in names}
        rng = np.random.default_rng(self.config.seed)
        samples = self.held_out.draw(self.config.imitation.measured, rng, TARGET, symmetries=False)
        measured = self.learner.evaluate(self.loss, samples)
        return {f"held_out_{name}": measured[name] for name in ("policy_loss", "value_loss")} | {
            "held_out_accuracy": measured["policy_accuracy"]
        }

    def save(self, path: Path, provenance: Mapping[str, Any]) -> None:
        """Write the network that plays."""
        save_model(path, self.learner.playing, self.game, provenance)

    def state(self) -> dict[str, Any]:
        """Return the learner, and which games it learns from."""
        return {"learner": self.learner.state(), "games": self.digest}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` returned; ValueError when the games are no longer those that the run began with."""
        if state["games"] != self.digest:
            folders = ", ".join(self.config.imitation.games)
            raise ValueError(f"the games in {folders} are others than those that the run began with")
        self.learner.restore(state["learner"])


def read_all(folders: tuple[str, ...], game: Game) -> Games:
    """Return the games of all folders without labels, so that samples teach the moves that were played.

    ValueError when a shard cannot be read or is of another game.
    """
    parts = []
    for folder in folders:
        _, games, bad = read_folder(folder, game)
        if bad:
            raise ValueError(f"imitation.games: {bad[0]}")
        parts.append(games._replace(labels=None))
    return join(parts)
