"""Whole trees equal those of a slow, plain search, on random positions of three games with random evaluations."""

import numpy as np
import pytest

from alphazero.search import Search
from tests.search.common import (
    CONNECT_FOUR,
    IN_PARTS,
    RULES,
    TIC_TAC_TOE,
    HashEvaluator,
    position,
    positions,
    root_edges,
    search_of,
    settings,
)
from tests.search.reference import Node, ReferenceSearch, considered_visits

GAMES = {"tic_tac_toe": TIC_TAC_TOE, "connect_four": CONNECT_FOUR, "in_parts": IN_PARTS}


def compare_trees(search: Search, tree: int, expected: Node) -> None:
    """Fail unless every node of a tree, its edges, visits, value sums and priors are those expected."""
    forest, compared = search.forest, 0
    waiting = [(0, expected)]
    while waiting:
        index, node = waiting.pop()
        here = forest.nodes[tree, index]
        compared += 1
        assert here["visits"] == node.visits
        assert here["value_sum"] == pytest.approx(node.sign * node.total, abs=1e-9)
        assert here["value"] == pytest.approx(node.sign * node.value, abs=1e-9)
        assert here["num_edges"] == len(node.edges)
        first = here["first_edge"]
        edges = forest.edges[tree, first : first + max(here["num_edges"], 0)]
        for found, edge in zip(edges, node.edges, strict=True):
            assert (found["action"], found["visits"], found["in_flight"]) == (edge.action, edge.visits, 0)
            assert found["value_sum"] == pytest.approx(node.sign * edge.total, abs=1e-9)
            assert found["prior"] == pytest.approx(edge.prior, rel=1e-6)
            assert (found["child"] == -1) == (edge.child is None)
            if edge.child:
                waiting.append((found["child"], edge.child))
    assert compared == forest.trees["num_nodes"][tree]


def check(game, states, simulations: int, leaves: int = 1, scale: float = 1.0, **changes) -> None:
    """Search the states in both ways and compare the trees.

    Without the cache: a leaf that it answers does not wait for those before it, when many are collected.
    """
    search = search_of(
        game,
        states,
        HashEvaluator(game, from_planes=True, scale=scale),
        simulations,
        leaves=leaves,
        cache_mb=0.0,
        **changes,
    )
    search.run()
    for tree, state in enumerate(states):
        plain = ReferenceSearch(game, state, HashEvaluator(game, True, scale), search.config, leaves)
        if search.noise:
            plain.noise = {edge["action"]: float(edge["noise"]) for edge in root_edges(search, tree)}
        plain.run(simulations)
        compare_trees(search, tree, plain.root)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", GAMES)
def test_every_rule_builds_the_reference_tree(name, rule):
    check(GAMES[name], positions(GAMES[name], 12), 60, rule=rule)


@pytest.mark.parametrize("changes", [
    {"fpu": "constant", "fpu_value": -1.0}, {"fpu": "constant", "fpu_value": 0.5, "rule": "puct"},
    {"fpu_reduction": 0.0}, {"fpu_reduction": 1.0, "rule": "alphago", "rho": 1.0},
    {"c_base": 10.0, "c_init": 0.5}, {"c_puct": 4.0, "rule": "puct"}, {"c_uct": 0.3, "rule": "uct"},
    {"opponent_exploration": 3.0}, {"opponent_exploration": 0.25, "rule": "uct"},
], ids=str)  # fmt: skip
def test_every_constant_of_a_rule_means_what_the_reference_takes_it_for(changes):
    check(TIC_TAC_TOE, positions(TIC_TAC_TOE, 8), 50, **changes)


@pytest.mark.parametrize("leaves, virtual_loss", [(2, 1.0), (8, 1.0), (8, 3.0), (5, 0.5)])
@pytest.mark.parametrize("name", GAMES)
def test_leaves_in_flight_count_as_losses_of_the_player_who_chose_them(name, leaves, virtual_loss):
    check(GAMES[name], positions(GAMES[name], 8), 41, leaves, virtual_loss=virtual_loss, rule="puct")


@pytest.mark.parametrize("considered", [1, 2, 4, 5, 16])
@pytest.mark.parametrize("noise", [False, True])
def test_gumbel_search_builds_the_reference_tree_with_the_noise_that_was_drawn(considered, noise):
    # A small scale of values keeps sigma from drowning the priors, so both count.
    check(
        TIC_TAC_TOE,
        positions(TIC_TAC_TOE, 10),
        37,
        scale=0.05,
        gumbel=True,
        noise=noise,
        gumbel_considered=considered,
    )


def test_gumbel_search_of_many_leaves_is_that_of_the_reference():
    check(TIC_TAC_TOE, positions(TIC_TAC_TOE, 10), 33, leaves=4, scale=0.05, gumbel=True, noise=True)


@pytest.mark.parametrize("leaves", [1, 6])
@pytest.mark.parametrize("name", GAMES)
def test_a_tree_kept_over_a_whole_game_is_that_of_the_reference(name, leaves):
    game = GAMES[name]
    states = positions(game, 6)
    search = search_of(game, states, HashEvaluator(game, from_planes=True), 400, leaves=leaves, cache_mb=0.0)
    search.start(40)
    plain = [ReferenceSearch(game, state, HashEvaluator(game, True), settings(), leaves) for state in states]
    alive = np.arange(len(states))
    while alive.size:
        search.run()
        actions = search.result().action[alive]
        for tree, action in zip(alive, actions, strict=True):
            plain[tree].run(40)
            compare_trees(search, tree, plain[tree].root)
            plain[tree].play(action)
        search.play(actions, alive)
        for tree in alive:
            compare_trees(search, tree, plain[tree].root)
        alive = np.array([tree for tree in alive if not plain[tree].root.over], np.int32)
        search.start(40, alive)


def test_the_reference_tells_positions_of_both_players_and_ends_apart():
    # The positions above must hold what matters: both players to move, and ends within reach.
    for game in GAMES.values():
        movers = [int(game.to_move(state)) for state in positions(game, 12)]
        assert 0 < sum(movers) < 12
    plain = ReferenceSearch(
        TIC_TAC_TOE, position(TIC_TAC_TOE, "a3 a1 b3 b1"), HashEvaluator(TIC_TAC_TOE), settings()
    )
    plain.run(40)
    win = next(edge for edge in plain.root.edges if edge.action == 2)
    assert win.child and win.child.over and win.total == win.visits > 0
    assert considered_visits(4, 8) == [0, 0, 0, 0, 1, 1, 2, 2]
