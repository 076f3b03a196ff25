"""The alpha-beta player: looks a fixed number of plies ahead in any game, without a heuristic.

A position at the horizon counts 0. A win counts 1 plus the plies that would be left, a loss the negative of
that: quick wins come first, and a lost position is defended for as long as possible. The sign follows
whoever is to move, so a player may move twice in a row.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from alphazero.arena.players import Kind, Player, as_positions
from alphazero.arena.spec import Option
from games.bits import copy_state
from games.kernel import njit

ILLEGAL = -(2**31) + 1  # value of an action that cannot be played
# numba compiles a function anew for every plain whole number passed to it: constants are np.int64.
_ZERO, _INFINITY = np.int64(0), np.int64(2**30)


class _Frames(NamedTuple):
    """The explicit stack, one entry a ply; values are for the player to move there."""

    legal: np.ndarray  # int32[depth, A]
    num_legal: np.ndarray  # int64[depth]
    cursor: np.ndarray  # int64[depth], how many of them have been tried
    alpha: np.ndarray  # int64[depth]
    beta: np.ndarray  # int64[depth]
    best: np.ndarray  # int64[depth], highest value so far
    killer: np.ndarray  # int64[depth], the action that last refuted a position at this ply, or -1


@njit
def _terminal_value(game, state, plies_left):
    """Return the value of a finished position for the player to move in it."""
    outcome = game.outcome(state) * (1 + plies_left)
    return outcome if game.to_move(state) == 0 else -outcome


@njit
def _enter(game, frames, ply, state, plies_left, alpha, beta):
    """Begin the search of a position with `plies_left` > 0; this ply's last refutation is tried first."""
    frames.num_legal[ply] = game.legal_actions(state, frames.legal[ply])
    frames.cursor[ply] = 0
    frames.alpha[ply] = alpha
    frames.beta[ply] = min(beta, plies_left)  # nothing is better than winning with the next move
    frames.best[ply] = -_INFINITY
    for index in range(1, frames.num_legal[ply]):
        if frames.legal[ply, index] == frames.killer[ply]:
            frames.legal[ply, index] = frames.legal[ply, 0]
            frames.legal[ply, 0] = frames.killer[ply]


@njit
def _deliver(game, stack, frames, ply, value):
    """Tell the position at `ply` the value of the child it tried last, for the mover of the child."""
    if game.to_move(stack[ply + 1]) != game.to_move(stack[ply]):
        value = -value
    frames.best[ply] = max(frames.best[ply], value)
    frames.alpha[ply] = max(frames.alpha[ply], value)
    if value >= frames.beta[ply]:
        frames.killer[ply] = frames.legal[ply, frames.cursor[ply] - 1]


@njit
def _negamax(game, stack, frames, depth, alpha, beta):
    """Return the value of stack[0] for its mover, `depth` deep: exact inside (alpha, beta), else a bound."""
    if game.is_over(stack[0]):
        return _terminal_value(game, stack[0], depth)
    if depth == 0:
        return _ZERO
    ply = _ZERO
    _enter(game, frames, ply, stack[0], depth, alpha, beta)
    while True:
        if frames.cursor[ply] == frames.num_legal[ply] or frames.best[ply] >= frames.beta[ply]:
            if ply == 0:
                return frames.best[0]
            ply -= 1
            _deliver(game, stack, frames, ply, frames.best[ply + 1])
            continue
        copy_state(stack[ply + 1], stack[ply])
        game.play(stack[ply + 1], np.int64(frames.legal[ply, frames.cursor[ply]]))
        frames.cursor[ply] += 1
        plies_left = depth - ply - 1
        if game.is_over(stack[ply + 1]):
            _deliver(game, stack, frames, ply, _terminal_value(game, stack[ply + 1], plies_left))
        elif plies_left == 0:
            _deliver(game, stack, frames, ply, _ZERO)
        else:
            low, high = frames.alpha[ply], frames.beta[ply]
            if game.to_move(stack[ply + 1]) != game.to_move(stack[ply]):
                low, high = -high, -low
            ply += 1
            _enter(game, frames, ply, stack[ply], plies_left, low, high)


@njit
def _new_frames(depth, num_actions):
    counters = np.zeros((5, depth), np.int64)
    legal, killer = np.empty((depth, num_actions), np.int32), np.full(depth, -1, np.int64)
    return _Frames(legal, counters[0], counters[1], counters[2], counters[3], counters[4], killer)


@njit
def _value_actions(game, root, depth, stack, values):
    """Write the value of each action of `root` for its mover into values int32[A].

    The highest values are exact; lower ones are upper bounds below them.
    """
    num_actions = values.size
    legal = np.empty(num_actions, np.int32)
    frames = _new_frames(depth, num_actions)
    values[:] = ILLEGAL
    best = -_INFINITY
    for index in range(game.legal_actions(root, legal)):
        action = np.int64(legal[index])
        copy_state(stack[0], root)
        game.play(stack[0], action)
        # One below the best, so that an equally good action gets its exact value too.
        if game.to_move(stack[0]) == game.to_move(root):
            value = _negamax(game, stack, frames, depth - 1, best - 1, _INFINITY)
        else:
            value = -_negamax(game, stack, frames, depth - 1, -_INFINITY, 1 - best)
        values[action] = value
        best = max(best, value)


@njit(parallel=True)
def _value_all(game, states, depth, stacks, values):
    for index in prange(states.size):
        i = np.int64(index)
        _value_actions(game, states[i], depth, stacks[i], values[i])


def action_values(game, states: np.ndarray, depth: int) -> np.ndarray:
    """Return the value of every action for the player to move, searched `depth` plies deep, int32[n, A].

    0: no result within the horizon; depth, depth - 1, ...: a win with the first, second, ... ply; negative:
    a loss. The highest value of a row is exact for every action that has it, the others are upper bounds;
    `ILLEGAL` where an action cannot be played. `states` is a structured array [n] of unfinished positions.
    """
    states = as_positions(game, states)
    values = np.empty((len(states), game.num_actions), np.int32)
    _value_all(game, states, depth, np.zeros((len(states), depth), game.state_dtype), values)
    return values


class AlphaBetaPlayer(Player):
    """Plays a random one of the actions that are best `depth` plies deep."""

    def __init__(self, game, depth: int = 5, seed: int = 0, name: str = ""):
        super().__init__(game, name or f"alphabeta:depth={depth}", seed)
        self.depth = min(depth, game.max_plies)

    def choose(self, states: np.ndarray) -> np.ndarray:
        """Return a best action for each of states[n], int64[n]; equally good ones by chance."""
        values = action_values(self.game, states, self.depth)
        best = values == values.max(axis=1, keepdims=True)
        return np.argmax(best * (1.0 - self.rng.random(values.shape)), axis=1)


def _build(game, seed: int, device: str, name: str, depth: int) -> AlphaBetaPlayer:
    return AlphaBetaPlayer(game, depth, seed, name)


KINDS = {
    "alphabeta": Kind(
        "alpha-beta search to a fixed depth, without a heuristic",
        _build,
        {
            "depth": Option(int, 5, "plies looked ahead", minimum=1, maximum=1000),
        },
    )
}
