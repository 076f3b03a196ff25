"""One simulation: select a leaf, have it evaluated, expand it, back its value up.

A batched evaluator is asked between `gather_leaves` and `expand_leaves`; uniform and rollout evaluations are
compiled and a tree runs all its simulations at once (`run_compiled`). A simulation that ends in a finished game or
in a position that the cache knows needs no evaluation: it is backed up on the spot and the tree goes on, so a batch
holds only positions that must be evaluated.
"""

import numpy as np

from alphazero.search import cache as evaluations
from alphazero.search.forced import forced_edge, forces
from alphazero.search.forest import NOISE_SETTLED, NONE, ROOT, UNEXPANDED
from alphazero.search.gumbel import best_interior_edge, best_root_edge, draw_root_noise
from alphazero.search.noise import add_dirichlet_noise, draw
from alphazero.search.proofs import UNKNOWN, node_result, prove
from alphazero.search.rules import best_edge
from games.bits import copy_state
from games.kernel import borrower, njit

FIRST = np.int64(0)  # the player that outcomes are given for
NO_LOGITS = np.zeros(1, np.float32)  # for evaluations whose priors are equal


@borrower
def seen_by(player, value, owner):
    """Return, for `player`, a value that is given for `owner`: the one place where a sign changes."""
    return value if player == owner else -value


@borrower
def add_node(game, forest, tree, parent, edge, state):
    """Append a node for the position `state` below an edge (or as the root) and return its index."""
    node = np.int64(forest.trees[tree].num_nodes)
    forest.trees[tree].num_nodes = node + 1
    forest.nodes[tree, node].parent = parent
    forest.nodes[tree, node].parent_edge = edge
    forest.nodes[tree, node].visits = 0
    forest.nodes[tree, node].value_sum = 0.0
    forest.nodes[tree, node].player = game.to_move(state)
    forest.nodes[tree, node].proven = 0
    forest.nodes[tree, node].num_edges = UNEXPANDED
    if forest.states.shape[1] > 1:
        copy_state(forest.states[tree, node], state)
    if edge != NONE:
        forest.edges[tree, edge].child = node
    if game.is_over(state):
        forest.nodes[tree, node].num_edges = 0
        forest.nodes[tree, node].value = seen_by(game.to_move(state), np.float64(game.outcome(state)), FIRST)
    return node


@borrower
def set_root(game, forest, tree, state):
    """Empty a tree and make `state` its root."""
    if forest.states.shape[1] == 1:
        copy_state(forest.states[tree, ROOT], state)
    forest.trees[tree].num_nodes = 0
    forest.trees[tree].used_edges = 0
    forest.trees[tree].not_finite = 0
    add_node(game, forest, tree, NONE, NONE, state)


@borrower
def follow(forest, rule, gumbel, tree, node):
    """Return the edge that this simulation follows from an expanded node."""
    if gumbel is None:
        edge = (
            forced_edge(forest, rule, tree) if node == ROOT and forces(forest, rule, tree) else np.int64(NONE)
        )
        return edge if edge != NONE else best_edge(forest, rule, tree, node)
    if node == ROOT:
        done = forest.trees[tree].done + flights(forest, tree)
        return best_root_edge(forest, rule, tree, np.int64(forest.schedule[tree, done]))
    return best_interior_edge(forest, rule, tree, node)


@borrower
def flights(forest, tree):
    """Return how many leaves of a tree wait for their evaluation, the root itself not counted."""
    count = 0
    for slot in range(forest.leaves.shape[1]):
        if forest.leaves[tree, slot].node > ROOT:
            count += 1
    return count


@borrower
def is_settled(forest, tree, node):
    """Whether a simulation ends in a node: not expanded yet, without edges, or proven and not the root."""
    return forest.nodes[tree, node].num_edges <= 0 or (forest.nodes[tree, node].proven != 0 and node != ROOT)


@borrower
def select(game, forest, rule, tree, state):
    """Walk down by the selection rule to a leaf, adding a node where the tree ends; `state` becomes its position.

    Every edge on the way counts one leaf in flight until `backup` or `take_back`.
    """
    replay = forest.states.shape[1] == 1
    node = ROOT
    if replay:
        copy_state(state, forest.states[tree, ROOT])
    while not is_settled(forest, tree, node):
        edge = follow(forest, rule, rule.gumbel, tree, node)
        forest.edges[tree, edge].in_flight += 1
        child = np.int64(forest.edges[tree, edge].child)
        action = np.int64(forest.edges[tree, edge].action)
        if child == NONE:
            if not replay:
                copy_state(state, forest.states[tree, node])
            game.play(state, action)
            return add_node(game, forest, tree, node, edge, state)
        if replay:
            game.play(state, action)
        node = child
    if not replay:
        copy_state(state, forest.states[tree, node])
    return node


