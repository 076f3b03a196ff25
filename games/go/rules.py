"""Which moves Go allows: suicide, ko and superko; compiled."""

import numpy as np

from games.bits import mix, trailing_zeros
from games.go.board import BLACK, EMPTY, ONE, has_bit, hash_after, lives, row_bits
from games.kernel import helper

SIDE, ZERO = np.uint64(0x9E3779B97F4A7C15), np.uint64(0)
SIX, SIXTY_THREE = np.uint64(6), np.uint64(63)

# Which repetitions are forbidden: taking back at once what took a single stone; any earlier position of the stones; any
# earlier position of the stones with the same player to move.
SIMPLE, POSITIONAL, SITUATIONAL = 0, 1, 2


@helper
def position_key(game, state):
    """Return what superko compares of a position."""
    side = SIDE if game.superko == SITUATIONAL and state.player else ZERO
    return mix(state.hash ^ side)


@helper
def mark_word(state, key):
    """Return the word of `marks` that has the bit of a position's key."""
    return np.int64((key >> SIX) % np.uint64(state.marks.size))


@helper
def is_repetition(game, state, point, colour, suicide):
    """Whether a stone on an empty point would bring an earlier position back, as superko counts it.

    A colour that never stood on the point cannot, unless it would not stay.
    """
    if not (suicide or has_bit(state.stood[colour - 1], point)):
        return False
    after = hash_after(state, game.cols + 1, point, colour, suicide)
    side = SIDE if game.superko == SITUATIONAL and colour == BLACK else ZERO  # the other is to move then
    key = mix(after ^ side)
    if state.marks[mark_word(state, key)] >> (key & SIXTY_THREE) & ONE == ZERO:
        return False
    for ply in range(state.plies + 1):
        if state.past[ply] == key:
            return True
    return False


@helper
def can_play(game, state, point):
    """Whether the player to move may put a stone on a point."""
    if state.board[point] != 0 or point == state.ko and game.superko == SIMPLE:
        return False
    colour = 1 + state.player
    suicide = not lives(state, game.cols + 1, point, colour)
    if suicide and not game.suicide:
        return False
    if game.superko == SIMPLE:  # a suicide of one stone would change nothing
        return not suicide or hash_after(state, game.cols + 1, point, colour, True) != state.hash
    return not is_repetition(game, state, point, colour, suicide)


@helper
def is_ko(game, state, point):
    """Whether ko or superko alone keeps the player to move from putting a stone on a point."""
    if state.board[point] != EMPTY:
        return False
    if game.superko == SIMPLE:
        return point == state.ko
    colour = 1 + state.player
    suicide = not lives(state, game.cols + 1, point, colour)
    return (not suicide or game.suicide != 0) and is_repetition(game, state, point, colour, suicide)


@helper
def _empty_row(game, state, row):
    """Return the empty points of a row as bits, none beyond the board."""
    if row < 0 or row >= game.rows:
        return ZERO
    start, full = (row + 1) * (game.cols + 1) + 1, (ONE << np.uint64(game.cols)) - ONE
    stones = row_bits(state.seen[state.slot, 0], start) | row_bits(state.seen[state.slot, 1], start)
    return full & ~stones


@helper
def list_points(game, state, out):
    """Write the points where the player to move may put a stone, as actions in order, to `out`; return their number.

    A stone beside an empty point lives, and repeats nothing where its colour never stood: most points need no more.
    """
    count, colour = 0, np.int64(state.player)
    above, here = ZERO, _empty_row(game, state, 0)
    for row in range(game.rows):
        below = _empty_row(game, state, row + 1)
        start = (row + 1) * (game.cols + 1) + 1
        plain = above | below | here << ONE | here >> ONE
        if game.superko != SIMPLE:
            plain &= ~row_bits(state.stood[colour], start)
        left = here
        while left != ZERO:
            col = trailing_zeros(left)
            left &= left - ONE
            if plain >> np.uint64(col) & ONE != ZERO or can_play(game, state, start + col):
                out[count] = row * game.cols + col
                count += 1
        above, here = here, below
    return count
