"""The arrays of the forest: counts add up, indices agree, a kept subtree is what it was, memory has a bound."""

import numpy as np
import pytest

import games
from alphazero.search import Search, UniformEvaluator, root, search_positions
from alphazero.search.forest import EDGE, NODE, make_forest, size_bytes
from tests.search.common import (
    CONNECT_FOUR,
    IN_PARTS,
    TIC_TAC_TOE,
    HashEvaluator,
    positions,
    root_edges,
    search_of,
    settings,
)

GO = games.make(  # what is legal depends on all positions before
    "go", size=3, superko="positional", history=2, max_plies=80
)  # of the type that is trained on in tests/run/test_board_sizes.py: compiled once
GAMES = {"tic_tac_toe": TIC_TAC_TOE, "connect_four": CONNECT_FOUR, "in_parts": IN_PARTS}
NAMES = pytest.mark.parametrize("name", GAMES)


def edges_of(search: Search, tree: int, node) -> np.ndarray:
    """Return the edges of a node, a view."""
    return search.forest.edges[tree, node["first_edge"] : node["first_edge"] + max(node["num_edges"], 0)]


def check_tree(search: Search, tree: int) -> None:
    """Fail unless the counts, sums and indices of a tree agree with each other and with the rules."""
    game, forest = search.game, search.forest
    num_nodes, used = forest.trees["num_nodes"][tree], forest.trees["used_edges"][tree]
    nodes, taken = forest.nodes[tree, :num_nodes], np.zeros(used, bool)
    states = {0: forest.states[tree, 0]}
    assert (nodes["parent"][0], nodes["parent_edge"][0]) == (-1, -1)
    for index, node in enumerate(nodes):
        state, edges = states[index], edges_of(search, tree, node)
        assert node["player"] == game.to_move(state) and node["visits"] > 0
        if forest.states.shape[1] > 1:
            assert forest.states[tree, index] == state
        block = slice(node["first_edge"], node["first_edge"] + len(edges))
        assert not taken[block].any()
        taken[block] = True
        assert not edges["in_flight"].any()
        if len(edges):
            assert edges["action"].tolist() == game.legal(state).tolist()
            assert edges["prior"].sum() == pytest.approx(1.0, abs=1e-6)
            assert node["visits"] == 1 + edges["visits"].sum()
            assert node["value_sum"] == pytest.approx(node["value"] + edges["value_sum"].sum(), abs=1e-9)
        else:
            assert node["value_sum"] == pytest.approx(node["visits"] * node["value"], abs=1e-9)
        for number, edge in enumerate(edges):
            assert (edge["child"] >= 0) == (edge["visits"] > 0)
            if edge["child"] >= 0:
                child = nodes[edge["child"]]
                assert edge["child"] > index == child["parent"]
                assert child["parent_edge"] == node["first_edge"] + number
                sign = 1 if child["player"] == node["player"] else -1
                assert (edge["visits"], edge["value_sum"]) == (child["visits"], sign * child["value_sum"])
                states[edge["child"]] = state.copy()
                game.play(states[edge["child"]], int(edge["action"]))
    assert len(states) == num_nodes and taken.all()


def snapshot(search: Search, tree: int, index: int = 0) -> tuple:
    """Return all that is known below a node, by path, free of indices."""
    node = search.forest.nodes[tree, index]
    below = tuple(
        (
            int(edge["action"]),
            int(edge["visits"]),
            float(edge["value_sum"]),
            float(edge["prior"]),
            snapshot(search, tree, edge["child"]) if edge["child"] >= 0 else None,
        )
        for edge in edges_of(search, tree, node)
    )
    return (*(node[field].item() for field in ("visits", "value_sum", "value", "num_edges", "player")), below)


