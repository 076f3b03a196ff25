"""One step of each selection rule, worked by hand, and small whole trees."""

import math
from typing import get_args

import numpy as np
import pytest

from alphazero.config import SearchConfig
from alphazero.search import UniformEvaluator
from alphazero.search.rules import Formula, Unvisited, edge_score, exploration_weight, make_rule
from tests.search.common import (
    TIC_TAC_TOE,
    HashEvaluator,
    expand_roots,
    position,
    root_edges,
    search_of,
    settings,
)

THREE_FREE = "a1 b1 a2 b2 b3 a3"  # three free cells: c3, c2, c1


def followed(visits, value_sums, priors, in_flight=(0, 0, 0), **changes) -> int:
    """Return which of a root's three edges the next simulation follows, given all that is known about them.

    The root's own evaluation was 0.
    """
    search = search_of(
        TIC_TAC_TOE, np.array([position(TIC_TAC_TOE, THREE_FREE)]), HashEvaluator(TIC_TAC_TOE), 1, **changes
    )
    expand_roots(search)
    edges = root_edges(search)
    edges["visits"], edges["value_sum"], edges["prior"] = visits, value_sums, priors
    edges["in_flight"] = in_flight
    search.forest.nodes["visits"][0, 0] = 1 + sum(visits)
    search.forest.nodes["value_sum"][0, 0] = sum(value_sums)
    search.run()
    return int(np.flatnonzero(edges["visits"] != visits)[0])


def rule_of(**changes):
    return make_rule(settings(**changes), noise=False)


def test_the_exploration_weight_of_each_rule():
    # N(s) = 16, so sqrt(N) = 4 and sqrt(ln N) = 1.665109
    assert exploration_weight(rule_of(rule="puct", c_puct=1.5), 16) == pytest.approx(6.0)
    assert exploration_weight(rule_of(rule="alphago", rho=5.0), 16) == pytest.approx(5.0)
    assert exploration_weight(rule_of(rule="uct", c_uct=2.0), 16) == pytest.approx(3.330218)
    # log((1 + 16 + 17) / 17) = log 2 = 0.693147; (0.693147 + 1.25) * 4 = 7.772589
    assert exploration_weight(rule_of(c_base=17.0, c_init=1.25), 16) == pytest.approx(7.772589)


def test_the_score_of_an_edge_in_each_rule():
    for name in ("alphazero", "puct", "alphago"):  # 0.25 + 6 * 0.5 / (1 + 3) = 1
        assert edge_score(rule_of(rule=name), 6.0, 0.25, 0.5, 3) == pytest.approx(1.0)
    assert edge_score(rule_of(rule="uct"), 6.0, 0.25, 0.5, 4) == pytest.approx(3.25)  # 0.25 + 6 / 2
    untried = [edge_score(rule_of(rule="uct"), 6.0, 0.25, prior, 0) for prior in (0.5, 0.4)]
    assert untried[0] > untried[1] > 1e6


# N(s) = 1 + 3 + 1 + 0 = 5, sqrt 5 = 2.236068, c_puct 1.5: weight 3.354102. Mean of the node 0.5 / 5 = 0.1; an
# untried edge counts 0.1 - 0.2 * sqrt(0.5 + 0.3) = -0.078885.
#   0.2 + 3.354102 * 0.5 / 4 = 0.619263;  W + 3.354102 * 0.3 / 2 = W + 0.503115;  -0.078885 + 0.670820 = 0.591935
PUCT = {"rule": "puct", "c_puct": 1.5}
# The same with (log((1 + 5 + 5) / 5) + 1.25) * 2.236068 = 4.558126:
#   0.2 + 0.569766 = 0.769766;  -0.1 + 0.683719 = 0.583719;  -0.078885 + 0.911625 = 0.832740
ALPHAZERO = {"rule": "alphazero", "c_base": 5.0, "c_init": 1.25}
# rho = 2 without a root: 0.2 + 2 * 0.5 / 4 = 0.45;  -0.1 + 2 * 0.3 / 2 = 0.2;  -0.078885 + 2 * 0.2 = 0.321115
ALPHAGO = {"rule": "alphago", "rho": 2.0}
# N(s) = 1 + 4 + 2 + 1 = 8, 0.5 * sqrt(ln 8) = 0.721014: Q + 0.360507, Q + 0.509834, Q + 0.721014
UCT = {"rule": "uct", "c_uct": 0.5}
P = (0.5, 0.3, 0.2)


