"""What a finished search says about its root: visits, values, the policy to learn and the action to play."""

import numpy as np

from alphazero.search.forced import forces, prune_forced
from alphazero.search.forest import NONE, ROOT
from alphazero.search.gumbel import best_root_edge, improved_policy
from alphazero.search.noise import draw_unit
from alphazero.search.proofs import UNKNOWN, is_playable, node_result
from alphazero.search.simulate import seen_by
from games.kernel import borrower, helper, njit


@borrower
def root_value(forest, tree):
    """Return the search's value of the root for its player to move: the mean over N(s), the evaluation included.

    Of a proven root it is the result.
    """
    if node_result(forest, tree, ROOT) != UNKNOWN:
        return np.float64(node_result(forest, tree, ROOT))
    if forest.nodes[tree, ROOT].visits == 0:
        return np.float64(forest.nodes[tree, ROOT].value)
    return forest.nodes[tree, ROOT].value_sum / forest.nodes[tree, ROOT].visits


@borrower
def root_policy(forest, rule, gumbel, tree, out):
    """Write the policy to learn for each root edge into out float64[>= num_edges]; return the number of edges.

    PUCT: visits / sum of visits, without forced ones; Gumbel: the improved policy with completed Q. Priors when
    nothing was visited. Edges that perfect play does not choose, as far as it is proven, get nothing.
    """
    first, count = (
        np.int64(forest.nodes[tree, ROOT].first_edge),
        np.int64(max(forest.nodes[tree, ROOT].num_edges, 0)),
    )
    if gumbel is not None:
        improved_policy(forest, rule, tree, ROOT, out)
    else:
        for index in range(count):
            out[index] = forest.edges[tree, first + index].visits
        if forces(forest, rule, tree):
            prune_forced(forest, rule, tree, out[:count])
    total = 0.0
    for index in range(count):
        if not is_playable(forest, tree, ROOT, first + index):
            out[index] = 0.0
        total += out[index]
    if total <= 0.0:
        total = _playable_priors(forest, tree, first, count, out)
    for index in range(count):
        out[index] /= total
    return count


@borrower
def _playable_priors(forest, tree, first, count, out):
    """Write the priors of the root's playable edges into out, 0 for the others; return their sum."""
    total = 0.0
    for index in range(count):
        playable = is_playable(forest, tree, ROOT, first + index)
        out[index] = forest.edges[tree, first + index].prior if playable else 0.0
        total += out[index]
    return max(total, 1e-30)


@borrower
def most_visited_edge(forest, tree, node):
    """Return the edge with most visits, equal ones by higher Q, then by higher prior; one that is playable."""
    first = np.int64(forest.nodes[tree, node].first_edge)
    best, best_playable = first, False
    for edge in range(first, first + forest.nodes[tree, node].num_edges):
        playable = is_playable(forest, tree, node, edge)
        if playable > best_playable or (playable == best_playable and _is_better(forest, tree, edge, best)):
            best, best_playable = edge, playable
    return best


@borrower
def _is_better(forest, tree, edge, best):
    visits, most = forest.edges[tree, edge].visits, forest.edges[tree, best].visits
    if visits != most:
        return visits > most
    if visits > 0:
        gain = forest.edges[tree, edge].value_sum / visits - forest.edges[tree, best].value_sum / most
        if gain != 0.0:
            return gain > 0.0
    return forest.edges[tree, edge].prior > forest.edges[tree, best].prior


@borrower
def choose_edge(forest, rule, gumbel, tree, temperature):
    """Return the root edge to play: Gumbel's winner, or visits ** (1 / temperature) sampled (0: the most visited).

    One that perfect play would not choose, as far as it is proven, is not played.
    """
    first, count = np.int64(forest.nodes[tree, ROOT].first_edge), forest.nodes[tree, ROOT].num_edges
    if gumbel is not None:
        most = np.int64(0)
        for edge in range(first, first + count):
            most = max(most, np.int64(forest.edges[tree, edge].visits))
        winner = best_root_edge(forest, rule, tree, most)
        return winner if is_playable(forest, tree, ROOT, winner) else most_visited_edge(forest, tree, ROOT)
    best = most_visited_edge(forest, tree, ROOT)
    most = forest.edges[tree, best].visits
    if temperature <= 0.0 or most == 0:
        return best
    total = 0.0
    for edge in range(first, first + count):
        total += _weight(forest, tree, edge, most, temperature)
    left = draw_unit(forest, tree) * total
    for edge in range(first, first + count):
        left -= _weight(forest, tree, edge, most, temperature)
        if left < 0.0:
            return edge
    return best


@borrower
def _weight(forest, tree, edge, most, temperature):
    if not is_playable(forest, tree, ROOT, edge):
        return 0.0
    return (forest.edges[tree, edge].visits / most) ** (1.0 / temperature)


@helper
def write_result(forest, rule, tree, temperature, visits, q, prior, policy):
    """Write one row of the result by action (visits int32[A], q, prior, policy float32[A]); return the action."""
    count = max(forest.nodes[tree, ROOT].num_edges, 0)
    if count == 0:
        return np.int64(NONE)
    weights = np.empty(count, np.float64)
    root_policy(forest, rule, rule.gumbel, tree, weights)
    first = forest.nodes[tree, ROOT].first_edge
    for index in range(count):
        edge = first + index
        action = forest.edges[tree, edge].action
        visits[action] = forest.edges[tree, edge].visits
        prior[action] = forest.edges[tree, edge].prior
        policy[action] = weights[index]
        if forest.edges[tree, edge].visits > 0:
            q[action] = forest.edges[tree, edge].value_sum / forest.edges[tree, edge].visits
    return np.int64(forest.edges[tree, choose_edge(forest, rule, rule.gumbel, tree, temperature)].action)


@njit
def write_results(forest, rule, temperature, visits, q, prior, policy, actions, values):
    """Write the results of all trees: arrays [T, A] as in `write_result`, actions int64[T], values float32[T]."""
    for index in range(actions.size):
        tree = np.int64(index)
        actions[tree] = write_result(
            forest, rule, tree, temperature, visits[tree], q[tree], prior[tree], policy[tree]
        )
        values[tree] = root_value(forest, tree)


@njit
def variation(forest, tree, edge, out):
    """Write the actions from a root edge along the most visited edges into out int32[n]; return their number."""
    length = 0
    while length < out.size:
        out[length] = forest.edges[tree, edge].action
        length += 1
        node = np.int64(forest.edges[tree, edge].child)
        if node == NONE or forest.nodes[tree, node].num_edges <= 0:
            break
        edge = most_visited_edge(forest, tree, node)
        if forest.edges[tree, edge].visits == 0:
            break
    return length


@borrower
def edge_of_action(forest, tree, action):
    """Return the root edge of an action, or NONE."""
    first = np.int64(forest.nodes[tree, ROOT].first_edge)
    for edge in range(first, first + forest.nodes[tree, ROOT].num_edges):
        if forest.edges[tree, edge].action == action:
            return edge
    return np.int64(NONE)


__all__ = [
    "choose_edge",
    "edge_of_action",
    "most_visited_edge",
    "root_policy",
    "root_value",
    "seen_by",
    "variation",
    "write_result",
    "write_results",
]
