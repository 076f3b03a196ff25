"""Random numbers of the search: root noise, moves drawn by temperature; none where none is asked for."""

import numpy as np
import pytest
from scipy import stats

from tests.search.common import (
    TIC_TAC_TOE,
    HashEvaluator,
    expand_roots,
    position,
    positions,
    root_edges,
    search_of,
)

THREE_FREE = "a1 b1 a2 b2 b3 a3"  # three free cells: c3, c2, c1
TREES = 3000


def many(state, count: int = TREES) -> np.ndarray:
    return np.array([state] * count, TIC_TAC_TOE.state_dtype)


def noise_of(state, alpha: float, fraction: float, seed: int) -> np.ndarray:
    """Return float64[trees, moves]: what was mixed into the priors of the root, were `fraction` of it noise."""
    evaluator = HashEvaluator(TIC_TAC_TOE)
    search = search_of(
        TIC_TAC_TOE,
        many(state),
        evaluator,
        1,
        seed=seed,
        noise=True,
        dirichlet_alpha=alpha,
        root_noise_fraction=fraction,
    )
    expand_roots(search)
    mixed = search.forest.edges["prior"][:, : len(TIC_TAC_TOE.legal(state))].astype(np.float64)
    return (mixed - (1 - fraction) * prior_of(state)) / fraction


def prior_of(state) -> np.ndarray:
    """Return the softmax of the evaluator's logits over the legal actions."""
    logits = HashEvaluator(TIC_TAC_TOE).evaluate(many(state, 1), np.zeros(0))[0][0, TIC_TAC_TOE.legal(state)]
    weights = np.exp(logits.astype(np.float64))
    return weights / weights.sum()


@pytest.mark.parametrize("alpha, fraction, moves", [
    (0.3, 0.25, ""), (1.0, 0.25, ""), (1.0, 0.6, THREE_FREE), (10.0, 0.25, THREE_FREE), (2.5, 1.0, ""),
])  # fmt: skip
def test_dirichlet_noise_has_its_distribution_and_its_share(alpha, fraction, moves):
    state = position(TIC_TAC_TOE, moves)
    noise = noise_of(state, alpha, fraction, seed=1)
    n = noise.shape[1]
    assert noise.sum(axis=1) == pytest.approx(np.ones(TREES), abs=1e-4) and noise.min() > -1e-5
    # Each share of a Dirichlet sample follows a Beta distribution: mean 1/n, variance (1/n)(1-1/n)/(n alpha + 1).
    deviation = np.sqrt((1 / n) * (1 - 1 / n) / (n * alpha + 1))
    assert noise.mean(axis=0) == pytest.approx(np.full(n, 1 / n), abs=5 * deviation / np.sqrt(TREES))
    assert noise.std(axis=0) == pytest.approx(np.full(n, deviation), rel=0.1)
    for column in noise.T:
        small = np.clip(column, 0, 1)  # below 1e-6 single precision tells nothing
        assert stats.kstest(small[small > 1e-6], _beta_above(alpha, n)).pvalue > 1e-5
    # Samples of one tree are as dependent as their sum of one makes them, and trees are independent.
    assert np.corrcoef(noise.T)[0, 1] == pytest.approx(-1 / (n - 1), abs=0.08)
    assert abs(np.corrcoef(noise[:-1, 0], noise[1:, 0])[0, 1]) < 0.08


def _beta_above(alpha: float, n: int):
    below = stats.beta.cdf(1e-6, alpha, (n - 1) * alpha)
    return lambda x: (stats.beta.cdf(x, alpha, (n - 1) * alpha) - below) / (1 - below)


def test_other_seeds_draw_other_noise_and_no_two_trees_the_same():
    state = position(TIC_TAC_TOE, "")
    first, again, other = (noise_of(state, 1.0, 0.25, seed) for seed in (1, 1, 2))
    assert (first == again).all() and len(np.unique(np.concatenate([first, other])[:, 0])) > 1.95 * TREES


def test_there_is_no_noise_where_none_is_asked_for():
    states = positions(TIC_TAC_TOE, 10)
    quiet = search_of(TIC_TAC_TOE, states, HashEvaluator(TIC_TAC_TOE), 30)
    fast = search_of(TIC_TAC_TOE, states, HashEvaluator(TIC_TAC_TOE), 30, noise=True)
    fast.start(30, noisy=False)
    for search in (quiet, fast):
        search.run()
        for tree, state in enumerate(states):
            assert root_edges(search, tree)["prior"] == pytest.approx(prior_of(state), rel=1e-5)


