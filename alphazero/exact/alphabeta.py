"""Alpha-beta for any game: exact values, with iterative deepening, a transposition table and symmetry.

Values are for the player to move: WIN - k for a win with the k-th ply from here, -(WIN - k) for a loss, 0 for a draw
or for no result within the horizon. A search of horizon d therefore finds the true value where that is a result within
d plies, and 0 elsewhere. Tables keep bounds of true values, so what one horizon found out serves all others.

The search keeps its stack in arrays: it can stop after any number of positions and go on later. A position is known by
its `input_hash`. Where a symmetry of the game leaves the root as it is, the mirrored line is played beside the line
itself, and the smallest hash of all is the key; that holds for every game, whatever its positions remember.
"""

from typing import NamedTuple

import numpy as np

from alphazero.exact.table import NOT_FOUND, find, store
from games.bits import copy_state
from games.kernel import helper, njit

WIN = np.int64(16000)
HORIZON = np.int64(15999)  # plies beyond any game
OPEN = np.int64(20000)  # no value yet
BEYOND = np.int64(18000)  # a window's bound that no value reaches

FRAME = np.dtype(
    [
        ("key", np.uint64),
        ("player", np.int64),  # who is to move
        ("horizon", np.int64),  # plies that may still be played
        ("alpha", np.int64),
        ("beta", np.int64),
        ("low", np.int64),  # bounds of the true value, known before
        ("high", np.int64),
        ("best", np.int64),  # highest value so far
        ("best_action", np.int64),
        ("num_legal", np.int64),
        ("cursor", np.int64),  # how many actions have been tried
        ("started", np.int64),  # positions visited before this one
        ("cut", np.int64),  # 1 if the horizon hides something below
    ],
    align=True,
)


class Task(NamedTuple):
    """A search under way: D plies of stack, S lines that are the same by symmetry, A actions."""

    states: np.ndarray  # state_dtype [S, D]
    symmetries: np.ndarray  # int32[S, A]: the action of line s that action a of line 0 becomes
    frames: np.ndarray  # FRAME [D]
    legal: np.ndarray  # int32[D, A]
    history: np.ndarray  # int64[2, A], by player and action: how much its refutations saved
    progress: (
        np.ndarray
    )  # int64[4]: ply, value just found or OPEN, positions visited, 1 if the horizon hid a result


@helper
def sign(value):
    """Return -1, 0 or 1."""
    return np.int64(value > 0) - np.int64(value < 0)


@helper
def within(value, horizon):
    """Return what a search of this horizon sees of a true value: 0 when the result is farther away."""
    return value if WIN - abs(value) <= horizon else np.int64(0)


@helper
def _enter(game, task, table, ply):
    """Look at a position for the first time: return its value, or OPEN where its actions must be tried."""
    frame, state = task.frames[ply], task.states[0, ply]
    task.progress[2] += 1
    task.progress[3] = 0
    frame.player = game.to_move(state)
    if game.is_over(state):
        outcome = np.int64(game.outcome(state))
        return (outcome if frame.player == 0 else -outcome) * WIN
    if frame.horizon == 0:
        task.progress[3] = 1
        return np.int64(0)
    frame.low, frame.high, frame.best_action = -WIN, WIN, np.int64(-1)
    frame.key = _key(game, task, ply)
    entry = find(table, frame.key)
    if entry != NOT_FOUND:
        frame.low, frame.high = np.int64(table[entry].low), np.int64(table[entry].high)
        frame.best_action = np.int64(table[entry].move)
        low, high = within(frame.low, frame.horizon), within(frame.high, frame.horizon)
        if low >= frame.beta or high <= frame.alpha or low == high:
            task.progress[3] = low != frame.low or high != frame.high
            return low if low >= frame.beta else high
    frame.num_legal = game.legal_actions(state, task.legal[ply])
    frame.cursor, frame.best, frame.started, frame.cut = np.int64(0), -BEYOND, task.progress[2], np.int64(0)
    return OPEN


