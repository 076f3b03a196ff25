"""Gumbel search: sequential halving, the improved policy by hand, and that it does improve."""

import numpy as np
import pytest
from scipy import stats

from alphazero.search import search_positions
from alphazero.search.gumbel import fill_schedule
from tests.search.common import (
    TIC_TAC_TOE,
    ExactEvaluator,
    HashEvaluator,
    expand_roots,
    position,
    positions,
    root_edges,
    search_of,
    settings,
    unfinished_tic_tac_toe,
)
from tests.search.reference import considered_visits
from tests.search.test_perfect_play import values_of_actions

THREE_FREE = "a1 b1 a2 b2 b3 a3"  # three free cells: c3, c2, c1


def schedule(considered: int, simulations: int) -> list[int]:
    written = np.full(simulations + 1, -7, np.int32)
    fill_schedule(written, considered, simulations)
    assert written[-1] == -7
    return written[:-1].tolist()


def test_the_schedule_by_hand():
    # 4 actions, 8 simulations, 2 rounds of 4: one visit to each of 4, then two to each of 2.
    assert schedule(4, 8) == [0, 0, 0, 0, 1, 1, 2, 2]
    # 5 actions, 12 simulations, 3 rounds: each of 5 once (12 // 15 = 0), then 2 for 12 // 6 = 2 visits, once more.
    assert schedule(5, 12) == [0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4]
    assert schedule(1, 3) == [0, 1, 2]
    assert schedule(2, 5) == [0, 0, 1, 1, 2]


def test_the_schedule_is_that_of_the_published_code():
    for considered in (*range(1, 20), 33, 361):
        for simulations in (1, 2, 3, 7, 8, 16, 31, 50, 200):
            assert schedule(considered, simulations) == considered_visits(considered, simulations)


@pytest.mark.parametrize("considered", [1, 3, 4, 9, 16])
def test_the_first_round_visits_the_best_by_noise_and_prior_once_each(considered):
    states = positions(TIC_TAC_TOE, 40)
    search = search_of(
        TIC_TAC_TOE,
        states,
        HashEvaluator(TIC_TAC_TOE),
        40,
        noise=True,
        gumbel=True,
        gumbel_considered=considered,
    )
    budgets = np.minimum([len(TIC_TAC_TOE.legal(state)) for state in states], considered)
    search.start(budgets)
    search.run()
    for tree, budget in enumerate(budgets):
        edges = root_edges(search, tree)
        order = np.argsort(-(edges["noise"] + np.log(edges["prior"])))
        assert (edges["visits"][order[:budget]] == 1).all() and not edges["visits"][order[budget:]].any()


def test_every_simulation_visits_an_action_that_has_the_scheduled_visits():
    states = positions(TIC_TAC_TOE, 30)
    search = search_of(
        TIC_TAC_TOE, states, HashEvaluator(TIC_TAC_TOE), 24, noise=True, gumbel=True, gumbel_considered=4
    )
    search.run()
    for tree in range(len(states)):
        count = min(4, len(root_edges(search, tree)))
        wanted, visits = considered_visits(count, 24), np.zeros(count, int)
        for level in wanted:  # whichever actions these are: the counts they end with are the schedule's
            visits[np.flatnonzero(visits == level)[0]] += 1
        assert sorted(root_edges(search, tree)["visits"])[::-1][:count] == sorted(visits)[::-1]


def test_actions_are_considered_without_replacement_by_their_priors():
    # The largest of g + log P is action a with probability P(a); and all considered actions differ.
    state = position(TIC_TAC_TOE, "")
    search = search_of(
        TIC_TAC_TOE,
        np.array([state] * 3000),
        HashEvaluator(TIC_TAC_TOE, scale=0.0),
        1,
        noise=True,
        gumbel=True,
        gumbel_considered=1,
    )
    search.run()
    edges = search.forest.edges[:, :9]
    first = edges["visits"].argmax(axis=1)
    prior = edges["prior"][0].astype(np.float64)
    assert (edges["visits"].sum(axis=1) == 1).all()
    assert stats.chisquare(np.bincount(first, minlength=9), prior / prior.sum() * 3000).pvalue > 1e-4