def test_only_the_root_gets_noise_and_a_kept_root_gets_it_once():
    states = positions(TIC_TAC_TOE, 10)[:4]
    search = search_of(TIC_TAC_TOE, states, HashEvaluator(TIC_TAC_TOE), 60, noise=True, dirichlet_alpha=0.3)
    search.run()
    for tree in range(len(states)):
        assert abs(root_edges(search, tree)["prior"] - prior_of(states[tree])).max() > 1e-3
        for index in range(1, search.forest.trees["num_nodes"][tree]):
            node = search.forest.nodes[tree, index]
            edges = search.forest.edges[
                tree, node["first_edge"] : node["first_edge"] + max(node["num_edges"], 0)
            ]
            if len(edges):
                state = search.forest.states[tree, index]
                assert edges["prior"] == pytest.approx(prior_of(state), rel=1e-5)
    search.play(search.result().action)
    search.start(20)
    for tree in range(len(states)):
        after, before = root_edges(search, tree)["prior"].copy(), prior_of(search.forest.states[tree, 0])
        noise = (after - 0.75 * before) / 0.25
        assert noise.min() > -1e-5 and noise.sum() == pytest.approx(1, abs=1e-4)
        assert abs(noise - before).max() > 1e-3
        search.run()
        assert (root_edges(search, tree)["prior"] == after).all()


def test_gumbel_noise_has_its_distribution_and_none_without_exploration():
    states = many(position(TIC_TAC_TOE, ""))
    for noise in (True, False):
        search = search_of(TIC_TAC_TOE, states, HashEvaluator(TIC_TAC_TOE), 1, noise=noise, gumbel=True)
        expand_roots(search)
        drawn = search.forest.edges["noise"][:, :9].astype(np.float64)
        if noise:
            assert stats.kstest(drawn.reshape(-1), "gumbel_r").pvalue > 1e-4
            assert np.abs(np.corrcoef(drawn.T) - np.eye(9)).max() < 0.1
        else:
            assert not drawn.any()


def chosen_moves(
    visits, temperature, value_sums=(0, 0, 0), priors=(0.2, 0.3, 0.5), trees=TREES
) -> np.ndarray:
    """Return how often each of a root's three moves is chosen, given the root's edges."""
    state = position(TIC_TAC_TOE, THREE_FREE)
    search = search_of(TIC_TAC_TOE, many(state, trees), HashEvaluator(TIC_TAC_TOE), 1)
    expand_roots(search)
    edges = search.forest.edges[:, :3]
    edges["visits"], edges["value_sum"], edges["prior"] = visits, value_sums, priors
    result = search.result(temperature)
    assert (result.visits[:, [2, 5, 8]] == visits).all()
    return np.array([(result.action == action).sum() for action in (2, 5, 8)])


@pytest.mark.parametrize("visits, temperature, weights", [
    ((1, 3, 6), 1.0, (1, 3, 6)), ((1, 3, 6), 0.5, (1, 9, 36)), ((1, 4, 9), 2.0, (1, 2, 3)),
    ((0, 5, 5), 1.0, (0, 1, 1)), ((300, 100, 0), 1.0, (3, 1, 0)),
    ((900_000, 1_000_000, 10), 0.05, (0.9**20, 1, 0)),  # large powers of large counts
])  # fmt: skip
def test_moves_are_drawn_by_visits_to_the_power_of_one_over_the_temperature(visits, temperature, weights):
    counts, expected = chosen_moves(visits, temperature), np.array(weights) / sum(weights) * TREES
    possible = expected > 0
    assert not counts[~possible].any()
    assert stats.chisquare(counts[possible], expected[possible]).pvalue > 1e-4


@pytest.mark.parametrize("visits, value_sums, best", [
    ((1, 3, 6), (0, 0, 0), 2), ((6, 3, 1), (-6, 3, 1), 0),  # the most visited, whatever its value
    ((4, 4, 2), (1, 2, 2), 1), ((2, 4, 4), (2, -1, -2), 1),  # of equals the higher Q
    ((4, 4, 4), (1, 1, 1), 2), ((4, 4, 1), (2, 2, 1), 1),  # then the higher prior
    ((0, 0, 0), (0, 0, 0), 2),  # nothing tried: the highest prior
])  # fmt: skip
def test_without_temperature_the_most_visited_move_is_played(visits, value_sums, best):
    counts = chosen_moves(visits, 0.0, value_sums, trees=5)
    assert counts[best] == 5
