"""What is thought of one position: its value and each move's prior, visits, q, principal variation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from alphazero.search import SearchResult
from games import Game

__all__ = ["Analysis", "MoveAnalysis", "analysis_of"]

SIDES = ("first", "second")


class MoveAnalysis(NamedTuple):
    """One legal move: prior P, visits N, q = W/N in [-1, 1] for the mover, and the play expected with it.

    The principal variation begins with the move; it is the move alone where nobody asked for more.
    """

    action: int
    move: str
    prior: float
    visits: int
    q: float
    principal_variation: tuple[str, ...]


class Analysis(NamedTuple):
    """A position: value in [-1, 1] for the player to move, simulations made, moves from best to worst, action to play.

    The action is that of the first move, unless it was drawn by chance. value: None where nobody has judged it.
    """

    to_move: int
    value: float | None
    simulations: int
    moves: tuple[MoveAnalysis, ...]
    action: int

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON-able data."""
        moves = [
            {**move._asdict(), "principal_variation": list(move.principal_variation)} for move in self.moves
        ]
        return {**self._asdict(), "moves": moves}

    def table(self, limit: int | None = None) -> str:
        """Return the value and the best `limit` moves as text; values are for the player to move."""
        player = f"the {SIDES[self.to_move]} player, to move"
        if self.value is None:
            lines = [f"Value unknown for {player}."]
        else:
            share = 50.0 * (1.0 + self.value)
            lines = [
                f"Value {self.value:+.3f} for {player}: {share:.0f} % of the points "
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


def analysis_of(
    game: Game,
    state: np.void,
    result: SearchResult,
    simulations: int,
    action: int | None = None,
    lines: int | None = None,
) -> Analysis:
    """Return what a search of one position, with variations, found there.

    action: the one to play where it was drawn; lines: how many of the best moves get their principal variation, which
    takes time in games with many moves (None: all).
    """
    legal, best = game.legal(state), int(result.action[0])
    order = np.lexsort((-result.prior[0, legal], -result.visits[0, legal], legal != best))
    moves = []
    for rank, each in enumerate(legal[order].tolist()):
        line = result.principal_variation[0].get(each, [each])
        moves.append(_move(game, state, result, line if lines is None or rank < lines else [each]))
    chosen = best if action is None else action
    return Analysis(int(game.to_move(state)), float(result.value[0]), simulations, tuple(moves), chosen)


def _move(game: Game, state: np.void, result: SearchResult, actions: Sequence[int]) -> MoveAnalysis:
    line, action = _names(game, state, actions), actions[0]
    return MoveAnalysis(
        action,
        line[0],
        float(result.prior[0, action]),
        int(result.visits[0, action]),
        float(result.q[0, action]),
        line,
    )


def _names(game: Game, state: np.void, actions: Sequence[int]) -> tuple[str, ...]:
    position, names = state.copy(), []
    for action in actions:
        names.append(game.action_name(position, action))
        game.play(position, action)
    return tuple(names)
