"""Expert iteration (AlphaGo Zero, AlphaZero): search improves the policy, the network learns what search found.

A generation is: self-play with the network that plays, training on the replay window, perhaps a gate.
"""

import copy
import math
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from alphazero.config import Config
from alphazero.data.games import Games, join, no_games, select
from alphazero.data.samples import ValueTarget
from alphazero.data.window import ReplayWindow
from alphazero.distributed.fleet import Fleet
from alphazero.distributed.pool import Losses
from alphazero.distributed.ray_transport import RayTransport, require_ray
from alphazero.distributed.worker import Setup
from alphazero.learning.learner import load_weights, mean_metrics, new_learner
from alphazero.learning.losses import policy_value_loss
from alphazero.methods.selfplay_counts import counts_of, fleet_row, selfplay_row
from alphazero.moments import during
from alphazero.network import save_model
from alphazero.network.model import Network
from alphazero.run.method import STORED, Column, Method, UnderWay
from alphazero.run.run import Run
from alphazero.search import NetworkEvaluator
from alphazero.selfplay.inference import selfplay_inference
from alphazero.selfplay.selfplay import Tally
from alphazero.selfplay.workers import Workers
from games import Game
from games.options import derived_seed

FRESH_SAMPLES = 1024  # positions of a generation's games on which it is measured before it is learned from
FLEET = (Column("workers", "workers", ">7"), Column("lost_games", "lost", ">5"))
LEARNED = ("policy_loss", "value_loss", "policy_entropy", "value_accuracy", "gradient_norm", "learning_rate")


