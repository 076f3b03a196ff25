"""Stored games replayed move by move by compiled code that trusts nothing but positions which rules made.

A game's kernels check nothing themselves: an action or a position that the rules do not allow would make them read and
write wherever it leads. So every action is looked up among the legal ones before it is played.
"""

import enum
from typing import NamedTuple

import numpy as np

from alphazero.data.games import End
from alphazero.data.labels import WEIGHT_SCALE
from games.bits import copy_state
from games.kernel import helper, njit
from games.protocol import Game

RULES, RESIGNED, TRUNCATED = int(End.RULES), int(End.RESIGNED), int(End.TRUNCATED)
SPARE_WEIGHT = 16  # what the weights of a policy may miss WEIGHT_SCALE by, besides the rounding of each
UNFINISHED = -1  # stands for the end of a game that is under way


class Fault(enum.IntEnum):
    """What is wrong with a stored game."""

    NONE = 0
    OVER = 1
    ILLEGAL = 2
    POLICY = 3
    END = 4
    OUTCOME = 5
    LOWEST = 6
    WEIGHTS = 7
    OPENING = 8


NONE, OVER, ILLEGAL, POLICY, END, OUTCOME, LOWEST, WEIGHTS, OPENING = (int(fault) for fault in Fault)
FAULTS = {
    Fault.OVER: "it goes on after its end",
    Fault.ILLEGAL: "an action that is not legal",
    Fault.POLICY: "a policy on actions that are not legal, or not in ascending order",
    Fault.END: "it does not end as its last position does",
    Fault.OUTCOME: "its outcome is not that of its last position",
    Fault.LOWEST: "its lowest values are not those of its plies",
    Fault.OPENING: "its opening is not legal, or ends the game",
    Fault.WEIGHTS: f"a policy whose weights do not add up to about {WEIGHT_SCALE}",
}


class Moves(NamedTuple):
    """What is replayed of G games, as in `Games` and `SearchLabels`; without a search every count is 0."""

    opening_plies: np.ndarray  # int32[G], -1: the start is known to be one that the rules can reach
    opening_actions: np.ndarray  # int32[k]
    starts: np.ndarray  # state_dtype[G]; those with an opening are written
    lengths: np.ndarray  # int32[G] >= 0
    outcomes: np.ndarray  # int8[G], for the first player
    ends: np.ndarray  # int8[G], an `End` or UNFINISHED
    actions: np.ndarray  # int32[n]
    counts: np.ndarray  # int32[n] >= 0
    policy_actions: np.ndarray  # int32[m]
    policy_weights: np.ndarray  # uint16[m]
    values: np.ndarray  # float32[n]
    lowest: np.ndarray  # float32[G, 2], or [0, 2]: not looked at


def first_fault(game: Game, moves: Moves, knows_truncated: bool = True) -> tuple[Fault, int, int]:
    """Return what is wrong first with some games, which game it is, and its ply; (Fault.NONE, G, 0) if nothing is.

    knows_truncated: whether games that were cut are marked as such; earlier versions took them for ended by the rules,
    and `moves.ends` is corrected.
    """
    state, legal = np.zeros(1, game.state_dtype), np.empty(game.num_actions, np.int32)
    fault, number, ply = _check_games(game, moves, knows_truncated, state, legal)
    return Fault(fault), int(number), int(ply)