@borrower
def backup(forest, tree, node, value):
    """Add `value`, for the player to move in `node`, to every node and edge from there to the root.

    From a proven node upwards its result counts instead.
    """
    owner = np.int64(forest.nodes[tree, node].player)
    while True:
        here = forest.nodes[tree, node]
        if here.proven != 0:
            value, owner = np.float64(here.proven - 2), np.int64(here.player)
        here.visits += 1
        here.value_sum += seen_by(np.int64(here.player), value, owner)
        if here.parent_edge == NONE:
            return
        edge = forest.edges[tree, here.parent_edge]
        node = np.int64(here.parent)
        edge.visits += 1
        edge.value_sum += seen_by(np.int64(forest.nodes[tree, node].player), value, owner)
        edge.in_flight -= 1


@borrower
def take_back(forest, tree, node):
    """Undo the walk of a simulation that found its leaf already waiting in another slot."""
    while forest.nodes[tree, node].parent_edge != NONE:
        forest.edges[tree, forest.nodes[tree, node].parent_edge].in_flight -= 1
        node = np.int64(forest.nodes[tree, node].parent)


@borrower
def note_not_finite(forest, tree, number):
    """Remember that a tree was given something that is no number; a kernel cannot raise, `Search` does."""
    if not np.isfinite(number):
        forest.trees[tree].not_finite = 1


@borrower
def all_finite(forest):
    """Whether no tree was given something that is no number."""
    for tree in range(forest.trees.size):
        if forest.trees[tree].not_finite != 0:
            return False
    return True


@borrower
def expand(game, forest, tree, node, state, logits, uniform):
    """Give a node its edges, priors the softmax of the legal actions' logits (float32[A]), or equal if `uniform`.

    A node that finds no room stays a leaf whose value is kept. Logits that are NaN or infinite are noted in the tree.
    """
    legal = forest.legal[tree]
    count = game.legal_actions(state, legal)
    first = forest.trees[tree].used_edges
    if first + count > forest.edges.shape[1]:
        forest.nodes[tree, node].num_edges = 0
        return
    largest, logit_sum, total = -np.inf, 0.0, 0.0
    if not uniform:
        for index in range(count):
            logit = np.float64(logits[legal[index]])
            largest = max(largest, logit)
            logit_sum += logit
        note_not_finite(forest, tree, logit_sum)
    for index in range(count):
        edge = first + index
        weight = 1.0 if uniform else np.exp(np.float64(logits[legal[index]]) - largest)
        total += weight
        forest.edges[tree, edge].action = legal[index]
        forest.edges[tree, edge].prior = weight
        forest.edges[tree, edge].visits = 0
        forest.edges[tree, edge].value_sum = 0.0
        forest.edges[tree, edge].in_flight = 0
        forest.edges[tree, edge].child = NONE
    for edge in range(first, first + count):
        forest.edges[tree, edge].prior /= total
    forest.nodes[tree, node].first_edge = first
    forest.nodes[tree, node].num_edges = count
    forest.trees[tree].used_edges = first + count


@borrower
def add_root_noise(forest, rule, gumbel, tree):
    """Put the noise that a search asked for on an expanded root, once."""
    if forest.trees[tree].noisy >= NOISE_SETTLED or forest.nodes[tree, ROOT].num_edges <= 0:
        return
    if gumbel is None:
        if forest.trees[tree].noisy == 1 and rule.noise_fraction > 0.0:
            add_dirichlet_noise(forest, tree, rule.dirichlet_alpha, rule.noise_fraction)
    else:
        draw_root_noise(forest, rule, tree, np.float64(forest.trees[tree].noisy))
    forest.trees[tree].noisy += NOISE_SETTLED


@borrower
def finish_leaf(game, forest, rule, tree, node, state, logits, value, uniform):
    """Expand an evaluated leaf and back its value up; the root's own evaluation is no simulation."""
    forest.nodes[tree, node].value = value
    expand(game, forest, tree, node, state, logits, uniform)
    backup(forest, tree, node, np.float64(value))
    if node == ROOT:
        add_root_noise(forest, rule, rule.gumbel, tree)
    else:
        forest.trees[tree].done += 1


@borrower
def finish_settled(game, forest, rule, tree, node, state):
    """Back up the value of a node that needs no evaluation, and what is proven by it."""
    backup(forest, tree, node, np.float64(forest.nodes[tree, node].value))
    forest.trees[tree].done += 1
    if rule.prove and game.is_over(state):
        prove(forest, tree, node)


@borrower
def start_search(game, forest, rule, tree, budget, noisy):
    """Begin a search of `budget` simulations from the root, keeping what is below it where there is room."""
    root = forest.states[tree, ROOT]
    capacity = forest.nodes.shape[1]
    starved = forest.nodes[tree, ROOT].num_edges == 0 and not game.is_over(root)
    full = forest.trees[tree].num_nodes + budget + 1 > capacity and node_result(forest, tree, ROOT) == UNKNOWN
    if full or rule.gumbel is not None or starved:
        state = forest.leaf_states[tree, 0]
        copy_state(state, root)
        set_root(game, forest, tree, state)
    settled = game.is_over(root) or node_result(forest, tree, ROOT) != UNKNOWN
    forest.trees[tree].budget = 0 if settled else budget
    forest.trees[tree].done = 0
    forest.trees[tree].noisy = noisy
    add_root_noise(forest, rule, rule.gumbel, tree)