class ExpertIteration(Method):
    """The networks, the window and the self-play of a run of expert iteration."""

    columns: tuple[Column, ...] = (
        *STORED,
        Column("positions_per_second", "pos/s", ">6.0f"),
        Column("network_share", "net", ">4.0%"),
        Column("policy_loss", "policy", ">6.3f"),
        Column("value_loss", "value", ">5.3f"),
        Column("game_length_mean", "length", ">6.1f"),
    )

    def __init__(self, run: Run):
        assert isinstance(run.config, Config)
        self.config, self.game = run.config, run.game
        config = self.config
        self.learner = new_learner(self.game, config)
        self.best = copy.deepcopy(self.learner.playing) if config.run.gate else None
        self.loss = policy_value_loss(config.training.value_weight)
        self.window = ReplayWindow(
            self.game,
            config.replay.window_min,
            config.replay.window_max,
            config.replay.window_growth,
            config.replay.surprise_weight,
        )
        self.target = ValueTarget(config.training.result_weight, config.training.value_steps)
        self.sample_debt = 0.0  # samples still to be trained on
        self.unseen = [no_games(self.game)]  # games that the window is not to hold before all is learned
        self.inference = selfplay_inference(
            self.playing, self.game, config, config.selfplay, config.device, run.progress.inference_choice
        )
        run.compute_as(self.inference.choice)
        self.fleet = _fleet(self.game, config, self.inference.choice)
        if self.fleet is not None:
            self.columns = (*self.columns, *FLEET)
            self.fleet.load(self.playing)
        self.selfplay = self.fleet or Workers(
            self.game, NetworkEvaluator(self.inference), config.search, config.selfplay, config.seed
        )

    @property
    def playing(self) -> Network:
        """Return the network that plays: the last one that passed the gate, or simply the newest."""
        return self.best if self.best is not None else self.learner.playing

    def begin(self, run: Run) -> None:
        """Fill the window again from the newest shards; games that were played while it learned come in later."""
        counts, beside = run.progress.counts, self.config.training.beside_selfplay
        new_games, new_positions = (int(counts.get(name, 0)) * beside for name in ("games", "positions"))
        stored = join(
            [no_games(self.game), *run.newest_games(lambda n: self.window.size_after(n) + new_positions)]
        )
        first = max(0, stored.num_games - new_games)
        self.unseen = [select(stored, first, stored.num_games)]
        self.window.refill([select(stored, 0, first)], run.progress.positions - new_positions)

    def iterate(self, run: Run) -> dict[str, float]:
        """Play the games of a generation, learn from the window, and let the network play if it passes the gate."""
        if self.config.training.beside_selfplay:
            learned = self._learn_beside(run)
            fresh = self._measure_fresh(run)
        else:
            self._play(run)
            fresh = self._measure_fresh(run)
            self._owe(run)
            learned = self._learn(run)
        if self.best is not None:
            self._gate(run, self.best)
        self._load()
        return {
            **selfplay_row(run.progress.counts),
            **({} if self.fleet is None else fleet_row(self.fleet, run.progress.counts)),
            **{name: learned.get(name, math.nan) for name in LEARNED},
            **fresh,
            "bad_steps": self.learner.bad_steps,
            "window_positions": self.window.num_samples,
        }

    def _play(self, run: Run) -> None:
        """Play the games that the generation still lacks, shard by shard."""
        play, counts = self.config.selfplay, run.progress.counts
        while (done := int(counts.get("games", 0))) < play.games_per_generation:
            wanted = min(play.shard_games, play.games_per_generation - done)

            def show(ended: int, positions: int, wanted: int = wanted) -> None:
                run.phase(f"self-play {ended}/{wanted}", seldom=True)

            with during("self-play"):
                games = self.selfplay.play(wanted, progress=show)
            self._keep(run, games)

    def _keep(self, run: Run, games: Games) -> None:
        """Store finished games, add them to the window, unless it is learned from, and commit."""
        if self.config.training.beside_selfplay:
            self.unseen.append(games)
        else:
            self.window.add(games)
        counts = counts_of(games, self.config.selfplay.resign_threshold, self.selfplay.tally)
        self.selfplay.tally = Tally()
        if self.fleet is not None:
            counts |= self.fleet.losses._asdict()
            self.fleet.losses = Losses()
        run.store(games, self, **counts)

    def _measure_fresh(self, run: Run) -> dict[str, float]:
        """Measure the losses on the games of this generation before anything is learned from them."""
        if not self.window.num_samples:
            return {"fresh_policy_loss": math.nan, "fresh_value_loss": math.nan}
        rng = np.random.default_rng([self.config.seed, run.progress.generation, 1])
        newest = int(run.progress.counts.get("games", 0))
        samples = self.window.draw(
            FRESH_SAMPLES, rng, self.target, self.config.training.symmetries, newest_games=newest
        )
        measured = self.learner.evaluate(self.loss, samples)
        return {f"fresh_{name}": measured[name] for name in ("policy_loss", "value_loss")}

    def _learn_beside(self, run: Run) -> dict[str, float]:
        """Play the games of a generation, and train on those before meanwhile; then let them into the window."""
        stop = threading.Event()
        with ThreadPoolExecutor(1, thread_name_prefix="learner") as thread:
            learned = thread.submit(self._learn, run, stop.is_set)
            try:
                self._play(run)
            except BaseException:
                stop.set()
                raise
            metrics = learned.result()
        self.window.add(join(self.unseen))
        self.unseen = [no_games(self.game)]
        self._owe(run)
        return metrics

    def _owe(self, run: Run) -> None:
        """Count the samples that the generation's positions are to be trained on, replay_ratio each."""
        positions = int(run.progress.counts.get("positions", 0))
        self.sample_debt += positions * self.config.training.replay_ratio

    def _learn(self, run: Run, is_stopped: Callable[[], bool] | None = None) -> dict[str, float]:
        """Train on the window for the samples that are owed; return the mean metrics.

        A window without a position to learn from is passed over, and what it would have been trained on forgotten.
        is_stopped: given where others work meanwhile; it may end the training, and nothing is shown.
        """
        training = self.config.training
        rng = np.random.default_rng([self.config.seed, run.progress.generation])
        steps = int(self.sample_debt // training.batch_size)
        self.sample_debt -= steps * training.batch_size
        rows = []
        with during("training"):
            for step in range(steps if self.window.num_samples else 0):
                samples = self.window.draw(training.batch_size, rng, self.target, training.symmetries)
                with during("step"):
                    rows.append(self.learner.step(self.loss, samples, run.schedule(step / steps)))
                if is_stopped is not None:
                    if is_stopped():
                        break
                elif step % 10 == 0:
                    run.phase(f"training {step}/{steps}")
        return mean_metrics(rows)

    def _gate(self, run: Run, best: Network) -> None:
        """Let the candidate play from now on if it takes enough points from the network that plays."""
        assert run.evaluation is not None
        settings = self.config.run
        files = run.network_file("candidate.safetensors"), run.network_file("best.safetensors")
        for file, network in zip(files, (self.learner.playing, best), strict=True):
            save_model(file, network, self.game)
        with during("gate"):
            seed = derived_seed(self.config.seed, run.generation)
            match = run.evaluation.match(*files, settings.gate_games, seed, run.show_games("gate"))
        for file in files:
            file.unlink()
        passed = match.share >= settings.gate_threshold
        if passed:
            best.load_state_dict(self.learner.playing.state_dict())
        run.log("gate", share=match.share, passed=passed)

    def save(self, path: Path, provenance: Mapping[str, Any]) -> None:
        """Write the network that plays."""
        save_model(path, self.playing, self.game, provenance)

    def state(self) -> dict[str, Any]:
        """Return the learner, the network that plays where it is another, and the samples still to be trained on."""
        best = None if self.best is None else self.best.state_dict()
        return {"learner": self.learner.state(), "best": best, "sample_debt": self.sample_debt}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` returned, or an earlier version, which called the learner a trainer."""
        self.learner.restore(state["learner"] if "learner" in state else state["trainer"])
        best = state["best"]
        if not (best is None or isinstance(best, dict)):
            raise ValueError(
                f"best is a {type(best).__name__}: expected the weights of a network, or nothing"
            )
        if self.best is not None:
            load_weights(self.best, best or self.learner.playing.state_dict())
        debt = state["sample_debt"] if "sample_debt" in state else state["earlier"]["sample_debt"]
        if not 0.0 <= debt < math.inf:
            raise ValueError(f"sample_debt is {debt!r}: expected a number of at least 0")
        self.sample_debt = float(debt)
        self._load()

    def _load(self) -> None:
        """Let self-play go on with the network that plays."""
        self.inference.load(self.playing)  # self-play forgets its cache when it starts again
        if self.fleet is not None:
            self.fleet.load(self.playing)

    def under_way(self) -> UnderWay:
        """Return the games of self-play that are not finished."""
        return UnderWay(*self.selfplay.state())

    def go_on(self, under_way: UnderWay) -> None:
        """Go on with games of an earlier process."""
        if self.fleet is None and "incarnation" in under_way.arrays:
            raise ValueError("its games were played by a fleet: go on with distributed.workers of at least 1")
        self.selfplay.restore(*under_way)

    def close(self) -> None:
        """End the workers of a fleet."""
        if self.fleet is not None:
            self.fleet.close()


def _fleet(game: Game, config: Config, choice: Mapping[str, Any]) -> Fleet | None:
    """Return who plays where it is not this process; ValueError where Ray is not installed."""
    if not config.distributed.workers:
        return None
    require_ray()
    setup = Setup(config.to_toml(), choice)
    return Fleet(game, config, lambda: RayTransport(setup, config.distributed))
