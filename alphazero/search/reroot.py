"""After a move: make the child that was played the root and keep the search below it, moved to the front in place."""

import numpy as np

from alphazero.search.forest import NONE, ROOT
from alphazero.search.simulate import set_root
from games.bits import copy_state
from games.kernel import borrower, njit


@borrower
def play_at_root(game, forest, tree, action, keep):
    """Play an action at a tree's root; keep the subtree below it if `keep` and it has been visited."""
    child = _child_of(forest, tree, action) if keep else np.int64(NONE)
    state = forest.leaf_states[tree, 0]
    copy_state(state, forest.states[tree, ROOT])
    game.play(state, action)
    if child == NONE:
        set_root(game, forest, tree, state)
        return
    if forest.states.shape[1] == 1:
        copy_state(forest.states[tree, ROOT], state)
    _number_subtree(forest, tree, child)
    _move_subtree(forest, tree)


@borrower
def _child_of(forest, tree, action):
    """Return the node below the root's edge for an action, or NONE."""
    first = forest.nodes[tree, ROOT].first_edge
    for edge in range(first, first + forest.nodes[tree, ROOT].num_edges):
        if forest.edges[tree, edge].action == action:
            return np.int64(forest.edges[tree, edge].child)
    return np.int64(NONE)


@borrower
def _number_subtree(forest, tree, root):
    """Write into remap the new index of every node below `root`, in the old order, and NONE for all others.

    Those that are kept get their parent's new index.
    """
    count = 0
    for node in range(forest.trees[tree].num_nodes):
        above = forest.nodes[tree, node].parent
        kept = node == root or (node > root and forest.nodes[tree, above].remap != NONE)
        forest.nodes[tree, node].remap = count if kept else NONE
        if kept and node > root:
            forest.nodes[tree, node].parent = forest.nodes[tree, above].remap
        count += kept


@borrower
def _move_subtree(forest, tree):
    """Move the numbered nodes and their edges to the front; new places always lie before old ones."""
    used = _move_edges(forest, tree)
    count = 0
    for node in range(forest.trees[tree].num_nodes):
        if forest.nodes[tree, node].remap == NONE:
            continue
        copy_state(forest.nodes[tree, count], forest.nodes[tree, node])
        if forest.states.shape[1] > 1:
            copy_state(forest.states[tree, count], forest.states[tree, node])
        count += 1
    forest.nodes[tree, ROOT].parent = NONE
    forest.nodes[tree, ROOT].parent_edge = NONE
    forest.trees[tree].num_nodes = count
    forest.trees[tree].used_edges = used


@borrower
def _move_edges(forest, tree):
    """Move the edge blocks of the numbered nodes in the order in which the blocks stand; return the edges kept.

    That is not always the order of the nodes: a leaf that the cache knows is expanded before one that was met
    earlier and waits. As no leaf waits now, in_flight of a block's first edge says whose block it is.
    """
    for node in range(forest.trees[tree].num_nodes):
        if forest.nodes[tree, node].remap != NONE and forest.nodes[tree, node].num_edges > 0:
            forest.edges[tree, forest.nodes[tree, node].first_edge].in_flight = node + 1
    edge, used = np.int64(0), np.int64(0)
    while edge < forest.trees[tree].used_edges:
        owner = np.int64(forest.edges[tree, edge].in_flight) - 1
        if owner < 0:
            edge += 1
            continue
        forest.nodes[tree, owner].first_edge = used
        for _ in range(forest.nodes[tree, owner].num_edges):
            _move_edge(forest, tree, edge, used)
            edge += 1
            used += 1
    return used


@borrower
def _move_edge(forest, tree, edge, target):
    """Move one edge; its child, not moved yet, hears of its new place, and it of the child's new index."""
    moved = forest.edges[tree, target]
    copy_state(moved, forest.edges[tree, edge])
    moved.in_flight = 0
    if moved.child != NONE:
        forest.nodes[tree, moved.child].parent_edge = target
        moved.child = forest.nodes[tree, moved.child].remap


@njit
def play_at_roots(game, forest, trees, actions, keep):
    """Play actions int64[n] at the roots of the trees int32[n]."""
    for index in range(trees.size):
        play_at_root(game, forest, np.int64(trees[index]), np.int64(actions[index]), keep)
