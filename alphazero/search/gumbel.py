"""Gumbel search (Danihelka et al. 2022, "Policy improvement by planning with Gumbel").

At the root a few actions are drawn without replacement by Gumbel noise and sequential halving shares the
simulations among them; below, visits follow the improved policy. Its policy target is softmax(logits + sigma(Q)),
Q completed for unvisited actions by a mixed value. Q is mapped from [-1, 1] to [0, 1] before sigma.
"""

import numpy as np

from alphazero.search.forest import ROOT
from alphazero.search.noise import draw_gumbel
from alphazero.search.rules import edge_q
from games.kernel import borrower, njit


@njit
def fill_schedule(schedule, considered, simulations):
    """Write, for each simulation, how many visits the root edge to be chosen has had (sequential halving).

    schedule: int32[>= simulations]; `considered` actions share the simulations in about log2(considered) rounds of
    equal length, each with half the actions of the one before, never fewer than two.
    """
    if considered <= 1:
        for index in range(simulations):
            schedule[index] = index
        return
    rounds = np.int64(np.ceil(np.log2(considered)))
    filled, level, left = 0, 0, considered
    while filled < simulations:
        for _ in range(max(1, simulations // (rounds * left))):
            for _ in range(left):
                if filled < simulations:
                    schedule[filled] = level
                    filled += 1
            level += 1
        left = max(2, left // 2)


@borrower
def mixed_value(forest, tree, node):
    """Return v_mix: the evaluator's value and the visited actions' Q, weighted by prior and visits (eq. 33)."""
    first = np.int64(forest.nodes[tree, node].first_edge)
    visits, prior, weighted = 0, 0.0, 0.0
    for edge in range(first, first + forest.nodes[tree, node].num_edges):
        if forest.edges[tree, edge].visits > 0:
            p = max(np.float64(forest.edges[tree, edge].prior), 1e-30)
            visits += forest.edges[tree, edge].visits
            prior += p
            weighted += p * forest.edges[tree, edge].value_sum / forest.edges[tree, edge].visits
    value = np.float64(forest.nodes[tree, node].value)
    return value if visits == 0 else (value + visits * weighted / prior) / (1.0 + visits)


@borrower
def sigma_scale(forest, rule, tree, node):
    """Return (c_visit + max_b N(b)) * c_scale, what sigma multiplies Q in [0, 1] with."""
    first = np.int64(forest.nodes[tree, node].first_edge)
    most = 0
    for edge in range(first, first + forest.nodes[tree, node].num_edges):
        most = max(most, forest.edges[tree, edge].visits)
    return (rule.gumbel_c_visit + most) * rule.gumbel_c_scale


@borrower
def completed_logit(forest, rule, tree, edge, mixed, scale):
    """Return log P + sigma(completed Q) of an edge."""
    q = mixed
    if forest.edges[tree, edge].visits + forest.edges[tree, edge].in_flight > 0:
        q = edge_q(forest, tree, edge, rule.virtual_loss)
    return np.log(max(np.float64(forest.edges[tree, edge].prior), 1e-30)) + scale * 0.5 * (q + 1.0)


@borrower
def improved_policy(forest, rule, tree, node, out):
    """Write softmax(log P + sigma(completed Q)) of a node's edges into out float64[>= num_edges]; return the count."""
    first, count = np.int64(forest.nodes[tree, node].first_edge), np.int64(forest.nodes[tree, node].num_edges)
    mixed, scale = mixed_value(forest, tree, node), sigma_scale(forest, rule, tree, node)
    largest, total = -np.inf, 0.0
    for index in range(count):
        out[index] = completed_logit(forest, rule, tree, first + index, mixed, scale)
        largest = max(largest, out[index])
    for index in range(count):
        out[index] = np.exp(out[index] - largest)
        total += out[index]
    for index in range(count):
        out[index] /= total
    return count


@borrower
def best_interior_edge(forest, rule, tree, node):
    """Return the edge that brings visits nearest the improved policy: argmax pi'(a) - N(a) / (1 + sum N) (eq. 14)."""
    first, count = np.int64(forest.nodes[tree, node].first_edge), forest.nodes[tree, node].num_edges
    mixed, scale = mixed_value(forest, tree, node), sigma_scale(forest, rule, tree, node)
    largest, total, visits = -np.inf, 0.0, 0
    for edge in range(first, first + count):
        largest = max(largest, completed_logit(forest, rule, tree, edge, mixed, scale))
        visits += forest.edges[tree, edge].visits + forest.edges[tree, edge].in_flight
    for edge in range(first, first + count):
        total += np.exp(completed_logit(forest, rule, tree, edge, mixed, scale) - largest)
    best, best_score = first, -np.inf
    for edge in range(first, first + count):
        policy = np.exp(completed_logit(forest, rule, tree, edge, mixed, scale) - largest) / total
        score = policy - (forest.edges[tree, edge].visits + forest.edges[tree, edge].in_flight) / (
            1.0 + visits
        )
        if score > best_score:
            best, best_score = edge, score
    return best


@borrower
def draw_root_noise(forest, rule, tree, scale):
    """Draw the root's Gumbel noise, times `scale` (0: none, for match play), and lay out its simulations."""
    count = forest.nodes[tree, ROOT].num_edges
    for index in range(count):
        forest.edges[tree, forest.nodes[tree, ROOT].first_edge + index].noise = scale * draw_gumbel(
            forest, tree
        )
    fill_schedule(
        forest.schedule[tree], np.int64(min(rule.gumbel, count)), np.int64(forest.trees[tree].budget)
    )


@borrower
def best_root_edge(forest, rule, tree, wanted_visits):
    """Return the root edge with the highest g + log P + sigma(Q) among those with `wanted_visits` visits.

    When no edge has that many (leaves in flight), or wanted_visits < 0, all edges compete.
    """
    first, count = np.int64(forest.nodes[tree, ROOT].first_edge), forest.nodes[tree, ROOT].num_edges
    mixed, scale = mixed_value(forest, tree, ROOT), sigma_scale(forest, rule, tree, ROOT)
    best, best_score, best_wanted = first, -np.inf, False
    for index in range(count):
        edge = first + index
        wanted = forest.edges[tree, edge].visits + forest.edges[tree, edge].in_flight == wanted_visits
        score = forest.edges[tree, edge].noise + completed_logit(forest, rule, tree, edge, mixed, scale)
        if (wanted and not best_wanted) or (wanted == best_wanted and score > best_score):
            best, best_score, best_wanted = edge, score, wanted
    return best
