"""What happens between two searches of a game of self-play, compiled: log, resign, play, begin the next one.

A tree whose search has finished takes its next move at once, whatever the other trees do. Few trees are at that
point in the same step, so these kernels run on one thread; only searching itself is parallel.
"""

from typing import NamedTuple

import numpy as np

from alphazero.config import SearchConfig, SelfplayConfig
from alphazero.data.games import End
from alphazero.data.labels import WEIGHT_SCALE
from alphazero.search.forest import ROOT
from alphazero.search.noise import draw, draw_unit
from alphazero.search.reroot import play_at_root
from alphazero.search.root import choose_edge, root_policy, root_value
from alphazero.search.simulate import set_root, start_search
from games.bits import copy_state, random_below
from games.kernel import helper, njit

RULES, RESIGNED, TRUNCATED = int(End.RULES), int(End.RESIGNED), int(End.TRUNCATED)


class PlayRule(NamedTuple):
    """How self-play plays, as compiled code takes it."""

    simulations: int
    fast_simulations: int
    full_fraction: float
    temperature: float
    temperature_plies: int
    temperature_final: float
    resign_threshold: float
    resign_check_fraction: float
    random_opening_plies: int
    keep_subtree: bool


def make_play_rule(search: SearchConfig, selfplay: SelfplayConfig) -> PlayRule:
    """Return the rule that a `SearchConfig` and a `SelfplayConfig` describe."""
    return PlayRule(
        search.simulations,
        selfplay.fast_simulations,
        selfplay.full_search_fraction,
        selfplay.temperature,
        selfplay.temperature_plies,
        selfplay.temperature_final,
        selfplay.resign_threshold,
        selfplay.resign_check_fraction,
        selfplay.random_opening_plies,
        bool(search.reuse_subtree and not search.gumbel),
    )


@helper
def begin_search(game, forest, rule, play, logs, tree):
    """Begin the search of a tree's next move: a full one with root noise, or a fast one without."""
    full = play.full_fraction >= 1.0 or draw_unit(forest, tree) < play.full_fraction
    logs.rows[tree].full = full
    budget = play.simulations if full else play.fast_simulations
    start_search(game, forest, rule, tree, np.int64(budget), np.int8(full))


@helper
def begin_game(game, forest, rule, play, logs, tree):
    """Begin a new game in a tree, after 0 to `random_opening_plies` random plies that do not end it."""
    state, row = forest.leaf_states[tree, 0], logs.rows[tree]
    game.reset(state)
    row.opening = 0
    if play.random_opening_plies > 0:
        plies = random_below(draw(forest, tree), play.random_opening_plies + 1)
        for _ in range(plies):
            count = game.legal_actions(state, forest.legal[tree])
            action = np.int64(forest.legal[tree, random_below(draw(forest, tree), count)])
            game.play(state, action)
            logs.opening_actions[tree, row.opening] = action
            row.opening += 1
            if game.is_over(state):
                game.reset(state)
                row.opening = 0
    copy_state(logs.starts[tree], state)
    row.plies = row.entries = 0
    row.active = 1
    row.ended = row.end = row.outcome = 0
    row.lowest[0] = row.lowest[1] = 1.0
    row.checked = draw_unit(forest, tree) < play.resign_check_fraction
    set_root(game, forest, tree, state)
    begin_search(game, forest, rule, play, logs, tree)


@helper
def log_policy(forest, rule, logs, tree):
    """Append the policy of the root to the log as whole weights, and its surprise; return the number of entries."""
    row = logs.rows[tree]
    count = np.int64(forest.nodes[tree, ROOT].num_edges)
    first = np.int64(forest.nodes[tree, ROOT].first_edge)
    policy = np.empty(count, np.float64)
    root_policy(forest, rule, rule.gumbel, tree, policy)
    logs.surprises[tree, row.plies] = surprise(forest, rule, tree, policy)
    start = row.entries
    for index in range(count):
        weight = np.int64(np.rint(policy[index] * WEIGHT_SCALE))
        if weight > 0:
            logs.policy_actions[tree, row.entries] = forest.edges[tree, first + index].action
            logs.policy_weights[tree, row.entries] = weight
            row.entries += 1
    return row.entries - start


@helper
def surprise(forest, rule, tree, policy):
    """Return KL(policy || priors before noise) of the root's edges, in nats; policy float64[num_edges]."""
    first, total = np.int64(forest.nodes[tree, ROOT].first_edge), 0.0
    for index in range(policy.size):
        if policy[index] > 0.0:
            prior = np.float64(forest.edges[tree, first + index].prior)
            if rule.noise_fraction > 0.0 and rule.gumbel is None:
                prior -= forest.edges[tree, first + index].noise
            total += policy[index] * np.log(policy[index] / max(prior, 1e-6))
    return max(total, 0.0)


@helper
def log_move(forest, rule, logs, tree, action, value):
    """Append a move to the log of a tree's game, with the policy when its search was a full one."""
    row = logs.rows[tree]
    logs.actions[tree, row.plies] = action
    logs.values[tree, row.plies] = value
    logs.full[tree, row.plies] = row.full
    logs.surprises[tree, row.plies] = 0.0
    logs.counts[tree, row.plies] = log_policy(forest, rule, logs, tree) if row.full else 0
    row.plies += 1
    player = forest.nodes[tree, ROOT].player
    row.lowest[player] = min(row.lowest[player], np.float32(value))


@helper
def finish_move(game, forest, rule, play, logs, tree):
    """Play the move that a finished search chose, or resign, and begin the next search unless the game is over."""
    row = logs.rows[tree]
    value = root_value(forest, tree)
    if value < play.resign_threshold and not row.checked:
        row.outcome = 1 if forest.nodes[tree, ROOT].player == 1 else -1
        row.end = RESIGNED
        row.ended = 1
        return
    temperature = play.temperature if row.plies < play.temperature_plies else play.temperature_final
    action = np.int64(forest.edges[tree, choose_edge(forest, rule, rule.gumbel, tree, temperature)].action)
    log_move(forest, rule, logs, tree, action, value)
    play_at_root(game, forest, tree, action, play.keep_subtree)
    root = forest.states[tree, ROOT]
    if game.is_over(root):
        row.outcome = game.outcome(root)
        row.end = TRUNCATED if game.is_truncated(root) else RULES
        row.ended = 1
    else:
        begin_search(game, forest, rule, play, logs, tree)


@njit
def begin_games(game, forest, rule, play, logs, trees):
    """Begin new games in the trees int32[n]."""
    for index in range(trees.size):
        begin_game(game, forest, rule, play, logs, np.int64(trees[index]))


@njit
def begin_searches(game, forest, rule, play, logs, trees):
    """Begin the present searches of the trees int32[n] anew."""
    for index in range(trees.size):
        begin_search(game, forest, rule, play, logs, np.int64(trees[index]))


@njit
def finish_moves(game, forest, rule, play, logs, trees):
    """Play the moves of the trees int32[n], whose searches have finished."""
    for index in range(trees.size):
        finish_move(game, forest, rule, play, logs, np.int64(trees[index]))


@njit
def replay_games(game, forest, rule, play, logs, trees):
    """Make the positions at the roots of the trees int32[n] those of their logged games, which are legal."""
    for index in range(trees.size):
        tree = np.int64(trees[index])
        root = forest.states[tree, ROOT]
        copy_state(root, logs.starts[tree])
        for ply in range(logs.rows[tree].plies):
            game.play(root, np.int64(logs.actions[tree, ply]))