@borrower
def is_finished(forest, tree):
    """Whether a tree's search has done all its simulations."""
    return forest.trees[tree].done >= forest.trees[tree].budget


@borrower
def gather_tree(game, forest, rule, cache, tree):
    """Run a tree until each of its slots holds a leaf that must be evaluated, or its budget is used up."""
    slots = forest.leaves.shape[1]
    for slot in range(slots):
        forest.leaves[tree, slot].node = NONE
    if forest.trees[tree].budget == 0:
        return
    slot = 0
    while slot < slots:
        unexpanded = forest.nodes[tree, ROOT].num_edges == UNEXPANDED
        if forest.trees[tree].done + slot >= forest.trees[tree].budget or (unexpanded and slot > 0):
            return
        state = forest.leaf_states[tree, slot]
        node = select(game, forest, rule, tree, state)
        if forest.nodes[tree, node].num_edges >= 0:
            finish_settled(game, forest, rule, tree, node, state)
            continue
        for other in range(slot):
            if forest.leaves[tree, other].node == node:
                take_back(forest, tree, node)
                return
        key = game.input_hash(state)
        entry = evaluations.find(cache, key)
        if entry >= 0:
            finish_leaf(
                game, forest, rule, tree, node, state, cache.logits[entry], cache.values[entry], False
            )
            continue
        forest.leaves[tree, slot].node = node
        forest.leaves[tree, slot].hash = key
        slot += 1


@borrower
def encode_leaves(game, forest, planes, tree):
    """Write the planes of the leaves that a tree waits for."""
    slots = forest.leaves.shape[1]
    for slot in range(slots):
        if forest.leaves[tree, slot].node != NONE:
            game.encode(forest.leaf_states[tree, slot], planes[tree * slots + slot])


@borrower
def expand_tree(game, forest, rule, tree, rows, logits, values):
    """Finish the leaves of a tree: rows int32[K] says which row of logits and values is a slot's."""
    for slot in range(forest.leaves.shape[1]):
        node = np.int64(forest.leaves[tree, slot].node)
        if node != NONE:
            row = rows[slot]
            forest.leaves[tree, slot].node = NONE
            note_not_finite(forest, tree, values[row])
            finish_leaf(
                game,
                forest,
                rule,
                tree,
                node,
                forest.leaf_states[tree, slot],
                logits[row],
                values[row],
                False,
            )


@borrower
def run_tree(game, forest, rule, tree, rollouts, simulations):
    """Run up to `simulations` of a tree with equal priors and the mean of so many random `rollouts` (0: value 0)."""
    state = forest.leaf_states[tree, 0]
    for _ in range(simulations + 1):
        if is_finished(forest, tree):
            return
        node = select(game, forest, rule, tree, state)
        if forest.nodes[tree, node].num_edges >= 0:
            finish_settled(game, forest, rule, tree, node, state)
            continue
        value = rollout_value(game, forest, tree, node, state, rollouts)
        finish_leaf(game, forest, rule, tree, node, state, NO_LOGITS, value, True)


@borrower
def rollout_value(game, forest, tree, node, state, rollouts):
    """Return the mean result of random rollouts from `state`, for the player to move in it; 0 for no rollouts."""
    if rollouts == 0:
        return np.float32(0.0)
    total = np.int64(0)
    scratch = forest.leaf_states[tree, forest.leaves.shape[1]]
    for _ in range(rollouts):
        copy_state(scratch, state)
        total += game.random_rollout(scratch, forest.legal[tree], draw(forest, tree))
    return np.float32(seen_by(game.to_move(state), np.float64(total) / rollouts, FIRST))


@njit
def gather_leaves(game, forest, rule, cache, planes, trees):
    """Gather the leaves of the trees int32[n] and encode them into planes float32[T * K, P, H, W]."""
    for index in range(trees.size):
        tree = np.int64(trees[index])
        gather_tree(game, forest, rule, cache, tree)
        encode_leaves(game, forest, planes, tree)


@njit
def expand_leaves(game, forest, rule, rows, logits, values):
    """Expand and back up every waiting leaf: rows int32[T, K], logits float32[B, A], values float32[B].

    Return whether all that was read of them was finite.
    """
    for tree in range(rows.shape[0]):
        expand_tree(game, forest, rule, np.int64(tree), rows[tree], logits, values)
    return all_finite(forest)


@njit
def run_compiled(game, forest, rule, rollouts, simulations):
    """Run every tree for up to `simulations` with the compiled uniform or rollout evaluation."""
    for tree in range(forest.trees.size):
        run_tree(game, forest, rule, np.int64(tree), rollouts, simulations)


@njit
def start_searches(game, forest, rule, trees, budgets, noisy):
    """Begin a search in each of the trees int32[n] with budgets int32[n]; noisy int8: 1 with root exploration."""
    for index in range(trees.size):
        start_search(game, forest, rule, np.int64(trees[index]), np.int64(budgets[index]), noisy)


@njit
def set_roots(game, forest, trees, states):
    """Empty the trees int32[n] and give them the roots state_dtype[n]."""
    for index in range(trees.size):
        set_root(game, forest, np.int64(trees[index]), states[index])
