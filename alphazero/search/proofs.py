"""Proven results carried up the tree (Winands, Bjornsson and Saito 2008, "Monte-Carlo tree search solver").

A node is proven when its result under perfect play is known: its game is over, one of its edges wins, or all of its
edges are proven. Its mean value and that of the edge into it become the result itself; nothing below it is searched any
more, an edge that loses is not followed while another does not (Gumbel search follows its schedule all the same), and a
proven root ends its search. All of it happens only where `Rule.prove` is set: otherwise no node is ever marked.
"""

import numpy as np

from alphazero.search.forest import NONE, ROOT
from games.kernel import borrower

UNKNOWN = np.int64(2)  # the result of what is not proven; results are -1, 0 and 1


@borrower
def node_result(forest, tree, node):
    """Return the proven result of a node for the player to move in it, or UNKNOWN."""
    mark = np.int64(forest.nodes[tree, node].proven)
    return UNKNOWN if mark == 0 else mark - 2


@borrower
def edge_result(forest, tree, node, edge):
    """Return the proven result of one of a node's edges for the player who chooses it, or UNKNOWN."""
    child = np.int64(forest.edges[tree, edge].child)
    if child == NONE:
        return UNKNOWN
    result = node_result(forest, tree, child)
    if result == UNKNOWN or forest.nodes[tree, child].player == forest.nodes[tree, node].player:
        return result
    return -result


@borrower
def is_playable(forest, tree, node, edge):
    """Whether perfect play may choose an edge: one with the result of a proven node, or one not known to lose."""
    result, best = edge_result(forest, tree, node, edge), node_result(forest, tree, node)
    return result != -1 if best == UNKNOWN else result == best


@borrower
def _follows(forest, tree, node):
    """Return the result of a node that follows from its edges, or UNKNOWN."""
    first, best, is_open = np.int64(forest.nodes[tree, node].first_edge), np.int64(-1), False
    for edge in range(first, first + forest.nodes[tree, node].num_edges):
        result = edge_result(forest, tree, node, edge)
        if result == 1:
            return np.int64(1)
        is_open |= result == UNKNOWN
        best = max(best, result)
    return UNKNOWN if is_open else best


@borrower
def _mark(forest, tree, node, result):
    """Note a node's result and make the values of the node and of the edge into it exact."""
    here = forest.nodes[tree, node]
    here.proven = result + 2
    here.value_sum = np.float64(result * here.visits)
    if here.parent_edge != NONE:
        edge = forest.edges[tree, here.parent_edge]
        same = forest.nodes[tree, here.parent].player == here.player
        edge.value_sum = np.float64((result if same else -result) * edge.visits)


@borrower
def prove(forest, tree, node):
    """Mark the node of a finished game and every node above whose result follows; a proven root ends the search."""
    if forest.nodes[tree, node].proven == 0:
        _mark(forest, tree, node, np.int64(forest.nodes[tree, node].value))
    while forest.nodes[tree, node].parent_edge != NONE:
        node = np.int64(forest.nodes[tree, node].parent)
        if forest.nodes[tree, node].proven != 0:
            return
        result = _follows(forest, tree, node)
        if result == UNKNOWN:
            return
        _mark(forest, tree, node, result)
    if node == ROOT:
        forest.trees[tree].budget = min(forest.trees[tree].budget, forest.trees[tree].done)
