"""The alpha-beta player: looks a fixed number of plies ahead in any game, without a heuristic.

A position at the horizon counts 0. A win counts 1 plus the plies that would be left, a loss the negative of
that: quick wins come first, and a lost position is defended for as long as possible. The search is that of
`alphazero.exact.alphabeta`, with a small table for each position.
"""

import numpy as np
from numba import prange

from alphazero.exact.alphabeta import BEYOND, FRAME, WIN, Task, advance, begin, sign
from alphazero.exact.table import ENTRY
from alphazero.play.player import Decisions, Player, Turns, as_positions
from games.bits import copy_state
from games.kernel import helper, njit

ILLEGAL = -(2**31) + 1  # value of an action that cannot be played
ENTRIES = 1024  # of the table of one position
_TO_THE_END = np.int64(2**62)


@helper
def _value_actions(game, root, depth, task, table, values):
    """Write the value of each action of `root` for its mover into values int32[A].

    The highest values are exact; lower ones are upper bounds below them.
    """
    legal = np.empty(values.size, np.int32)
    best = -BEYOND
    for index in range(game.legal_actions(root, legal)):
        action = np.int64(legal[index])
        child = task.states[0, 0]
        copy_state(child, root)
        game.play(child, action)
        low = best - 1  # one below the best, so that an equally good action gets its exact value too
        low += sign(low)
        same = game.to_move(child) == game.to_move(root)
        begin(game, task, table, low if same else -BEYOND, BEYOND if same else -low, depth - 1)
        value = advance(game, task, table, _TO_THE_END)
        value = value - sign(value) if same else sign(value) - value
        best = max(best, value)
        values[action] = value if value == 0 else sign(value) * (depth + 1 - WIN + abs(value))


@njit(parallel=True)
def _value_all(game, states, depth, tasks, tables, values):
    for index in prange(states.size):
        _value_one(game, states, depth, tasks, tables, values, np.int64(index))


@helper
def _value_one(game, states, depth, tasks, tables, values, i):
    task = Task(
        tasks.states[i],
        tasks.symmetries,
        tasks.frames[i],
        tasks.legal[i],
        tasks.history[i],
        tasks.progress[i],
    )
    _value_actions(game, states[i], depth, task, tables[i], values[i])


def _make_tasks(game, count: int, depth: int) -> Task:
    """Return stacks of `depth` plies for `count` positions: every array but the symmetries has one axis more."""
    actions = game.num_actions
    return Task(
        np.zeros((count, 1, depth + 1), game.state_dtype),
        np.arange(actions, dtype=np.int32)[None],
        np.zeros((count, depth + 1), FRAME),
        np.zeros((count, depth + 1, actions), np.int32),
        np.zeros((count, 2, actions), np.int64),
        np.zeros((count, 4), np.int64),
    )


def action_values(game, states: np.ndarray, depth: int) -> np.ndarray:
    """Return the value of every action for the player to move, searched `depth` plies deep, int32[n, A].

    0: no result within the horizon; depth, depth - 1, ...: a win with the first, second, ... ply; negative:
    a loss. The highest value of a row is exact for every action that has it, the others are upper bounds;
    `ILLEGAL` where an action cannot be played. `states` is a structured array [n] of unfinished positions.
    """
    states = as_positions(game, states)
    values = np.full((len(states), game.num_actions), ILLEGAL, np.int32)
    tables = np.zeros((len(states), ENTRIES), ENTRY)
    _value_all(game, states, depth, _make_tasks(game, len(states), depth), tables, values)
    return values


class AlphaBetaPlayer(Player):
    """Plays a random one of the actions that are best `depth` plies deep."""

    def __init__(self, game, depth: int = 5, seed: int = 0, name: str = ""):
        super().__init__(game, name or f"alphabeta:depth={depth}", seed)
        self.depth = min(depth, game.max_plies)

    def decide(self, turns: Turns) -> Decisions:
        """Return a best action for each turn, equally good ones by chance; values 1, 0 (or unknown) and -1."""
        values = action_values(self.game, turns.states, self.depth)
        best = values == values.max(axis=1, keepdims=True)
        actions = np.argmax(best * (1.0 - self.rng.random(values.shape)), axis=1)
        return Decisions(actions, values=np.sign(values.max(axis=1)).astype(np.float32))
