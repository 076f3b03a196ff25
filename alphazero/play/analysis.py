"""What a search says of one position: its value and each move's prior, visits, q, principal variation."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from alphazero.config import SearchConfig
from alphazero.search import Evaluator, NetworkEvaluator, RolloutEvaluator, SearchResult, search_positions
from games.options import check_seed

MODEL_SIMULATIONS, ROLLOUT_SIMULATIONS = 400, 1000


class MoveAnalysis(NamedTuple):
    """One legal move: prior P, visits N, q = W/N in [-1, 1] for the mover, and the play expected with it."""

    action: int
    move: str
    prior: float
    visits: int
    q: float
    principal_variation: tuple[str, ...]


class Analysis(NamedTuple):
    """A position: value in [-1, 1] for the player to move, simulations made, moves from best to worst."""

    to_move: int
    value: float
    simulations: int
    moves: tuple[MoveAnalysis, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON-able data."""
        moves = [
            {**move._asdict(), "principal_variation": list(move.principal_variation)} for move in self.moves
        ]
        return {**self._asdict(), "moves": moves}

    def table(self, limit: int | None = None) -> str:
        """Return the value and the best `limit` moves as text; values are for the player to move."""
        player = ("first", "second")[self.to_move]
        share = 50.0 * (1.0 + self.value)
        lines = [
            f"Value {self.value:+.3f} for the {player} player, to move: {share:.0f} % of the points "
            f"({self.simulations} simulations)."
        ]
        width = max([4, *(len(move.move) for move in self.moves)])
        lines.append(f"{'move':<{width}}  {'prior':>6}  {'visits':>7}  {'q':>6}  principal variation")
        for move in self.moves[:limit]:
            q = f"{move.q:+.3f}" if move.visits else "-"
            lines.append(
                f"{move.move:<{width}}  {move.prior:6.3f}  {move.visits:7d}  {q:>6}  "
                f"{' '.join(move.principal_variation)}"
            )
        return "\n".join(lines)


class Analyst:
    """Judges positions of one game with a tree search; loads its model at the first position.

    model: a model's file, or None for random rollouts; simulations: for each position, by default 400 with
    a model and 1000 without; device: where the network runs.
    """

    def __init__(
        self,
        game: Any,
        model: str | Path | None = None,
        simulations: int | None = None,
        device: str = "auto",
        seed: int = 0,
    ):
        self.game = game
        self.model = model
        self.simulations = simulations or (ROLLOUT_SIMULATIONS if model is None else MODEL_SIMULATIONS)
        self.device = device
        self.seed = check_seed(seed)

    def analyze(self, state: Any) -> Analysis:
        """Return what the search finds in a position; ValueError when the game is over there."""
        if self.game.is_over(state):
            raise ValueError(
                f"the game is over in {self.game.state_text(state)!r}: there is no move to judge"
            )
        states = np.zeros(1, self.game.state_dtype)
        states[0] = state
        evaluator, config = self._search
        result = search_positions(
            self.game,
            states,
            evaluator,
            config,
            simulations=self.simulations,
            seed=self.seed,
            variations=True,
        )
        legal = self.game.legal(state)
        order = np.lexsort((-result.prior[0, legal], -result.visits[0, legal], legal != result.action[0]))
        moves = tuple(self._move(state, result, int(action)) for action in legal[order])
        return Analysis(int(self.game.to_move(state)), float(result.value[0]), self.simulations, moves)

    def _move(self, state: Any, result: SearchResult, action: int) -> MoveAnalysis:
        line = self._names(state, result.principal_variation[0].get(action, [action]))
        return MoveAnalysis(
            action,
            line[0],
            float(result.prior[0, action]),
            int(result.visits[0, action]),
            float(result.q[0, action]),
            line,
        )

    def _names(self, state: Any, actions: Sequence[int]) -> tuple[str, ...]:
        position, names = state.copy(), []
        for action in actions:
            names.append(self.game.action_name(position, action))
            self.game.play(position, action)
        return tuple(names)

    @functools.cached_property
    def _search(self) -> tuple[Evaluator, SearchConfig]:
        if self.model is None:
            return RolloutEvaluator(self.game, seed=self.seed), SearchConfig(rule="uct")
        from alphazero.network.loading import load_inference

        return NetworkEvaluator(load_inference(str(self.model), self.game, self.device)), SearchConfig()


def position_after(game: Any, moves: Sequence[str]) -> Any:
    """Return the position after moves in the game's notation; ValueError when one is illegal."""
    state = game.initial_state()
    for ply, text in enumerate(moves, start=1):
        try:
            game.play(state, game.parse_action(state, text))
        except ValueError as error:
            raise ValueError(f"move {ply}: {error}") from None
    return state
