"""The alpha-beta player: looks a fixed number of plies ahead in any game, without a heuristic.

A position at the horizon counts 0. A win counts 1 plus the plies that would be left, a loss the negative of
that: quick wins come first, and a lost position is defended for as long as possible. The search is that of
`alphazero.exact.alphabeta`, with a small table for each position.
"""

import numpy as np
from numba import prange

from alphazero.exact.alphabeta import BEYOND, FRAME, OPEN, WIN, Task, advance, begin, sign
from alphazero.exact.table import ENTRY
from alphazero.play.player import Decisions, Player, Turns, as_positions
from alphazero.search.pace import Slices, thinking_clock
from games import Game
from games.bits import copy_state
from games.kernel import helper, njit

ILLEGAL = -(2**31) + 1  # value of an action that cannot be played
ENTRIES = 1024  # of the table of one position
FIRST_SLICE = 1000  # positions of all searches together before Python sees signals for the first time

WORK = np.dtype(
    [
        ("index", np.int64),  # of the legal action that is being searched
        ("best", np.int64),  # value found so far
        ("under_way", np.int64),  # 1: the search of that action has begun
        ("same", np.int64),  # 1: the same player is to move after it
        ("finished", np.int64),  # 1: every action has its value
    ],
    align=True,
)


@helper
def _value_actions(game, root, depth, task, table, work, positions, values):
    """Go on for up to about `positions`: write each action's value for the mover of `root` into values int32[A].

    The highest values are exact; lower ones are upper bounds below them. `work` (WORK) says where it is.
    """
    legal = np.empty(values.size, np.int32)
    count = game.legal_actions(root, legal)
    stop = task.progress[2] + positions
    while work.index < count:
        action = np.int64(legal[work.index])
        if not work.under_way:
            child = task.states[0, 0]
            copy_state(child, root)
            game.play(child, action)
            low = work.best - 1  # one below the best, so that an equally good action gets its exact value too
            low += sign(low)
            same = game.to_move(child) == game.to_move(root)
            begin(game, task, table, low if same else -BEYOND, BEYOND if same else -low, depth - 1)
            work.under_way, work.same = 1, np.int64(same)
        value = advance(game, task, table, max(stop - task.progress[2], 1))
        if value == OPEN:
            return
        value = value - sign(value) if work.same else sign(value) - value
        work.best = max(work.best, value)
        work.under_way = 0
        work.index += 1
        values[action] = value if value == 0 else sign(value) * (depth + 1 - WIN + abs(value))
    work.finished = 1


@njit(parallel=True)
def _value_all(game, states, depth, tasks, tables, work, positions, values):
    for index in prange(states.size):
        _value_one(game, states, depth, tasks, tables, work, positions, values, np.int64(index))


@helper
def _value_one(game, states, depth, tasks, tables, work, positions, values, i):
    if work[i].finished:
        return
    task = Task(
        tasks.states[i],
        tasks.symmetries,
        tasks.frames[i],
        tasks.legal[i],
        tasks.history[i],
        tasks.progress[i],
    )
    _value_actions(game, states[i], depth, task, tables[i], work[i], positions, values[i])


def _make_tasks(game: Game, count: int, depth: int) -> Task:
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


def action_values(game: Game, states: np.ndarray, depth: int) -> np.ndarray:
    """Return the value of every action for the player to move, searched `depth` plies deep, int32[n, A].

    0: no result within the horizon; depth, depth - 1, ...: a win with the first, second, ... ply; negative:
    a loss. The highest value of a row is exact for every action that has it, the others are upper bounds;
    `ILLEGAL` where an action cannot be played. `states` is a structured array [n] of unfinished positions.
    """
    states = as_positions(game, states)
    values = np.full((len(states), game.num_actions), ILLEGAL, np.int32)
    tables = np.zeros((len(states), ENTRIES), ENTRY)
    tasks, work = _make_tasks(game, len(states), depth), np.zeros(len(states), WORK)
    work["best"] = -BEYOND
    slices = Slices(FIRST_SLICE)
    while (unfinished := int((work["finished"] == 0).sum())) > 0:
        started = thinking_clock()
        _value_all(game, states, depth, tasks, tables, work, max(slices.size // unfinished, 1), values)
        slices.took(thinking_clock() - started)
    return values


class AlphaBetaPlayer(Player):
    """Plays a random one of the actions that are best `depth` plies deep."""

    def __init__(self, game: Game, depth: int = 5, seed: int = 0, name: str = ""):
        super().__init__(game, name or f"alphabeta:depth={depth}", seed)
        self.depth = min(depth, game.max_plies)

    def decide(self, turns: Turns) -> Decisions:
        """Return a best action for each turn, equally good ones by chance; values 1, 0 (or unknown) and -1."""
        values = action_values(self.game, turns.states, self.depth)
        best = values == values.max(axis=1, keepdims=True)
        actions = np.argmax(best * (1.0 - self.rng.random(values.shape)), axis=1)
        return Decisions(actions, values=np.sign(values.max(axis=1)).astype(np.float32))
