"""Moves of chess as AlphaZero's 8 x 8 x 73 actions, seen from the player to move; compiled.

Action = plane * 64 + cell, cell = row * 8 + col of the square that the piece leaves, row 0 the far rank. Planes 0 to
55: direction * 7 + distance - 1, directions clockwise from straight ahead; a pawn that reaches the far rank so
becomes a queen. Planes 56 to 63: knight moves, clockwise. Planes 64 to 72: 3 * piece + direction, promotion to
knight, bishop or rook ahead to the left, straight ahead or to the right (Silver et al. 2018, supplement).
"""

import numpy as np

from games.bits import trailing_zeros
from games.chess.attacks import ONE, ZERO
from games.chess.moves import MOST_MOVES, PAWN_TYPE, QUEEN_TYPE
from games.chess.tables import KING_STEPS, KNIGHT_STEPS, walk
from games.kernel import helper

NUM_PLANES, NUM_ACTIONS = 73, 73 * 64
FIRST_KNIGHT, FIRST_PROMOTION = 56, 64
FIRST_WORD, WORD = MOST_MOVES, np.uint64(0xFFFFFFFF)
FIRST_GROUP, NUM_GROUPS = FIRST_WORD + NUM_ACTIONS // 32, (NUM_ACTIONS + 1023) // 1024
FLIP = 56  # square ^ FLIP is the cell, and back


def _tables() -> tuple[np.ndarray, np.ndarray]:
    """Return plane int8[from, to] and target int8[plane, from], -1 where there is none."""
    plane, target = np.full((64, 64), -1, np.int8), np.full((NUM_PLANES, 64), -1, np.int8)
    for square in range(64):
        lines = [(7 * index, walk(square, *step)) for index, step in enumerate(KING_STEPS)]
        lines += [(FIRST_KNIGHT + index, walk(square, *step, 1)) for index, step in enumerate(KNIGHT_STEPS)]
        for first, way in lines:
            for distance, to in enumerate(way):
                plane[square, to] = first + distance
                target[first + distance, square] = to
        for kind in range(3):
            for direction in (-1, 0, 1):
                for to in walk(square, 1, direction, 1):
                    target[FIRST_PROMOTION + 3 * kind + direction + 1, square] = to
    return plane, target


PLANE, TARGET = _tables()


@helper
def action_of_move(move):
    """Return the action of a move, a number as in `games.chess.moves`."""
    from_, to, promotion = move & 63, (move >> 6) & 63, move >> 12
    plane = np.int64(PLANE[from_, to])
    if 0 < promotion < QUEEN_TYPE:
        plane = FIRST_PROMOTION + 3 * (promotion - 1) + (to & 7) - (from_ & 7) + 1
    return 64 * plane + (from_ ^ FLIP)


@helper
def move_of_action(core, action):
    """Return the move of a legal action."""
    plane, from_ = action >> 6, (action & 63) ^ FLIP
    to, promotion = np.int64(TARGET[plane, from_]), 0
    if plane >= FIRST_PROMOTION:
        promotion = 1 + (plane - FIRST_PROMOTION) // 3
    elif to >= 56 and core.kinds[PAWN_TYPE] & ONE << np.uint64(from_):
        promotion = QUEEN_TYPE
    return from_ + 64 * to + 4096 * promotion


@helper
def write_actions(out, count):
    """Turn the moves out[:count] into their actions, ascending; the rest of out int32[NUM_ACTIONS] is scratch.

    Every action is a bit of the words behind FIRST_WORD, and every word in use a bit of those behind FIRST_GROUP;
    reading these in order sorts them.
    """
    for group in range(NUM_GROUPS):
        out[FIRST_GROUP + group] = 0
    for index in range(count):
        action = action_of_move(np.int64(out[index]))
        word, group = action >> 5, action >> 10
        if out[FIRST_GROUP + group] & 1 << (word & 31) == 0:
            out[FIRST_GROUP + group] |= 1 << (word & 31)
            out[FIRST_WORD + word] = 0
        out[FIRST_WORD + word] |= 1 << (action & 31)
    count = 0
    for group in range(NUM_GROUPS):
        words = np.uint64(out[FIRST_GROUP + group]) & WORD
        while words != ZERO:
            word = 32 * group + trailing_zeros(words)
            words &= words - ONE
            left = np.uint64(out[FIRST_WORD + word]) & WORD
            while left != ZERO:
                out[count] = 32 * word + trailing_zeros(left)
                count += 1
                left &= left - ONE
