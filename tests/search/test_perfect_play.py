"""The search plays perfectly where it knows the truth, and finds forced wins and blocks where it knows nothing."""

import functools

import numpy as np
import pytest

from alphazero.search import RolloutEvaluator, UniformEvaluator, search_positions
from tests.search.common import (
    BIG_CONNECT_FOUR,
    TIC_TAC_TOE,
    ExactEvaluator,
    board_numbers,
    position,
    settings,
    unfinished_tic_tac_toe,
    values_of_tic_tac_toe,
)


@functools.cache
def values_of_actions() -> np.ndarray:
    """Return float32[4520, 9], the minimax value for the mover of every action; -9 where it is illegal."""
    states = unfinished_tic_tac_toe()
    values = np.full((len(states), 9), -9.0, np.float32)
    planes = np.zeros((1, 2, 3, 3), np.float32)
    for row, state in enumerate(states):
        for action in TIC_TAC_TOE.legal(state):
            after = state.copy()
            TIC_TAC_TOE.play(after, int(action))
            TIC_TAC_TOE.encode(after, planes[0])
            values[row, action] = -values_of_tic_tac_toe()[board_numbers(planes)[0]]
    return values


def test_there_are_4520_unfinished_positions_of_tic_tac_toe():
    values = values_of_actions().max(axis=1)
    assert len(unfinished_tic_tac_toe()) == len(np.unique(unfinished_tic_tac_toe()["cells"], axis=0)) == 4520
    assert values[0] == 0 and set(values) == {-1.0, 0.0, 1.0}


# What is enough depends on the rule: a mean over visits forgets a refutation's cost only slowly (uct explores
# more), and Gumbel search, greedy below the root, may never try a move once its mixed value looks poor.
@pytest.mark.parametrize("simulations, rule", [
    (50, {"rule": "alphazero"}), (50, {"rule": "puct"}), (50, {"rule": "alphago"}),
    (200, {"rule": "uct", "c_uct": 0.7}), (200, {"gumbel": True, "gumbel_c_scale": 0.1}),
], ids=str)  # fmt: skip
def test_with_an_exact_evaluator_every_tic_tac_toe_position_is_played_perfectly(simulations, rule):
    states, values = unfinished_tic_tac_toe(), values_of_actions()
    config = settings(memory_mb=500.0, **rule)
    result = search_positions(TIC_TAC_TOE, states, ExactEvaluator(), config, simulations=simulations)
    chosen = values[np.arange(len(states)), result.action]
    wrong = np.flatnonzero(chosen != values.max(axis=1))
    assert not wrong.size, TIC_TAC_TOE.state_text(states[wrong[0]])


def test_one_visit_to_each_move_is_enough_for_gumbel_search_to_choose_a_best_one():
    states, values = unfinished_tic_tac_toe(), values_of_actions()
    moves = (values > -9).sum(axis=1)
    for count in (9, 6, 3):
        chosen = np.flatnonzero(moves == count)
        result = search_positions(
            TIC_TAC_TOE, states[chosen], ExactEvaluator(), settings(gumbel=True), simulations=count
        )
        assert (values[chosen, result.action] == values[chosen].max(axis=1)).all()


FORCED = {  # moves, then the columns that are right, for the first and the second player
    "win at once": (("4 1 4 1 4 1", "4"), ("4 1 4 1 5 1 7", "1")),
    "win at once in a row": (("3 3 4 4 5 5", "2 6"), ("1 3 1 4 2 5 2", "6")),
    "win at once on a diagonal": (("1 2 2 3 3 4 3 4 4 6", "4"), ("7 1 2 2 3 3 4 3 4 4 6", "4")),
    "win in two moves": (("3 3 4 4", "2 5"), ("1 3 1 4 7", "5")),
    "block a column": (("7 4 1 4 1 4", "4"), ("4 1 4 1 4", "4")),
    "block a row": (("1 3 1 4 2 5", "6"), ("3 2 4 4 5", "6")),
}


@pytest.mark.parametrize("player", ["first", "second"])
@pytest.mark.parametrize("evaluator", [UniformEvaluator, RolloutEvaluator])
@pytest.mark.parametrize("name", FORCED)
def test_forced_moves_of_connect_four_are_found(name, evaluator, player):
    moves, right = FORCED[name][player == "second"]
    state = position(BIG_CONNECT_FOUR, moves)
    assert BIG_CONNECT_FOUR.to_move(state) == (player == "second")
    result = search_positions(
        BIG_CONNECT_FOUR,
        np.array([state] * 4),
        evaluator(BIG_CONNECT_FOUR),
        settings(),
        simulations=3000,
        seed=5,
    )
    assert {BIG_CONNECT_FOUR.action_name(state, action) for action in result.action} <= set(right.split())
    if name.startswith("win"):
        assert (result.value > 0.5).all()
