"""Forced visits and pruned targets are those of the plain reference, and do what they are for."""

import numpy as np
import pytest

from tests.search.common import (
    CONNECT_FOUR,
    IN_PARTS,
    TIC_TAC_TOE,
    HashEvaluator,
    positions,
    root_edges,
    search_of,
)
from tests.search.reference import ReferenceSearch
from tests.search.test_reference import check

GAMES = {"tic_tac_toe": TIC_TAC_TOE, "connect_four": CONNECT_FOUR, "in_parts": IN_PARTS}


@pytest.mark.parametrize(
    "changes", [{}, {"leaves": 6}, {"prove": True}, {"rule": "puct"}, {"forced_visits": 8.0}], ids=str
)
@pytest.mark.parametrize("name", GAMES)
def test_forced_visits_build_the_reference_tree(name, changes):
    check(GAMES[name], positions(GAMES[name], 12), 61, noise=True, **{"forced_visits": 2.0, **changes})


def searched(game, count: int, simulations: int, **changes):
    """Search random positions with root noise; return the search and the plain searches of the same trees."""
    states = positions(game, count)
    evaluator = HashEvaluator(game, from_planes=True)
    search = search_of(game, states, evaluator, simulations, noise=True, cache_mb=0.0, **changes)
    search.run()
    plain = []
    for tree, state in enumerate(states):
        plain.append(ReferenceSearch(game, state, HashEvaluator(game, True), search.config))
        plain[-1].noise = {edge["action"]: float(edge["noise"]) for edge in root_edges(search, tree)}
        plain[-1].run(simulations)
    return search, plain


@pytest.mark.parametrize("name", GAMES)
def test_targets_are_pruned_as_in_the_reference(name):
    search, plain = searched(GAMES[name], 40, 80, forced_visits=2.0)
    policies, pruned = search.result().policy, 0
    for policy, reference in zip(policies, plain, strict=True):
        kept = np.zeros(GAMES[name].num_actions)
        for edge, visits in zip(reference.root.edges, reference.pruned_visits(), strict=True):
            kept[edge.action] = visits
            pruned += visits < edge.visits
        np.testing.assert_allclose(policy, kept / kept.sum(), atol=1e-6)
    assert pruned > 20  # the test would not notice if nothing were pruned


def test_every_visited_move_gets_its_share_and_the_best_one_keeps_its_visits():
    search, _ = searched(CONNECT_FOUR, 30, 200, forced_visits=2.0)
    result, pruned = search.result(), 0
    for tree in range(30):
        edges = root_edges(search, tree)
        must = np.sqrt(2.0 * edges["prior"] * edges["visits"].sum())
        tried = edges["visits"] > 0
        assert (edges["visits"][tried] >= np.floor(must[tried]) - 1).all()
        pruned += not np.allclose(result.policy[tree], result.visits[tree] / result.visits[tree].sum())
        assert result.policy[tree].argmax() == result.visits[tree].argmax()
    assert pruned > 10


def test_without_root_noise_nothing_is_forced():
    states = positions(TIC_TAC_TOE, 10)
    plain, forced = (
        search_of(TIC_TAC_TOE, states, HashEvaluator(TIC_TAC_TOE), 50, noise=noise, forced_visits=k)
        for noise, k in ((False, 0.0), (True, 5.0))
    )
    plain.start(50)
    forced.start(50, noisy=False)
    for search in (plain, forced):
        search.run()
    np.testing.assert_array_equal(plain.result().policy, forced.result().policy)
