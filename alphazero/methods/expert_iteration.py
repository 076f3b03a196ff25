"""Expert iteration (AlphaGo Zero, AlphaZero): search improves the policy, the network learns what search found.

A generation is: self-play with the network that plays, training on the replay window, perhaps a gate, perhaps a
rating. After every shard of games and every generation the run commits what it needs to go on exactly there.
"""

import copy
import math
import time
from typing import Any

import numpy as np
import torch

import games as rules
from alphazero.data.games import Games
from alphazero.data.shards import ShardError, read_shard, set_aside, write_shard
from alphazero.data.window import ReplayWindow, ValueTarget
from alphazero.learning.learner import StepMetrics, Trainer, load_weights, mean_metrics
from alphazero.network import Inference, save_model
from alphazero.network.inference import resolve_device
from alphazero.network.model import for_game
from alphazero.network.variants import available_variants
from alphazero.run import checkpoints
from alphazero.run.display import Display
from alphazero.run.evaluation import Evaluation, generation_name, model_file
from alphazero.run.folder import RunFolder
from alphazero.run.progress import Progress
from alphazero.search import NetworkEvaluator
from alphazero.selfplay.selfplay import SelfPlay, Tally
from games.options import derived_seed

MODEL = "model.safetensors"  # the network that plays, in the run's folder
FRESH_SAMPLES = 1024  # positions of a generation's games on which it is measured before it is learned from


