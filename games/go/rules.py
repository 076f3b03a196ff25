"""Which moves Go allows: suicide, ko and superko; compiled."""

import enum

import numpy as np

from games.bits import mix
from games.go.board import BLACK, EMPTY, hash_after, lives
from games.kernel import helper

SIDE, ZERO = np.uint64(0x9E3779B97F4A7C15), np.uint64(0)


class Superko(enum.IntEnum):
    """Which repetitions are forbidden."""

    simple = 0  # taking back at once what took a single stone
    positional = 1  # any earlier position of the stones
    situational = 2  # any earlier position of the stones with the same player to move


@helper
def position_key(game, state):
    """Return what superko compares of a position."""
    side = SIDE if game.superko == 2 and state.player else ZERO
    return mix(state.hash ^ side)


@helper
def is_repetition(game, state, point, colour, suicide):
    """Whether a stone on an empty point would bring an earlier position back, as superko counts it.

    A colour that never stood on the point cannot, unless it would not stay.
    """
    if state.stood[point] & colour == 0 and not suicide:
        return False
    after = hash_after(state, game.cols + 1, point, colour, suicide)
    side = SIDE if game.superko == 2 and colour == BLACK else ZERO  # the other is to move then
    key = mix(after ^ side)
    for ply in range(state.plies + 1):
        if state.past[ply] == key:
            return True
    return False


@helper
def can_play(game, state, point):
    """Whether the player to move may put a stone on a point."""
    if state.board[point] != 0 or point == state.ko and game.superko == 0:
        return False
    colour = 1 + state.player
    suicide = not lives(state, game.cols + 1, point, colour)
    if suicide and not game.suicide:
        return False
    if game.superko == 0:  # a suicide of one stone would change nothing
        return not suicide or hash_after(state, game.cols + 1, point, colour, True) != state.hash
    return not is_repetition(game, state, point, colour, suicide)


@helper
def is_ko(game, state, point):
    """Whether ko or superko alone keeps the player to move from putting a stone on a point."""
    if state.board[point] != EMPTY:
        return False
    if game.superko == 0:
        return point == state.ko
    colour = 1 + state.player
    suicide = not lives(state, game.cols + 1, point, colour)
    return (not suicide or game.suicide != 0) and is_repetition(game, state, point, colour, suicide)
