"""Strength during a run: ratings in a pool of anchors and earlier generations, the gate, the last match."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alphazero.arena.match import play_match
from alphazero.arena.players import Player, make_player
from alphazero.arena.pool import RatingPool
from alphazero.arena.result import MatchResult
from alphazero.arena.search_players import ModelPlayer
from alphazero.network import Inference
from alphazero.network.loading import load_inference
from alphazero.network.model import Network
from alphazero.search import Oracle

BATCH = 64  # rows that the players of ratings evaluate at once


class Evaluation:
    """Rates generations of one run; a generation's name is "generation 12" and its network lies in checkpoints/."""

    def __init__(
        self,
        game: Any,
        config: Any,
        checkpoints: Path,
        pool: dict[str, Any] | None = None,
        choice: dict[str, Any] | None = None,
    ):
        """Take the `RatingPool` of a run that goes on, and how the run computes its network (`Inference.choice`).

        Raises ValueError for an anchor or a final opponent that cannot be used.
        """
        self.game, self.config, self.checkpoints, self.choice = game, config, checkpoints, choice
        settings = config.evaluation
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

    def player(self, network: Network, name: str, simulations: int, seed: int) -> Player:
        """Return a player that searches with `network`."""
        inference = Inference(
            network,
            self.config.device,
            batch_size=BATCH,
            precision=self.config.network.precision,
            choice=self.choice,
            multiple=BATCH // 8,
        )
        return self._searcher(inference, name, simulations, seed)

    def _searcher(self, oracle: Oracle, name: str, simulations: int, seed: int) -> Player:
        search = self.config.search.model_copy(update={"gumbel": False})
        return ModelPlayer(self.game, oracle, search, simulations=simulations, seed=seed, name=name)

    def rate(self, network: Network, generation: int, seed: int) -> list[MatchResult]:
        """Play the games of a rating and add them to the pool; return the matches."""
        settings = self.config.evaluation
        if not self.pool.generations:
            self.pool.calibrate(self.game, settings.games, seed=seed, device=self.config.device)
        player = self.player(network, generation_name(generation), settings.simulations, seed)
        earlier = {
            name: self._earlier(name, seed) for name in self.pool.generations if self._file(name).exists()
        }
        return self.pool.evaluate(
            player, self.game, settings.games, seed=seed, device=self.config.device, earlier=earlier
        )

    def _earlier(self, name: str, seed: int) -> Callable[[], Player]:
        def make() -> Player:
            inference = load_inference(str(self._file(name)), self.game, self.config.device)
            return self._searcher(inference, name, self.config.evaluation.simulations, seed)

        return make

    def _file(self, name: str) -> Path:
        return self.checkpoints / model_file(int(name.split()[-1]))

    def gate(self, candidate: Network, best: Network, seed: int) -> MatchResult:
        """Return the match of a candidate network against the one that plays now."""
        simulations = self.config.evaluation.simulations
        new = self.player(candidate, "candidate", simulations, seed)
        old = self.player(best, "best", simulations, seed)
        return play_match(new, old, self.game, self.config.run.gate_games, seed=seed)

    def final_match(self, network: Network, seed: int, progress: bool) -> MatchResult | None:
        """Return the match against the final opponent, None where the settings name none."""
        settings = self.config.evaluation
        if not settings.final_opponent:
            return None
        player = self.player(network, "this model", settings.final_simulations, seed)
        opponent = make_player(settings.final_opponent, self.game, seed=seed + 1, device=self.config.device)
        return play_match(player, opponent, self.game, settings.final_games, seed=seed, progress=progress)


def _check_player(player: str, game: Any, setting: str) -> None:
    try:
        make_player(player, game, seed=0, device="cpu")
    except ValueError as error:
        raise ValueError(f"{setting}: {error}") from None


def generation_name(generation: int) -> str:
    """Return the name of a generation in ratings."""
    return f"generation {generation}"


def model_file(generation: int) -> str:
    """Return the name of a rated generation's model in checkpoints/."""
    return f"model-{generation:06d}.safetensors"