class ExpertIteration:
    """One run of training in its folder; `run` works until a limit is reached and may be called in a later process."""

    def __init__(self, config: Any, folder: RunFolder, progress: Progress):
        self.config, self.folder, self.progress = config, folder, progress
        self.game = rules.parse(config.game)
        self._check_game()
        self.device = resolve_device(config.device)
        torch.manual_seed(config.seed)
        self.trainer = Trainer(
            for_game(self.game, config.network),
            config.training,
            self.device,
            training_precision(config.network.precision, self.device),
        )
        self.best = copy.deepcopy(self.trainer.player) if config.run.gate else None
        self.window = ReplayWindow(
            self.game,
            config.replay.window_min,
            config.replay.window_max,
            config.replay.window_growth,
            config.replay.surprise_weight,
        )
        self.target = ValueTarget(config.training.result_weight, config.training.value_steps)
        if progress.checkpoint:
            self._restore_learner(progress.checkpoint)
        batch = math.ceil(config.selfplay.parallel_games / config.selfplay.groups)
        self.inference = Inference(
            self.playing,
            config.device,
            batch_size=batch,
            precision=config.network.precision,
            compile=config.network.compile,
            groups=config.selfplay.groups,
            choice=progress.inference_choice,
            multiple=max(1, batch // 8),
        )
        progress.inference_choice = self.inference.choice
        self.evaluation = Evaluation(
            self.game, config, folder.path / "checkpoints", progress.pool, self.inference.choice
        )
        self.selfplay = SelfPlay(
            self.game, NetworkEvaluator(self.inference), config.search, config.selfplay, config.seed
        )
        if progress.under_way:
            self.selfplay.restore(
                *checkpoints.load_under_way(self._checkpoint(progress.under_way), self.game)
            )
        self._fresh = {"fresh_policy_loss": math.nan, "fresh_value_loss": math.nan}
        self._started = time.monotonic()
        self._minutes_before = progress.minutes

    @property
    def playing(self) -> Any:
        """Return the network that plays: the last one that passed the gate, or simply the newest."""
        return self.best if self.best is not None else self.trainer.player

    @property
    def minutes(self) -> float:
        """Return the minutes of training so far, those of earlier processes included."""
        return self._minutes_before + (time.monotonic() - self._started) / 60.0

    @property
    def fraction_done(self) -> float:
        """Return how much of the run is over, in [0, 1]; 0 where it has no limit."""
        return self.progress.fraction_done(self.config.run, self.minutes)

    def begin(self, event: str) -> list[str]:
        """Log how this process begins, fill the window and commit; return a line for each shard that is bad.

        Commits how the network is computed above all, so that a run that is killed computes it in the same way.
        """
        progress = self.progress
        self.folder.log(
            event,
            game=progress.game,
            seed=self.config.seed,
            generation=progress.generation,
            minutes=progress.minutes,
        )
        bad = self._restore_window()
        self.folder.commit(progress.as_dict())
        return bad

    def run(self, display: Display) -> None:
        """Work until the limit of minutes or generations; TrainingDiverged when the losses stay infinite."""
        over = self.fraction_done >= 1.0
        while not over:
            self._play(display)
            metrics = self._learn(display)
            self.progress.generation += 1
            self._gate(display)
            self.inference.load(self.playing)  # self-play forgets its cache when it starts again
            self._log_generation(display, metrics)
            over = self.fraction_done >= 1.0
            self._rate(display, over)
            self._commit_generation()

    def _play(self, display: Display) -> None:
        """Play the games that the generation still lacks, shard by shard."""
        play, progress = self.config.selfplay, self.progress
        while progress.generation_games < play.games_per_generation:
            wanted = min(play.shard_games, play.games_per_generation - progress.generation_games)
            shown = [time.monotonic()]

            def show(ended: int, positions: int, wanted: int = wanted, shown: list[float] = shown) -> None:
                if time.monotonic() - shown[0] > 0.5:
                    shown[0] = time.monotonic()
                    display.phase(
                        progress.generation + 1,
                        f"self-play {ended}/{wanted}",
                        self.minutes,
                        games=progress.games + ended,
                    )

            games = self.selfplay.play(wanted, progress=show)
            self._keep(games)

    def _keep(self, games: Games) -> None:
        """Store finished games as a shard, add them to the window and commit."""
        progress = self.progress
        name = f"generation-{progress.generation + 1:06d}-{len(progress.shards):06d}"
        write_shard(
            self.folder.path / "selfplay",
            name,
            self.game,
            games,
            generation=progress.generation + 1,
            seed=self.config.seed,
        )
        self.window.add(games)
        progress.shards.append(name)
        progress.count(games, self.selfplay.tally, self.config.selfplay.resign_threshold)
        self.selfplay.tally = Tally()
        self._commit(f"{name}.under_way")

    def _learn(self, display: Display) -> StepMetrics:
        """Train on the window, replay_ratio samples for each new position; return the mean metrics."""
        training, progress = self.config.training, self.progress
        rng = np.random.default_rng([self.config.seed, progress.generation])
        progress.sample_debt += progress.generation_positions * training.replay_ratio
        steps = int(progress.sample_debt // training.batch_size)
        progress.sample_debt -= steps * training.batch_size
        self._measure_fresh()
        rows = []
        for step in range(steps):
            samples = self.window.draw(training.batch_size, rng, self.target, training.symmetries)
            rows.append(self.trainer.step(samples, self._schedule_progress(step / steps)))
            if step % 10 == 0:
                display.phase(
                    progress.generation + 1, f"training {step}/{steps}", self.minutes, games=progress.games
                )
        return mean_metrics([row for row in rows if row is not None])

    def _measure_fresh(self) -> None:
        """Measure the losses on the games of this generation before anything is learned from them."""
        training, progress = self.config.training, self.progress
        if not self.window.num_samples:
            return
        rng = np.random.default_rng([self.config.seed, progress.generation, 1])
        samples = self.window.draw(
            FRESH_SAMPLES, rng, self.target, training.symmetries, newest_games=progress.generation_games
        )
        self._fresh = {f"fresh_{name}": loss for name, loss in self.trainer.evaluate(samples).items()}

    def _schedule_progress(self, within: float) -> float:
        """Return the schedule's place: by generations where they limit the run, so that runs can be repeated."""
        if self.config.run.generations:
            return (self.progress.generation + within) / self.config.run.generations
        return self.fraction_done

    def _gate(self, display: Display) -> None:
        if self.best is None:
            return
        display.phase(self.progress.generation, "gate", self.minutes, self.progress.games)
        match = self.evaluation.gate(
            self.trainer.player, self.best, derived_seed(self.config.seed, self.progress.generation)
        )
        passed = match.share >= self.config.run.gate_threshold
        if passed:
            self.best.load_state_dict(self.trainer.player.state_dict())
        self.folder.log("gate", generation=self.progress.generation, share=match.share, passed=passed)

    def _rate(self, display: Display, over: bool) -> None:
        """Rate the generation when it is time, and when the run is over."""
        settings, progress = self.config.evaluation, self.progress
        by_count = settings.every_generations and progress.generation % settings.every_generations == 0
        by_time = settings.every_minutes and self.minutes - progress.rated_minutes >= settings.every_minutes
        if not (by_count or by_time or (over and settings.every_minutes)):
            return
        display.phase(progress.generation, "rating", self.minutes, progress.games)
        seed = derived_seed(self.config.seed, progress.generation)
        self.evaluation.rate(self.playing, progress.generation, seed)
        ratings = self.evaluation.pool.ratings()
        name = generation_name(progress.generation)
        progress.pool, progress.elo = self.evaluation.pool.as_dict(), str(ratings[name])
        progress.rated_minutes = self.minutes
        self._save_model(self._checkpoint(model_file(progress.generation)))
        progress.files.append(model_file(progress.generation))
        self.folder.log(
            "rating",
            generation=progress.generation,
            minutes=self.minutes,
            games=progress.games,
            positions=progress.positions,
            players=ratings.as_dict(),
            current=name,
        )
        display.write(f"      Elo after generation {progress.generation}: {progress.elo}")

    def _log_generation(self, display: Display, metrics: StepMetrics) -> None:
        row = {
            "generation": self.progress.generation,
            "minutes": self.minutes,
            **self.progress.generation_row(),
            **metrics._asdict(),
            **self._fresh,
            "bad_steps": self.trainer.bad_steps,
            "window_positions": self.window.num_samples,
        }
        self.folder.log("generation", **row)
        display.generation(row, self.progress.elo)

    def _commit_generation(self) -> None:
        """Write learner and model, and commit the finished generation."""
        progress = self.progress
        name = f"learner-{progress.generation:06d}.pt"
        state = {
            "trainer": self.trainer.state(),
            "best": None if self.best is None else self.best.state_dict(),
        }
        checkpoints.save_learner(self._checkpoint(name), state)
        self._save_model(self.folder.path / MODEL)
        progress.files.append(name)
        progress.checkpoint = name
        progress.begin_generation()
        self._commit(f"learner-{progress.generation:06d}.under_way")

    def _commit(self, under_way: str) -> None:
        """Write the games under way, commit, and remove the files that no commit names any more."""
        progress = self.progress
        checkpoints.save_under_way(self._checkpoint(under_way), *self.selfplay.state())
        progress.under_way = under_way
        learners = [name for name in progress.files if name.endswith(".pt")]
        old = learners[: -self.config.run.keep_checkpoints]
        old += [name for name in progress.files if name.endswith(".under_way")]
        progress.files = [name for name in progress.files if name not in old] + [under_way]
        progress.minutes = self.minutes
        self.folder.commit(progress.as_dict())
        self.folder.remove(old)

    def _save_model(self, path: Any) -> None:
        progress = self.progress
        save_model(
            path,
            self.playing,
            self.game,
            {
                "run": self.folder.path.name,
                "generation": progress.generation,
                "games": progress.games,
                "positions": progress.positions,
                "minutes": round(self.minutes, 2),
                "seed": self.config.seed,
            },
        )

    def _check_game(self) -> None:
        """Refuse to go on with another game than the run began with."""
        game = rules.spec(self.game)
        if self.progress.game not in ("", game):
            raise ValueError(
                f"{self.folder.path}: a run of {self.progress.game} cannot go on with game={game}: begin "
                "a new run"
            )
        self.progress.game = game

    def _restore_learner(self, name: str) -> None:
        path = self._checkpoint(name)
        state = checkpoints.load_learner(path, self.device)
        try:
            self.trainer.restore(state["trainer"])
            if self.best is not None:
                load_weights(self.best, state["best"] or self.trainer.player.state_dict())
        except KeyError as error:
            raise ValueError(
                f"{path}: no checkpoint of this version of alphazero: it lacks {error}"
            ) from None
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    def _restore_window(self) -> list[str]:
        """Fill the window again from the newest shards; set bad ones aside and return a line for each."""
        progress, parts, bad, positions = self.progress, [], [], 0
        for name in reversed([name for name in progress.shards if name not in progress.bad_shards]):
            if positions >= self.window.size_after(progress.positions):
                break
            path = self.folder.path / "selfplay" / f"{name}.npz"
            try:
                parts.append(read_shard(path, self.game))
                positions += parts[-1].num_positions
            except ShardError as error:
                set_aside(path)
                progress.bad_shards.append(name)
                bad.append(str(error))
                self.folder.log(
                    "bad_shard", shard=name, reason=str(error), bad_shards=len(progress.bad_shards)
                )
        self.window.refill(parts[::-1], progress.positions)
        return bad

    def _checkpoint(self, name: str) -> Any:
        return self.folder.path / "checkpoints" / name


def training_precision(precision: str, device: torch.device) -> str:
    """Return "bfloat16" where the settings allow it and the processor computes it fast, else "float32"."""
    if precision == "float32":
        return "float32"
    return (
        "bfloat16"
        if any(v.dtype == torch.bfloat16 for v in available_variants(device, "auto", False))
        else "float32"
    )
