"""Searches of a game in parts, where the same player moves twice running, against the truth of tic-tac-toe."""

import numpy as np
import pytest

import games
from alphazero.config import SearchConfig
from alphazero.search import RolloutEvaluator, search_positions
from tests.arena.tictactoe import after, minimax, random_positions

WHOLE = games.make("tic_tac_toe")
IN_PARTS = games.parse("factored-tic_tac_toe")  # first a column, then a row
FEW_FREE = 4  # cells: few enough for the search to see every end


def exact_values(board, column: int | None) -> dict[int, float]:
    """Return -1, 0 or 1 for the mover by action: of every column, or of every row once a column is chosen."""
    cells = {cell: -float(np.sign(minimax(after(board, cell)))) for cell in range(9) if board[cell] == 0}
    if column is not None:
        return {3 + cell // 3: value for cell, value in cells.items() if cell % 3 == column}
    return {
        col: max(value for cell, value in cells.items() if cell % 3 == col) for col in {c % 3 for c in cells}
    }


def late_positions():
    """Yield positions near the end with the exact values of their actions, before and after a column is chosen."""
    for board, base in zip(*random_positions(WHOLE, 200), strict=True):
        if board.count(0) <= FEW_FREE:
            state = IN_PARTS.initial_state()
            state["base"] = base
            yield state.copy(), exact_values(board, None)
            column = int(IN_PARTS.legal(state)[-1])
            IN_PARTS.play(state, column)
            yield state.copy(), exact_values(board, column)


@pytest.fixture(scope="module")
def searched():
    """Return positions, the exact values of their actions, and what a search with rollouts says."""
    states, exact = zip(*late_positions(), strict=True)
    result = search_positions(
        IN_PARTS,
        np.array(list(states), IN_PARTS.state_dtype),
        RolloutEvaluator(IN_PARTS),
        SearchConfig(rule="uct"),
        simulations=2000,
        seed=1,
    )
    return states, exact, result


@pytest.mark.parametrize("mover", [0, 1], ids=["first player", "second player"])
@pytest.mark.parametrize("num_chosen", [0, 1], ids=["column", "row"])
def test_rollout_search_plays_a_best_part_and_knows_its_value(searched, mover, num_chosen):
    seen = set()
    for state, exact, action, q in zip(*searched[:2], searched[2].action, searched[2].q, strict=True):
        if IN_PARTS.to_move(state) == mover and state["num_chosen"] == num_chosen:
            best = max(exact.values())
            assert exact[int(action)] == best, IN_PARTS.state_text(state)
            assert q[action] == pytest.approx(best, abs=0.25), IN_PARTS.state_text(state)
            seen.add(best)
    assert seen == {-1.0, 0.0, 1.0}


def test_visits_are_on_legal_parts_only(searched):
    for visits, exact in zip(searched[2].visits, searched[1], strict=True):
        assert set(np.flatnonzero(visits)) == set(exact)