def test_the_improved_policy_by_hand():
    # Priors 0.5, 0.3, 0.2; visits 2, 1, 0; Q 0.5, -0.5; the network's value 0.2.
    # v_mix = (0.2 + 3 * (0.5 * 0.5 - 0.3 * 0.5) / 0.8) / 4 = (0.2 + 3 * 0.125) / 4 = 0.14375, the third's Q.
    # sigma = (c_visit + 2) * c_scale * (Q + 1) / 2 = 2 * (0.75, 0.25, 0.571875) = 1.5, 0.5, 1.14375
    # 0.5 e^1.5 = 2.240845; 0.3 e^0.5 = 0.494616; 0.2 e^1.14375 = 0.627704; sum 3.363165
    search = search_of(
        TIC_TAC_TOE,
        np.array([position(TIC_TAC_TOE, THREE_FREE)]),
        HashEvaluator(TIC_TAC_TOE),
        4,
        gumbel=True,
        gumbel_c_visit=2.0,
        gumbel_c_scale=0.5,
    )
    expand_roots(search)
    edges = root_edges(search)
    edges["prior"], edges["visits"], edges["value_sum"] = (0.5, 0.3, 0.2), (2, 1, 0), (1.0, -0.5, 0.0)
    search.forest.nodes["value"][0, 0] = 0.2
    result = search.result()
    expected = np.array([2.240845, 0.494616, 0.627704]) / 3.363165
    assert result.policy[0, [2, 5, 8]] == pytest.approx(expected, abs=1e-5)
    assert result.policy[0].sum() == pytest.approx(1.0)
    # The action: of those with the most visits the one with the highest g + log P + sigma.
    assert result.action[0] == 2
    edges["visits"] = (1, 1, 0)
    edges["value_sum"] = (-1.0, 1.0, 0.0)
    assert search.result().action[0] == 5
    edges["noise"] = (9.0, 0.0, 30.0)
    assert search.result().action[0] == 2


def test_without_any_visit_the_improved_policy_is_the_prior():
    search = search_of(TIC_TAC_TOE, positions(TIC_TAC_TOE, 5), HashEvaluator(TIC_TAC_TOE), 1, gumbel=True)
    expand_roots(search)
    result = search.result()
    assert result.policy == pytest.approx(result.prior, abs=1e-6)


class ExactWithPriors(ExactEvaluator):
    """Exact values, and priors that know nothing."""

    def evaluate(self, states, planes):
        logits = HashEvaluator(TIC_TAC_TOE, from_planes=True).evaluate(states, planes)[0]
        return logits, super().evaluate(states, planes)[1]


@pytest.mark.parametrize("simulations", [2, 4, 8])
def test_few_simulations_improve_the_policy_in_every_position(simulations):
    # With exact Q the expected value of the chosen action is no less than that of the prior (section 3 of the paper).
    chosen = np.random.default_rng(0).choice(4520, 60, replace=False)
    states, values = unfinished_tic_tac_toe()[chosen], values_of_actions()[chosen].astype(np.float64)
    repeats = 150
    search = search_of(
        TIC_TAC_TOE,
        np.repeat(states, repeats),
        ExactWithPriors(),
        simulations,
        noise=True,
        gumbel=True,
        gumbel_considered=simulations,
    )
    search.run()
    result = search.result()
    rows = np.repeat(values, repeats, axis=0)
    before = (result.prior * rows).sum(axis=1)
    for gain in (
        rows[np.arange(len(rows)), result.action] - before,
        (result.policy * rows).sum(axis=1) - before,
    ):
        gain = gain.reshape(len(states), repeats)
        assert (gain.mean(axis=1) > -4 * gain.std(axis=1) / np.sqrt(repeats) - 1e-6).all()
        assert gain.mean() > 0.1


def test_the_improved_policy_of_the_search_is_what_is_learned():
    result = search_positions(
        TIC_TAC_TOE,
        positions(TIC_TAC_TOE, 20),
        HashEvaluator(TIC_TAC_TOE),
        settings(gumbel=True),
        simulations=8,
    )
    assert result.policy.sum(axis=1) == pytest.approx(np.ones(20), abs=1e-5)
    assert (result.policy[result.prior == 0] == 0).all()
    assert abs(result.policy - result.visits / 8).max() > 0.01
