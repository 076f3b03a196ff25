"""After a move: make the child that was played the root and keep the search below it, moved to the front in place."""

import numpy as np

from alphazero.search.forest import NONE
from alphazero.search.simulate import set_root
from games.bits import copy_state
from games.kernel import helper, njit


@helper
def play_at_root(game, forest, tree, action, keep):
    """Play an action at a tree's root; keep the subtree below it if `keep` and it has been visited."""
    child = _child_of(forest, tree, action) if keep else np.int64(NONE)
    state = forest.leaf_states[tree, 0]
    copy_state(state, forest.states[tree, 0])
    game.play(state, action)
    if child == NONE:
        set_root(game, forest, tree, state)
        return
    if forest.states.shape[1] == 1:
        copy_state(forest.states[tree, 0], state)
    _number_subtree(forest, tree, child)
    _move_subtree(forest, tree)


@helper
def _child_of(forest, tree, action):
    """Return the node below the root's edge for an action, or NONE."""
    first = forest.nodes[tree, 0].first_edge
    for edge in range(first, first + forest.nodes[tree, 0].num_edges):
        if forest.edges[tree, edge].action == action:
            return np.int64(forest.edges[tree, edge].child)
    return np.int64(NONE)


@helper
def _number_subtree(forest, tree, root):
    """Write into remap the new index of every node below `root`, in the old order, and NONE for all others."""
    count = 0
    for node in range(forest.trees[tree].num_nodes):
        above = forest.nodes[tree, node].parent
        kept = node == root or (node > root and forest.nodes[tree, above].remap != NONE)
        forest.nodes[tree, node].remap = count if kept else NONE
        count += kept


@helper
def _move_subtree(forest, tree):
    """Move the numbered nodes and their edges to the front; new places never lie behind old ones."""
    count, used = 0, 0
    for node in range(forest.trees[tree].num_nodes):
        if forest.nodes[tree, node].remap == NONE:
            continue
        first, edges = forest.nodes[tree, node].first_edge, forest.nodes[tree, node].num_edges
        _move_node(forest, tree, node, count, used)
        for offset in range(max(edges, 0)):
            _move_edge(forest, tree, first + offset, used + offset)
        used += max(edges, 0)
        count += 1
    forest.nodes[tree, 0].parent = NONE
    forest.nodes[tree, 0].parent_edge = NONE
    forest.trees[tree].num_nodes = count
    forest.trees[tree].used_edges = used


@helper
def _move_node(forest, tree, node, target, first_edge):
    """Move one node; its parent, moved before it, already has its new edges."""
    source, moved = forest.nodes[tree, node], forest.nodes[tree, target]
    if target > 0:
        above = np.int64(forest.nodes[tree, source.parent].remap)
        new_parent = forest.nodes[tree, above]
        moved.parent_edge = new_parent.first_edge + source.parent_edge - new_parent.old_edge
        moved.parent = above
    moved.old_edge = source.first_edge
    moved.first_edge = first_edge
    moved.num_edges = source.num_edges
    moved.visits = source.visits
    moved.value_sum = source.value_sum
    moved.value = source.value
    moved.player = source.player
    if forest.states.shape[1] > 1:
        copy_state(forest.states[tree, target], forest.states[tree, node])


@helper
def _move_edge(forest, tree, edge, target):
    """Move one edge; its child gets the new index that was given out before."""
    moved = forest.edges[tree, target]
    copy_state(moved, forest.edges[tree, edge])
    moved.in_flight = 0
    if moved.child != NONE:
        moved.child = forest.nodes[tree, moved.child].remap


@njit
def play_at_roots(game, forest, trees, actions, keep):
    """Play actions int64[n] at the roots of the trees int32[n]."""
    for index in range(trees.size):
        play_at_root(game, forest, np.int64(trees[index]), np.int64(actions[index]), keep)