@pytest.mark.parametrize("visits, value_sums, changes, expected", [
    ((3, 1, 0), (0.6, -0.1, 0.0), PUCT, 0),  # 0.619263, 0.403115, 0.591935
    ((3, 1, 0), (0.0, 0.5, 0.0), PUCT, 1),  # 0.419263, 1.003115, 0.591935
    ((3, 1, 0), (0.45, 0.05, 0.0), PUCT, 2),  # 0.569263, 0.553115, 0.591935
    ((3, 1, 0), (0.6, -0.1, 0.0), ALPHAZERO, 2),
    ((3, 1, 0), (0.6, -0.1, 0.0), ALPHAZERO | {"c_base": 1e6}, 0),  # 2.795: 0.549387, 0.319265, 0.480135
    ((3, 1, 0), (0.6, -0.1, 0.0), ALPHAGO, 0),
    ((4, 2, 1), (2.0, 0.8, 0.0), UCT, 1),  # 0.860507, 0.909834, 0.721014
    ((4, 2, 1), (2.8, 0.8, 0.0), UCT, 0),  # 1.060507
    ((4, 2, 1), (2.0, 0.8, 0.3), UCT, 2),  # 1.021014
    ((4, 2, 0), (4.0, 2.0, 0.0), UCT, 2),  # an untried move comes first, however good the others
    ((0, 2, 0), (0.0, 2.0, 0.0), UCT, 0),  # of two, the one with the larger prior
], ids=str)  # fmt: skip
def test_one_step_of_each_rule(visits, value_sums, changes, expected):
    assert followed(visits, value_sums, P, **changes) == expected


# Two tried edges with Q = 0.5 (all of a node with mean 0.4, N(s) = 5), PUCT with c 0.1: weight 0.223607. Their
# scores are 0.5 + 0.223607 * 0.25 / 3 = 0.518634; the untried one, with prior 0.5, adds 0.111803 to its urgency u.
@pytest.mark.parametrize("changes, expected", [
    ({"fpu": "constant", "fpu_value": 0.41}, 2),  # u = 0.41: 0.521803
    ({"fpu": "constant", "fpu_value": 0.40}, 0),  # u = 0.40: 0.511803
    ({"fpu": "parent", "fpu_reduction": 0.0}, 0),  # u = 0.4
    ({"fpu": "parent", "fpu_reduction": 0.5}, 0),  # u = 0.4 - 0.5 * sqrt(0.5) = 0.046447: worse, not better
], ids=str)  # fmt: skip
def test_first_play_urgency_by_hand(changes, expected):
    assert (
        followed((2, 2, 0), (1.0, 1.0, 0.0), (0.25, 0.25, 0.5), rule="puct", c_puct=0.1, **changes)
        == expected
    )


def test_a_reduction_of_urgency_grows_with_the_root_of_the_prior_tried():
    # One edge tried: Q = 0.2, mean 0.1 (N(s) = 2), c_puct 0.1: weight 0.141421, its score 0.2 + 0.141421 P / 2.
    # P = 0.64: 0.245255 against u + 0.141421 * 0.36, u = 0.1 - 0.1 * 0.8 = 0.02: the tried one again.
    one = {"rule": "puct", "c_puct": 0.1, "fpu_reduction": 0.1}
    assert followed((1, 0, 0), (0.2, 0.0, 0.0), (0.64, 0.36, 0.0), **one) == 0
    # c_puct 0.5: weight 0.707107. P = 0.16: 0.2 + 0.056569 = 0.256569 against 0.1 - r * 0.4 + 0.593970 = 0.693970 - r
    # * 0.4, equal at r = 1.0935.
    two = {"rule": "puct", "c_puct": 0.5}
    assert followed((1, 0, 0), (0.2, 0.0, 0.0), (0.16, 0.84, 0.0), fpu_reduction=1.05, **two) == 1
    assert followed((1, 0, 0), (0.2, 0.0, 0.0), (0.16, 0.84, 0.0), fpu_reduction=1.15, **two) == 0


