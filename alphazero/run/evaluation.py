"""Strength during a run: ratings in a pool of anchors and earlier generations, the gate, the last match.

Every network that is rated, the newest and its forerunners alike, is read from its file by one text: so a rating
does not depend on which process made it, nor on how fast the machine was then.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alphazero.arena.match import play_match
from alphazero.arena.players import Player, find_kind, make_player, parse_player
from alphazero.arena.pool import RatingPool
from alphazero.arena.result import MatchResult
from alphazero.config import Experiment
from alphazero.play.progress import Progress
from alphazero.run.names import generation_name, model_file
from games.options import derived_seed, format_spec, parse_spec
from games.protocol import Game

NOT_FROM_SEARCH = ("gumbel", "simulations")  # options of players that self-play's search does not decide


class Evaluation:
    """Rates generations of one run; a generation's name is "generation 12" and its network lies in checkpoints/."""

    def __init__(
        self,
        game: Game,
        config: Experiment,
        checkpoints: Path,
        pool: dict[str, Any] | None = None,
        choice: dict[str, Any] | None = None,
    ):
        """Take the `RatingPool` of a run that goes on, and how the run computes its network (`Inference.choice`).

        Raises ValueError for an anchor, a final opponent or a player of networks that cannot be used.
        """
        self.game, self.config, self.checkpoints, self.choice = game, config, checkpoints, choice
        settings = config.evaluation
        self._check_own_player()
        for anchor in settings.anchors:
            _check_player(anchor, game, "evaluation.anchors")
        if settings.final_opponent:
            _check_player(settings.final_opponent, game, "evaluation.final_opponent")
        self.pool = RatingPool(settings.anchors)
        if pool:
            began = RatingPool.from_dict(pool)
            if began.anchors != self.pool.anchors:
                raise ValueError(
                    f"evaluation.anchors={list(settings.anchors)!r}: the run began with "
                    f"{list(began.anchors)!r}, to which its ratings are relative: go on with them"
                )
            self.pool = began

    def _check_own_player(self) -> None:
        text = self.config.evaluation.player
        try:
            kind, given = parse_spec(text)
            if "path" not in _option_names(kind) or "path" in given:
                raise ValueError(
                    "expected a player with a network, without its path, such as model or policy"
                )
            parse_player(self.text(Path("model.safetensors"), 1))
        except ValueError as error:
            raise ValueError(f"evaluation.player={text!r}: {error}") from None

    def text(self, model: Path, simulations: int) -> str:
        """Return the player that plays with the network of a file, as text.

        It is the one of evaluation.player, with the search of [search] and so many simulations where that does not
        say more, and with the network computed as the run does it.
        """
        kind, given = parse_spec(self.config.evaluation.player)
        known = _option_names(kind)
        options: dict[str, Any] = {"path": model, "precision": self.config.network.precision}
        if self.choice is not None:
            options["variant"] = self.choice["variant"]
        search = getattr(self.config, "search", None)
        for name in known:
            if search is not None and name not in NOT_FROM_SEARCH and hasattr(search, name):
                options[name] = getattr(search, name)
        options["simulations"] = simulations
        defaults = {name: value for name, value in options.items() if name in known}
        return format_spec(kind, {**defaults, **given})

    def player(self, model: Path, name: str, simulations: int, seed: int) -> Player:
        """Return the player of a network's file, called `name`."""
        player = make_player(self.text(model, simulations), self.game, seed=seed, device=self.config.device)
        player.name = name
        return player

    def rate(
        self,
        generation: int,
        seed: int,
        damaged: frozenset[str] = frozenset(),
        progress: Progress | bool = False,
    ) -> list[MatchResult]:
        """Play the games of a rating of a generation, whose file exists, and add them to the pool.

        Earlier generations whose files are gone, or are among the `damaged` names, do not play any more.
        """
        pool, device = self.pool, self.config.device
        settings = self.config.evaluation
        if not pool.generations:
            pool.calibrate(self.game, settings.games, seed=seed, device=device, progress=progress)
        name = generation_name(generation)
        earlier = {
            other: self._earlier(other, seed)
            for other in pool.generations
            if self._file(other).exists() and self._file(other).name not in damaged
        }
        with self.player(self._file(name), name, settings.simulations, seed) as player:
            return pool.evaluate(
                player,
                self.game,
                settings.games,
                seed=seed,
                device=device,
                earlier=earlier,
                progress=progress,
            )

    def _earlier(self, name: str, seed: int) -> Callable[[], Player]:
        return lambda: self.player(self._file(name), name, self.config.evaluation.simulations, seed)

    def _file(self, name: str) -> Path:
        return self.checkpoints / model_file(int(name.split()[-1]))

    def match(
        self, candidate: Path, best: Path, games: int, seed: int, progress: Progress | bool = False
    ) -> MatchResult:
        """Return the match of a candidate's network against the one that plays now, both in files: the gate."""
        simulations = self.config.evaluation.simulations
        with (
            self.player(candidate, "candidate", simulations, seed) as new,
            self.player(best, "best", simulations, seed) as old,
        ):
            return play_match(new, old, self.game, games, seed=seed, progress=progress)

    def final_match(self, model: Path, seed: int, progress: Progress | bool = False) -> MatchResult | None:
        """Return the match against the final opponent, None where the settings name none."""
        settings = self.config.evaluation
        if not settings.final_opponent:
            return None
        text, own_seed = settings.final_opponent, derived_seed(seed, 1)
        with (
            self.player(model, "this model", settings.final_simulations, seed) as player,
            make_player(text, self.game, seed=own_seed, device=self.config.device) as opponent,
        ):
            return play_match(player, opponent, self.game, settings.final_games, seed=seed, progress=progress)


def _check_player(player: str, game: Game, setting: str) -> None:
    try:
        make_player(player, game, seed=0, device="cpu").close()
    except ValueError as error:
        raise ValueError(f"{setting}: {error}") from None


def _option_names(kind: str) -> list[str]:
    return [option.name for option in find_kind(kind).options]