@helper
def _key(game, task, ply):
    key = game.input_hash(task.states[0, ply])
    for line in range(1, task.states.shape[0]):
        key = min(key, game.input_hash(task.states[line, ply]))
    return max(key, np.uint64(1))


@helper
def _next_action(task, ply):
    """Return the untried action that promises most: the table's, then those that refuted most elsewhere."""
    frame = task.frames[ply]
    best, best_score = frame.cursor, np.int64(-1)
    for index in range(frame.cursor, frame.num_legal):
        action = np.int64(task.legal[ply, index])
        score = task.history[frame.player, action]
        if action == frame.best_action and frame.cursor == 0:
            score = np.int64(2**62)
        if score > best_score:
            best, best_score = np.int64(index), score
    action = np.int64(task.legal[ply, best])
    task.legal[ply, best] = task.legal[ply, frame.cursor]
    task.legal[ply, frame.cursor] = action
    frame.cursor += 1
    return action


@helper
def _descend(game, task, ply, action):
    """Play an action in every line and set up the frame below."""
    for line in range(task.states.shape[0]):
        copy_state(task.states[line, ply + 1], task.states[line, ply])
        game.play(task.states[line, ply + 1], np.int64(task.symmetries[line, action]))
    frame, child = task.frames[ply], task.frames[ply + 1]
    child.horizon = frame.horizon - 1
    low = max(frame.alpha, frame.best)
    low, high = low + sign(low), frame.beta + sign(frame.beta)  # one ply farther away is one point less
    if game.to_move(task.states[0, ply + 1]) == frame.player:
        child.alpha, child.beta = low, high
    else:
        child.alpha, child.beta = -high, -low


@helper
def _deliver(task, ply, value):
    """Tell the position at `ply` the value of the child it tried last."""
    frame = task.frames[ply]
    frame.cut |= task.progress[3]
    value -= sign(value)
    if task.frames[ply + 1].player != frame.player:
        value = -value
    if value > frame.best:
        frame.best = value
        frame.best_action = np.int64(task.legal[ply, frame.cursor - 1])


@helper
def _leave(task, table, ply):
    """Return the value of a position whose actions have been tried, or one was good enough, and remember it."""
    frame = task.frames[ply]
    hidden = (
        WIN - 1 - frame.horizon
    ) * frame.cut  # a result that this horizon cannot see is worth at most that
    task.progress[3] = frame.cut if frame.best == 0 else 0
    if frame.best > frame.alpha:
        frame.low = max(frame.low, frame.best if frame.best != 0 else -hidden)
    if frame.best < frame.beta:
        frame.high = min(frame.high, frame.best if frame.best != 0 else hidden)
    else:
        saved = task.progress[2] - frame.started + 1
        task.history[frame.player, frame.best_action] += min(saved, np.int64(2**40))
    work = np.int64(6.0 * np.log2(1.0 + task.progress[2] - frame.started))
    store(table, frame.key, frame.low, frame.high, frame.best_action, min(work, np.int64(255)))
    return frame.best


@njit
def begin(game, task, table, alpha, beta, horizon):
    """Begin a search of the position in `task.states[:, 0]` with a window and a horizon in plies."""
    task.frames[0].horizon = horizon
    task.frames[0].alpha = alpha
    task.frames[0].beta = beta
    task.progress[0] = 0
    task.progress[1] = _enter(game, task, table, np.int64(0))


@njit
def advance(game, task, table, positions):
    """Go on for up to about `positions` more; return the value (a bound outside the window) or OPEN."""
    ply, value = task.progress[0], task.progress[1]
    stop = task.progress[2] + positions
    while task.progress[2] < stop:
        if value != OPEN:
            if ply == 0:
                break
            ply -= 1
            _deliver(task, ply, value)
            value = OPEN
        frame = task.frames[ply]
        if frame.best >= frame.beta or frame.cursor == frame.num_legal:
            value = _leave(task, table, ply)
            continue
        _descend(game, task, ply, _next_action(task, ply))
        ply += 1
        value = _enter(game, task, table, ply)
    task.progress[0], task.progress[1] = ply, value
    return value if ply == 0 else OPEN