@pytest.mark.parametrize("leaves", [1, 8])
@NAMES
def test_visits_and_values_add_up_in_every_node(name, leaves):
    game = GAMES[name]
    states = positions(game, 20)
    search = search_of(game, states, HashEvaluator(game), 60, leaves=leaves)
    search.run()
    result = search.result()
    assert (result.visits.sum(axis=1) == 60).all()
    for tree in range(len(states)):
        check_tree(search, tree)
        root, edges = search.forest.nodes[tree, 0], root_edges(search, tree)
        assert result.value[tree] == pytest.approx(root["value_sum"] / 61)
        assert (result.visits[tree, edges["action"]] == edges["visits"]).all()
        assert result.policy[tree] == pytest.approx(result.visits[tree] / 60)
        tried = edges[edges["visits"] > 0]
        assert result.q[tree, tried["action"]] == pytest.approx(tried["value_sum"] / tried["visits"])
        assert (np.abs(result.q) <= 1).all()


@pytest.mark.parametrize("gumbel", [False, True])
def test_compiled_searches_and_gumbel_searches_add_up_too(gumbel):
    states = positions(TIC_TAC_TOE, 10)
    search = search_of(TIC_TAC_TOE, states, UniformEvaluator(TIC_TAC_TOE), 50, gumbel=gumbel)
    search.run()
    assert (search.result().visits.sum(axis=1) == 50).all()
    for tree in range(len(states)):
        check_tree(search, tree)


@pytest.mark.parametrize("leaves", [1, 16])
@pytest.mark.parametrize("cache_mb", [0.0, 1.0])
@NAMES
def test_the_subtree_of_the_move_played_stays_what_it_was(name, cache_mb, leaves):
    game = GAMES[name]
    states = positions(game, 16)
    # Few legal moves are left in some of these, so nearly the whole tree is kept.
    search = search_of(game, states, HashEvaluator(game), 100, leaves=leaves, cache_mb=cache_mb)
    alive = np.arange(len(states), dtype=np.int32)
    for _ in range(3):
        search.run()
        actions = search.result().action[alive]
        kept = {}
        for tree, action in zip(alive, actions, strict=True):
            edges = root_edges(search, tree)
            kept[tree] = snapshot(search, tree, edges["child"][edges["action"] == action][0])
        search.play(actions, alive)
        for tree in alive:
            check_tree(search, tree)
            assert snapshot(search, tree) == kept[tree]
        alive = np.array(
            [tree for tree in alive if not game.is_over(search.forest.states[tree, 0])], np.int32
        )
        search.start(30, alive)


def test_a_move_that_was_never_tried_begins_an_empty_tree():
    search = search_of(CONNECT_FOUR, positions(CONNECT_FOUR, 1), HashEvaluator(CONNECT_FOUR), 2)
    search.run()
    untried = int(np.flatnonzero(search.result().visits[0] == 0)[0])
    search.play(np.array([untried]))
    assert search.forest.trees["num_nodes"][0] == 1 and search.forest.nodes["visits"][0, 0] == 0
    search.start(2)
    search.run()
    check_tree(search, 0)
    assert search.forest.states["plies"][0, 0] == 1 and search.result().visits.sum() == 2


def test_a_subtree_is_not_kept_where_the_settings_say_so():
    search = search_of(
        TIC_TAC_TOE, positions(TIC_TAC_TOE, 1), HashEvaluator(TIC_TAC_TOE), 40, reuse_subtree=False
    )
    search.run()
    search.play(search.result().action)
    assert search.forest.trees["num_nodes"][0] == 1


def test_a_kept_tree_that_leaves_no_room_for_the_next_search_is_started_anew():
    states = positions(CONNECT_FOUR, 1)
    search = search_of(CONNECT_FOUR, states, HashEvaluator(CONNECT_FOUR), 40)  # room for 3 * 40 + 2 nodes
    for _ in range(2):
        search.run()
        search.start(40)
    search.run()
    assert search.forest.nodes["visits"][0, 0] <= 121 and search.forest.trees["num_nodes"][0] > 41
    search.start(40)
    assert search.forest.trees["num_nodes"][0] == 1
    search.run()
    check_tree(search, 0)
    assert search.result().visits.sum() == 40


