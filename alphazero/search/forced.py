"""Forced visits and policy target pruning (Wu 2019, "Accelerating self-play learning in Go", section 3.2: "forced
playouts").

In a search with root noise every root edge that has been visited at all is visited at least
n_forced = sqrt(k * P(a) * sum_b N(b)) times, so that noise finds moves which the priors overlook. What was forced is
then taken out of the policy to learn again, unless the move turned out well: from every edge but the most visited one
up to n_forced visits go as long as its selection score, at its fewer visits, stays below that of the most visited one,
and edges left with one visit get none.
"""

import numpy as np

from alphazero.search.forest import NOISE_SETTLED, NONE, ROOT
from alphazero.search.proofs import UNKNOWN, edge_result
from alphazero.search.rules import edge_q, edge_score, exploration_weight
from games.kernel import borrower

EXPLORES = np.int8(
    1 + NOISE_SETTLED
)  # `noisy` of a tree whose search has root noise, once it has been put on


@borrower
def forces(forest, rule, tree):
    """Whether the present search of a tree forces visits."""
    return rule.forced > 0.0 and forest.trees[tree].noisy == EXPLORES


@borrower
def _root_visits(forest, tree, first, last):
    total = 0
    for edge in range(first, last):
        total += forest.edges[tree, edge].visits + forest.edges[tree, edge].in_flight
    return total


@borrower
def forced_edge(forest, rule, tree):
    """Return the first root edge that was visited less often than it must be, or NONE; proven ones need no visits."""
    first = np.int64(forest.nodes[tree, ROOT].first_edge)
    last = first + forest.nodes[tree, ROOT].num_edges
    total = _root_visits(forest, tree, first, last)
    for edge in range(first, last):
        visits = forest.edges[tree, edge].visits + forest.edges[tree, edge].in_flight
        if visits > 0 and visits < np.sqrt(rule.forced * forest.edges[tree, edge].prior * total):
            if edge_result(forest, tree, ROOT, edge) == UNKNOWN:
                return edge
    return np.int64(NONE)


@borrower
def prune_forced(forest, rule, tree, out):
    """Take forced visits out of the root's visits in out float64[num_edges]."""
    first = np.int64(forest.nodes[tree, ROOT].first_edge)
    count = np.int64(forest.nodes[tree, ROOT].num_edges)
    total = _root_visits(forest, tree, first, first + count)
    weight = exploration_weight(rule, forest.nodes[tree, ROOT].visits)
    best = 0
    for index in range(count):
        if out[index] > out[best]:
            best = index
    if out[best] == 0.0:
        return
    most = edge_score(
        rule,
        weight,
        edge_q(forest, tree, first + best, 0.0),
        forest.edges[tree, first + best].prior,
        out[best],
    )
    for index in range(count):
        if index != best and out[index] > 0.0:
            prior = np.float64(forest.edges[tree, first + index].prior)
            least = out[index] - np.sqrt(rule.forced * prior * total)
            q = edge_q(forest, tree, first + index, 0.0)
            while (
                out[index] - 1.0 >= max(least, 0.0)
                and edge_score(rule, weight, q, prior, out[index] - 1.0) < most
            ):
                out[index] -= 1.0
            if out[index] <= 1.0:
                out[index] = 0.0
