"""Proven results: true wherever they are claimed, carried up for both players, and used in play and in learning."""

import numpy as np
import pytest

from alphazero.search import Search, search_positions
from tests.search.common import (
    BIG_CONNECT_FOUR,
    TIC_TAC_TOE,
    HashEvaluator,
    board_numbers,
    position,
    root_edges,
    search_of,
    settings,
    unfinished_tic_tac_toe,
    values_of_tic_tac_toe,
)
from tests.search.test_reference import GAMES, check, positions


@pytest.mark.parametrize("leaves", [1, 5])
@pytest.mark.parametrize("rule", ["alphazero", "uct"])
@pytest.mark.parametrize("name", GAMES)
def test_proofs_build_the_reference_tree(name, rule, leaves):
    check(GAMES[name], positions(GAMES[name], 24), 150, leaves, rule=rule, prove=True)


def test_proofs_build_the_reference_tree_of_gumbel_search():
    check(TIC_TAC_TOE, positions(TIC_TAC_TOE, 24), 64, scale=0.05, gumbel=True, noise=True, prove=True)


def values_of(search: Search, tree: int) -> np.ndarray:
    """Return the exact value of every node of a tic-tac-toe tree for its player to move."""
    count = search.forest.trees["num_nodes"][tree]
    planes = np.zeros((count, 2, 3, 3), np.float32)
    for node in range(count):
        TIC_TAC_TOE.encode(search.forest.states[tree, node], planes[node])
    return values_of_tic_tac_toe()[board_numbers(planes)]


@pytest.mark.parametrize("gumbel", [False, True])
def test_whatever_is_proven_is_true(gumbel):
    states = unfinished_tic_tac_toe()[::3]
    search = search_of(
        TIC_TAC_TOE, states, HashEvaluator(TIC_TAC_TOE), 100, prove=True, gumbel=gumbel, memory_mb=500.0
    )
    search.run()
    proven = 0
    for tree in range(len(states)):
        nodes = search.forest.nodes[tree, : search.forest.trees["num_nodes"][tree]]
        known = nodes["proven"] > 0
        assert np.array_equal(nodes["proven"][known] - 2, values_of(search, tree)[known])
        assert np.allclose(nodes["value_sum"][known], (nodes["proven"][known] - 2.0) * nodes["visits"][known])
        proven += known[0]
    assert proven > len(states) / 2


def test_a_proven_tree_is_played_perfectly_and_teaches_only_best_moves():
    states = unfinished_tic_tac_toe()
    result = search_positions(
        TIC_TAC_TOE,
        states,
        HashEvaluator(TIC_TAC_TOE),
        settings(prove=True, memory_mb=2000.0),
        simulations=400,
    )
    planes = np.zeros((1, 2, 3, 3), np.float32)
    for row, state in enumerate(states):
        worth = np.full(9, -2.0)
        for action in TIC_TAC_TOE.legal(state):
            after = state.copy()
            TIC_TAC_TOE.play(after, int(action))
            TIC_TAC_TOE.encode(after, planes[0])
            worth[action] = -values_of_tic_tac_toe()[board_numbers(planes)[0]]
        if abs(result.value[row]) == 1.0:
            assert result.value[row] == worth.max()
        if result.value[row] == 1.0:  # proven: no weight on a move that does not win
            assert worth[result.action[row]] == 1.0
            assert result.policy[row][worth < 1.0].sum() == 0.0
        assert result.policy[row].sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("moves", "right"), [("4 1 4 1 4 1", "4"), ("4 1 4 1 5 1 7", "1"), ("3 3 4 4", "2 5"), ("1 3 1 4 7", "5")]
)
def test_a_win_is_proven_and_ends_the_search_early(moves, right):
    state = position(BIG_CONNECT_FOUR, moves)
    search = search_of(
        BIG_CONNECT_FOUR, np.array([state]), HashEvaluator(BIG_CONNECT_FOUR), 20000, prove=True
    )
    search.run()
    result = search.result()
    assert result.value[0] == 1.0
    assert BIG_CONNECT_FOUR.action_name(state, int(result.action[0])) in right.split()
    assert search.forest.trees["done"][0] < 20000
    assert search.forest.nodes[0, 0]["visits"] == 1 + search.forest.trees["done"][0]


def test_a_move_that_is_proven_to_lose_is_neither_searched_further_nor_played():
    state = position(BIG_CONNECT_FOUR, "4 1 4 1 4")  # only 4 stops the column
    search = search_of(BIG_CONNECT_FOUR, np.array([state]), HashEvaluator(BIG_CONNECT_FOUR), 600, prove=True)
    search.run()
    result, edges = search.result(temperature=1.0), root_edges(search)
    name = [BIG_CONNECT_FOUR.action_name(state, int(edge["action"])) for edge in edges]
    marks = np.array(
        [search.forest.nodes[0, edge["child"]]["proven"] if edge["child"] >= 0 else 0 for edge in edges]
    )
    losing = marks == 3  # the opponent, to move there, wins
    assert losing.sum() >= 5 and not losing[name.index("4")]
    assert result.action[0] not in edges["action"][losing]
    assert result.policy[0, edges["action"][losing]].sum() == 0.0
    before = edges["visits"].copy()
    search.start(300)
    search.run()
    assert (root_edges(search)["visits"][losing] == before[losing]).all()
    assert root_edges(search)["visits"].sum() == before.sum() + 300


def test_without_proofs_nothing_is_marked():
    states = positions(TIC_TAC_TOE, 50)
    search = search_of(TIC_TAC_TOE, states, HashEvaluator(TIC_TAC_TOE), 200)
    search.run()
    assert not search.forest.nodes["proven"].any()
    assert (search.forest.trees["done"] == 200).all()


def test_a_proven_tree_that_is_kept_needs_no_search_after_the_winning_move():
    state = position(BIG_CONNECT_FOUR, "3 3 4 4")
    search = search_of(
        BIG_CONNECT_FOUR, np.array([state]), HashEvaluator(BIG_CONNECT_FOUR), 20000, prove=True
    )
    search.run()
    search.play(search.result().action)
    search.start(100)
    search.run()
    assert search.forest.trees["done"][0] == 0
    assert search.result().value[0] == -1.0 and search.result().action[0] >= 0