def test_a_leaf_in_flight_is_a_visit_that_was_lost():
    # c_puct 0.1, N(s) = 5, one in flight below edge 0: weight 0.1 * sqrt 6 = 0.244949.
    # Edge 0: (1.6 - v) / (2 + v) + 0.244949 * 0.4 / 4; edge 1: 0.3 + 0.244949 * 0.4 / 3 = 0.332660.
    # v = 0.5: 0.44 + 0.024495; v = 1: 0.2 + 0.024495.
    known = ((2, 2, 0), (1.6, 0.6, 0.0), (0.4, 0.4, 0.2), (1, 0, 0))
    rest = {"rule": "puct", "c_puct": 0.1, "fpu": "constant", "fpu_value": -1.0}
    assert followed(*known, virtual_loss=0.5, **rest) == 0
    assert followed(*known, virtual_loss=1.0, **rest) == 1


# A position each in which one move wins at once (d) and the others lead to a draw; rho = 1, urgency 0, equal
# priors p, so an edge scores Q + p / (1 + N). The first player has three moves (p = 1/3), the second two (p = 1/2):
#   1/3 1/3 1/3 -> first;  1/6 1/3 1/3 -> second;  1/6 1/6 1/3 -> d, won: 1 + 1/6 -> d again: 1 + 1/9 -> d
#   1/2 1/2 -> first;  1/4 1/2 -> d, won: 1 + 1/4 -> d again: 1 + 1/6 -> d
@pytest.mark.parametrize("text, visits", [
    ("xo./ox./ox.", {2: 1, 5: 1, 8: 3}), ("oxx/xo./xo.", {5: 1, 8: 3}),
])  # fmt: skip
def test_a_whole_search_by_hand_for_both_players(text, visits):
    state = TIC_TAC_TOE.parse_state(text)
    simulations = sum(visits.values())
    search = search_of(
        TIC_TAC_TOE,
        np.array([state]),
        UniformEvaluator(TIC_TAC_TOE),
        simulations,
        rule="alphago",
        rho=1.0,
        fpu="constant",
        fpu_value=0.0,
    )
    search.run()
    result = search.result()
    assert {action: int(result.visits[0, action]) for action in visits} == visits
    assert result.q[0, 8] == 1.0 and result.q[0, 5] == 0.0 and result.action[0] == 8
    assert result.value[0] == pytest.approx(3 / (simulations + 1))  # three wins, and the root's own 0


def test_a_loss_is_seen_two_plies_ahead_by_both_players():
    # Whoever is to move loses unless c1 is taken; after any other move the answer c1 wins.
    for text in ("ox./xo./...", "xo./ox./.x."):
        state = TIC_TAC_TOE.parse_state(text)
        search = search_of(TIC_TAC_TOE, np.array([state]), UniformEvaluator(TIC_TAC_TOE), 600)
        search.run()
        result = search.result()
        others = [action for action in TIC_TAC_TOE.legal(state) if action != 8]
        assert result.action[0] == 8 and (result.q[0, others] < -0.5).all()


def test_rules_know_their_names_and_constants():
    rule = rule_of(rule="uct", fpu="constant", gumbel=True, gumbel_considered=7)
    assert (rule.formula, rule.unvisited, rule.gumbel) == (Formula.uct, Unvisited.constant, 7)
    names = get_args(SearchConfig.model_fields["rule"].annotation)
    assert (
        [Formula(rule_of(rule=name).formula).name for name in names] == list(names) == [*Formula.__members__]
    )
    assert rule_of().gumbel is None and rule_of(root_noise_fraction=0.3).noise_fraction == 0.0
    assert make_rule(settings(root_noise_fraction=0.3), noise=True).noise_fraction == 0.3
    assert math.isclose(rule_of(c_puct=2).c_puct, 2.0)
