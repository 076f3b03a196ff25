"""One run of training: what every method shares. Its clock, stored games, metrics, ratings and commits.

A method is given the run and calls `phase`, `store`, `log` and `newest_games`; `alphazero.run.loop` drives both.
After every shard of games and every generation the run commits what it needs to go on exactly there.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import games as rules
from alphazero.arena.rating import Interval
from alphazero.arena.result import MatchResult
from alphazero.config import Experiment
from alphazero.data.games import Games
from alphazero.data.shards import ShardError, read_shard, set_aside, write_shard
from alphazero.moments import during
from alphazero.play.progress import Progress as PlayProgress
from alphazero.run import checkpoints
from alphazero.run.display import Display
from alphazero.run.evaluation import Evaluation
from alphazero.run.folder import RunFolder
from alphazero.run.integrity import RESTORE, Damage
from alphazero.run.method import Method
from alphazero.run.names import MODEL, generation_name, learner_file, model_file, shard_name
from alphazero.run.progress import Progress
from alphazero.search.pace import thinking_clock
from games.options import derived_seed

REFRESH_SECONDS = 0.5  # between two looks of the display at what is going on


class Run:
    """A run that is being worked on in its folder.

    config, game: what is learned; progress: what has been done; evaluation: how it is rated. `damage` is what an
    earlier process left that cannot be used. ValueError for another game or method than the run began with.
    """

    def __init__(
        self, config: Experiment, folder: RunFolder, progress: Progress, damage: Damage | None = None
    ):
        self.config, self.folder, self.progress = config, folder, progress
        self.damage = damage or Damage({}, {}, [])
        self.game = rules.parse(config.game)
        self._check_identity()
        self.display: Display | None = None
        self.evaluation: Evaluation | None = None  # made once it is known how the network is computed
        self.rating: Interval | None = None  # the last one of the network
        self.messages = list(self.damage.notes)
        for name, reason in self.damage.checkpoints.items():
            if not name.endswith(".pt"):  # of a learner it is said which other one goes on
                self.messages.append(f"{self.network_file(name)}: {reason}; it is not rated against any more")
        self._shown = 0.0
        self._started = thinking_clock()
        self._minutes_before = progress.minutes

    def _check_identity(self) -> None:
        spec, progress = rules.spec(self.game), self.progress
        for what, now, began in (
            ("game", spec, progress.game),
            ("method", self.config.method, progress.method),
        ):
            if began not in ("", now):
                raise ValueError(
                    f"{self.folder.path}: a run of {began} cannot go on with {what}={now}: begin a new run"
                )
        progress.game, progress.method = spec, self.config.method

    # The clock

    @property
    def generation(self) -> int:
        """Return the number of the generation that is being worked on, from 1."""
        return self.progress.generation + 1

    @property
    def minutes(self) -> float:
        """Return the minutes of training so far, those of earlier processes included, without those of compiling."""
        return self._minutes_before + (thinking_clock() - self._started) / 60.0

    @property
    def over(self) -> bool:
        """Whether a limit of minutes or generations has been reached."""
        return self.progress.fraction_done(self.config.run, self.minutes) >= 1.0

    def schedule(self, within: float = 0.0) -> float:
        """Return how much of the run is over in [0, 1], 0 where it has no limit; `within`: of this generation.

        It goes by generations where they limit the run, so that runs can be repeated.
        """
        if self.config.run.generations:
            return (self.progress.generation + within) / self.config.run.generations
        return self.progress.fraction_done(self.config.run, self.minutes)

    # What a method tells

    def phase(self, text: str, seldom: bool = False) -> None:
        """Show what is being done now; `seldom`: only if nothing was shown for half a second."""
        if self.display is not None and (self._is_time() or not seldom):
            self.display.phase(f"gen {self.generation}: {text}", self.minutes)

    def show_games(self, what: str) -> PlayProgress:
        """Say what games are played for, and return what shows how many have ended."""
        if self.display is not None:
            self.display.phase(what, self.minutes)

        def show(_: str, done: int, total: int) -> None:
            if self.display is not None and self._is_time():
                self.display.phase(f"{what} {done}/{total}", self.minutes)

        return show

    def _is_time(self) -> bool:
        """Whether nothing was shown for half a second."""
        now = time.monotonic()
        if now - self._shown < REFRESH_SECONDS:
            return False
        self._shown = now
        return True

    def log(self, event: str, **values: Any) -> None:
        """Write an event of this generation into metrics.jsonl."""
        self.folder.log(event, generation=self.generation, **values)

    def compute_as(self, choice: dict[str, Any]) -> None:
        """Keep how the network is computed (`Inference.choice`), for ratings and for later processes."""
        self.progress.inference_choice = choice
        self.evaluation = Evaluation(
            self.game, self.config, self.folder.path / "checkpoints", self.progress.pool, choice
        )
        if self.evaluation.pool.generations:
            self.rating = self.evaluation.pool.ratings()[self.evaluation.pool.generations[-1]]

    def store(self, games: Games, method: Method, **counts: float) -> None:
        """Store finished games as a shard and commit; `counts` are added to the sums of the generation."""
        progress = self.progress
        name = shard_name(self.generation, len(progress.shards))
        with during("shard"):
            write_shard(
                self.folder.path / "selfplay",
                name,
                self.game,
                games,
                generation=self.generation,
                seed=self.config.seed,
            )
        progress.shards.append(name)
        progress.games += games.num_games
        progress.positions += games.num_positions
        progress.count(games=games.num_games, positions=games.num_positions, **counts)
        self._commit(method, f"{name}.under_way")

    def newest_games(self, positions: Callable[[int], int]) -> list[Games]:
        """Return the newest stored shards, oldest first, with so many positions: a function of all of the run."""
        wanted, found, parts = positions(self.progress.positions), 0, []
        for name in reversed(self.progress.shards):
            if found >= wanted:
                break
            if name in self.progress.bad_shards:
                continue
            try:
                parts.append(read_shard(self._shard(name), self.game))
                found += parts[-1].num_positions
            except ShardError as error:
                self._set_aside(name, str(error))
        return parts[::-1]

    def network_file(self, name: str) -> Path:
        """Return the path of a file in checkpoints/."""
        return self.folder.path / "checkpoints" / name

    # What the loop does with a method

    def restore(self, method: Method) -> None:
        """Give a method back what an earlier process saved; changes no file. ValueError when it cannot be used."""
        if self.progress.checkpoint:
            self._restore_learner(method)
        if self.progress.under_way:
            path = self.network_file(self.progress.under_way)
            kept = checkpoints.load_under_way(path, self.game)
            try:
                method.go_on(kept)
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from None
            except (KeyError, IndexError, TypeError) as error:
                raise ValueError(f"{path}: not the games under way of this run: {error!r}") from None

    def _restore_learner(self, method: Method) -> None:
        """Give the method its newest checkpoint that can be read; ValueError when there is none."""
        learners = [name for name in self.progress.files if name.endswith(".pt")]
        reasons: list[str] = []
        for name in sorted(learners, reverse=True):
            path = self.network_file(name)
            try:
                if name in self.damage.checkpoints:
                    raise ValueError(f"{path}: {self.damage.checkpoints[name]}")
                state = checkpoints.load_learner(path)
            except ValueError as error:
                reasons.append(str(error))
                continue
            _restore_state(method, {**state, "earlier": self.progress.earlier}, path)
            self.messages += [f"{reason}; going on with {name} instead" for reason in reasons]
            return
        raise ValueError(f"{'; '.join(reasons)}; there is no older one: {RESTORE}")

    def begin(self, method: Method, event: str) -> None:
        """Set bad shards aside, log how this process begins, let the method read stored games, and commit.

        Commits how the network is computed above all, so that a run that is killed computes it in the same way.
        """
        progress = self.progress
        self._started = thinking_clock()  # what was prepared until now is no training
        self.folder.log(
            event,
            game=progress.game,
            seed=self.config.seed,
            generation=progress.generation,
            minutes=progress.minutes,
        )
        for name, reason in self.damage.shards.items():
            self._set_aside(name, reason)
        method.begin(self)
        self.folder.commit(progress)

    def _set_aside(self, name: str, reason: str) -> None:
        set_aside(self._shard(name))
        self.progress.bad_shards.append(name)
        self.messages.append(f"set aside: {reason}")
        self.folder.log("bad_shard", shard=name, reason=reason, bad_shards=len(self.progress.bad_shards))

    def _shard(self, name: str) -> Path:
        return self.folder.path / "selfplay" / f"{name}.npz"

    def finish_generation(self, method: Method, row: Mapping[str, float]) -> None:
        """Log a generation, rate it when it is time, write learner and model, and commit."""
        progress = self.progress
        whole = {"games": progress.games, "positions": progress.positions, **row}
        self.log("generation", minutes=self.minutes, **whole)
        progress.generation += 1
        if self.display is not None:
            shown = {"generation": progress.generation, "minutes": self.minutes, **whole}
            self.display.generation(shown, self.rating)
        if self._rating_is_due(self.over):
            self._rate(method)
        with during("learner"):
            checkpoints.save_learner(self.network_file(learner_file(progress.generation)), method.state())
        self._save_model(method, self.folder.path / MODEL)
        progress.checkpoint = learner_file(progress.generation)
        progress.files.append(progress.checkpoint)
        progress.counts, progress.earlier = {}, {}
        self._commit(method, f"learner-{progress.generation:06d}.under_way")

    def _rating_is_due(self, over: bool) -> bool:
        settings, progress = self.config.evaluation, self.progress
        by_count = settings.every_generations and progress.generation % settings.every_generations == 0
        by_time = (
            settings.every_minutes
            and self.minutes - progress.rated_minutes >= settings.every_minutes
            and progress.rating_minutes <= settings.max_share * self.minutes
        )
        return bool(by_count or by_time or (over and settings.every_minutes))

    def _rate(self, method: Method) -> None:
        assert self.evaluation is not None
        settings, progress = self.config, self.progress
        name = generation_name(progress.generation)
        file, began = model_file(progress.generation), self.minutes
        self._save_model(method, self.network_file(file))
        with during("rating"):
            seed = derived_seed(settings.seed, progress.generation)
            damaged = frozenset(self.damage.checkpoints)
            self.evaluation.rate(progress.generation, seed, damaged, self.show_games("rating"))
        ratings = self.evaluation.pool.ratings()
        self.rating = ratings[name]
        progress.pool, progress.elo = self.evaluation.pool.as_dict(), str(self.rating)
        progress.rated_minutes = self.minutes
        progress.rating_minutes += self.minutes - began
        progress.files.append(file)
        self.folder.log(
            "rating",
            generation=progress.generation,
            minutes=self.minutes,
            games=progress.games,
            positions=progress.positions,
            players=ratings.as_dict(),
            current=name,
        )
        if self.display is not None:
            self.display.write(f"      Elo after generation {progress.generation}: {progress.elo}")

    def _commit(self, method: Method, under_way: str) -> None:
        """Write what is under way, commit, and remove the files that no commit names any more."""
        progress = self.progress
        learners = [name for name in progress.files if name.endswith(".pt")]
        old = learners[: -self.config.run.keep_checkpoints]
        old += [name for name in progress.files if name.endswith(".under_way")]
        progress.files = [name for name in progress.files if name not in old]
        kept = method.under_way()
        progress.under_way = None if kept is None else under_way
        if kept is not None:
            with during("under way"):
                checkpoints.save_under_way(self.network_file(under_way), kept)
            progress.files.append(under_way)
        progress.minutes = self.minutes
        self.folder.commit(progress)
        self.folder.remove(old)

    def _save_model(self, method: Method, path: Path) -> None:
        progress = self.progress
        with during("model"):
            method.save(
                path,
                {
                    "run": self.folder.path.name,
                    "generation": progress.generation,
                    "games": progress.games,
                    "positions": progress.positions,
                    "minutes": round(self.minutes, 2),
                    "seed": self.config.seed,
                },
            )

    def last_match(self, method: Method) -> MatchResult | None:
        """Play the last match, if there is one, and commit that the run has ended; return its result."""
        assert self.evaluation is not None
        progress = self.progress
        if not (self.folder.path / MODEL).exists():  # no generation was finished
            self._save_model(method, self.folder.path / MODEL)
        with during("last match"):
            match = self.evaluation.final_match(
                self.folder.path / MODEL, self.config.seed, self.show_games("last match")
            )
        if match is not None:
            self.folder.log("match", **match.as_dict())
        self.folder.log(
            "end",
            generation=progress.generation,
            minutes=progress.minutes,
            games=progress.games,
            positions=progress.positions,
        )
        progress.ended, progress.match = progress.generation, match.summary() if match else ""
        self.folder.commit(progress)
        return match


def _restore_state(method: Method, state: Mapping[str, Any], path: Path) -> None:
    try:
        method.restore(state)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    except (KeyError, TypeError, AttributeError, RuntimeError, IndexError) as error:
        reason = " ".join(repr(error).split())[:200]
        raise ValueError(f"{path}: no checkpoint of this version of alphazero: {reason}") from None