def play_each(game: Game, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the legal actions int32[n] of a position state_dtype[1], and the positions state_dtype[n] they lead to."""
    legal = np.empty(game.num_actions, np.int32)
    states = np.zeros(game.num_actions, game.state_dtype)
    count = _play_each(game, state, legal, states)
    return legal[:count], states[:count]


@helper
def _is_legal(game, state, action, legal):
    for place in range(game.legal_actions(state, legal)):
        if legal[place] == action:
            return True
    return False


@helper
def _policy_is_legal(policy_actions, first, last, legal, count):
    """Whether the entries first, ..., last - 1 are among the first `count` legal actions, ascending like those."""
    place = 0
    for entry in range(first, last):
        while place < count and legal[place] < policy_actions[entry]:
            place += 1
        if place == count or legal[place] != policy_actions[entry]:
            return False
        place += 1
    return True


@helper
def _adds_up(policy_weights, first, last, count):
    """Whether the weights of a policy on `count` legal actions are whole ones of probabilities: each is rounded."""
    total = np.int64(0)
    for entry in range(first, last):
        total += policy_weights[entry]
    return abs(total - WEIGHT_SCALE) <= count + SPARE_WEIGHT


@helper
def _final_fault(game, moves, knows_truncated, number, state):
    """Return what is wrong with how a game ended, `state` being its last position."""
    end, outcome, over = moves.ends[number], np.int64(moves.outcomes[number]), game.is_over(state)
    if over != (end == RULES or end == TRUNCATED):
        return END
    if over and game.is_truncated(state) != (end == TRUNCATED):
        if knows_truncated or end == TRUNCATED:
            return END
        moves.ends[number] = TRUNCATED
    if over and outcome != game.outcome(state):
        return OUTCOME
    if end == RESIGNED and outcome != (1 if game.to_move(state) == 1 else -1):
        return OUTCOME
    if end == UNFINISHED and outcome != 0:
        return OUTCOME
    return NONE


@helper
def _check_game(game, moves, knows_truncated, number, first, first_entry, state, legal):
    """Return fault and ply of one game whose plies begin at `first`, and where its policy entries end."""
    lowest_first, lowest_second = np.float32(1.0), np.float32(1.0)
    entry, length = first_entry, np.int64(moves.lengths[number])
    for ply in range(length):
        if game.is_over(state):
            return OVER, ply, entry
        count = game.legal_actions(state, legal)
        last = entry + moves.counts[first + ply]
        if not _policy_is_legal(moves.policy_actions, entry, last, legal, count):
            return POLICY, ply, entry
        if last > entry and not _adds_up(moves.policy_weights, entry, last, count):
            return WEIGHTS, ply, entry
        entry = last
        if game.to_move(state) == 0:
            lowest_first = min(lowest_first, moves.values[first + ply])
        else:
            lowest_second = min(lowest_second, moves.values[first + ply])
        action = np.int64(moves.actions[first + ply])
        if not _is_legal(game, state, action, legal):
            return ILLEGAL, ply, entry
        game.play(state, action)
    if moves.lowest.shape[0] > 0 and (
        moves.lowest[number, 0] != lowest_first or moves.lowest[number, 1] != lowest_second
    ):
        return LOWEST, length, entry
    return _final_fault(game, moves, knows_truncated, number, state), length, entry


@helper
def _begin(game, moves, number, first, state, legal):
    """Set `state` to the start of a game whose opening begins at `first`; whether that is legal and does not end it."""
    plies = np.int64(moves.opening_plies[number])
    if plies < 0:
        copy_state(state, moves.starts[number])
        return True
    game.reset(state)
    for index in range(first, first + plies):
        action = np.int64(moves.opening_actions[index])
        if game.is_over(state) or not _is_legal(game, state, action, legal):
            return False
        game.play(state, action)
    copy_state(moves.starts[number], state)
    return plies == 0 or not game.is_over(state)


@njit
def _check_games(game, moves, knows_truncated, states, legal):
    first, entry, opening = np.int64(0), np.int64(0), np.int64(0)
    for number in range(moves.lengths.size):
        if not _begin(game, moves, np.int64(number), opening, states[0], legal):
            return OPENING, number, 0
        opening += max(0, moves.opening_plies[number])
        fault, ply, entry = _check_game(
            game, moves, knows_truncated, np.int64(number), first, entry, states[0], legal
        )
        if fault != NONE:
            return fault, number, ply
        first += moves.lengths[number]
    return NONE, moves.lengths.size, 0


@njit
def _play_each(game, state, legal, states):
    if game.is_over(state[0]):
        return 0
    count = game.legal_actions(state[0], legal)
    for place in range(count):
        copy_state(states[place], state[0])
        game.play(states[place], np.int64(legal[place]))
    return count