@pytest.mark.parametrize("name", [*GAMES, "go"])
def test_replaying_positions_equals_storing_them(name):
    game = GO if name == "go" else GAMES[name]
    states, both = positions(game, 12), []
    for replay in (False, True):
        search = search_of(
            game, states, HashEvaluator(game, from_planes=True), 50, leaves=3, replay=replay, noise=True
        )
        assert search.forest.states.shape[1] == (1 if replay else 152)
        results, alive = [], np.arange(len(states), dtype=np.int32)
        for _ in range(3):
            search.run()
            results.append(search.result(temperature=1.0))
            search.play(results[-1].action[alive], alive)
            roots = search.forest.states[:, 0]
            alive = np.array([tree for tree in alive if not game.is_over(roots[tree])], np.int32)
            search.start(50, alive)
        both.append((results, [snapshot(search, tree) for tree in range(len(states))]))
    (stored, trees), (replayed, others) = both
    assert trees == others
    for one, other in zip(stored, replayed, strict=True):
        for field in ("visits", "q", "prior", "policy", "value", "action"):
            assert getattr(one, field).tobytes() == getattr(other, field).tobytes()


def test_a_forest_without_room_for_all_edges_still_finds_legal_moves():
    states = positions(CONNECT_FOUR, 8)
    config = settings(simulations=200, memory_mb=0.32)
    search = Search(CONNECT_FOUR, 8, config, HashEvaluator(CONNECT_FOUR))
    assert search.forest.edges.shape[1] < 100  # 600 nodes of 5 edges each would take thirty times that
    search.set_roots(states)
    for _ in range(3):
        search.start(200)
        search.run()
        result = search.result()
        assert (search.forest.trees["done"] == 200).all()
        for tree in range(8):
            assert result.action[tree] in CONNECT_FOUR.legal(search.forest.states[tree, 0])
            assert search.forest.trees["used_edges"][tree] <= search.forest.edges.shape[1]
            check_tree(search, tree)
        search.play(result.action)
        alive = [not CONNECT_FOUR.is_over(state) for state in search.forest.states[:, 0]]
        search.set_roots(states[~np.array(alive)], np.flatnonzero(~np.array(alive)))


def test_the_memory_of_a_forest_stays_within_its_bound():
    for memory in (400_000, 1_000_000, 50_000_000):
        forest = make_forest(CONNECT_FOUR, 8, 200, memory_bytes=memory)
        assert size_bytes(forest) <= memory
    assert (NODE.itemsize, EDGE.itemsize) == (40, 32)


def test_a_forest_that_cannot_fit_says_what_it_needs():
    message = "search.memory_mb=0.0954 is too small: 8 trees of 200 simulations of connect_four need at least 0.3.* MB"
    with pytest.raises(ValueError, match=message):
        make_forest(CONNECT_FOUR, 8, 200, memory_bytes=100_000)
    with pytest.raises(ValueError, match="search.memory_mb"):
        search_positions(
            CONNECT_FOUR,
            positions(CONNECT_FOUR, 100),
            HashEvaluator(CONNECT_FOUR),
            settings(memory_mb=1.0),
            simulations=100_000,
        )


def test_a_budget_that_the_forest_has_no_room_for_is_refused():
    search = search_of(TIC_TAC_TOE, positions(TIC_TAC_TOE, 2), HashEvaluator(TIC_TAC_TOE), 20)
    with pytest.raises(ValueError, match="a budget of 21 simulations: this search was made for at most 20"):
        search.start(np.array([3, 21]))


def test_what_was_found_is_written_out_by_one_compiled_kernel_for_all_games():
    for game in (TIC_TAC_TOE, CONNECT_FOUR):
        search = search_of(game, positions(game, 1), HashEvaluator(game), 5)
        search.run()
        assert search.result().visits.sum() == 5 and search.variations(0)
    for kernel in (root.write_results, root.variation):
        assert len({arguments[0] for arguments in kernel.signatures}) == 1


def test_no_positions_give_an_empty_result():
    none = np.zeros(0, TIC_TAC_TOE.state_dtype)
    for evaluator in (HashEvaluator(TIC_TAC_TOE), UniformEvaluator(TIC_TAC_TOE)):
        result = search_positions(TIC_TAC_TOE, none, evaluator, settings(), simulations=10, variations=True)
        assert result.visits.shape == (0, 9) and result.action.size == 0 and result.principal_variation == []
