"""Moves of chess as AlphaZero's 8 x 8 x 73 actions, seen from the player to move; compiled.

Action = plane * 64 + cell, cell = row * 8 + col of the square that the piece leaves, row 0 the far rank. Planes 0 to
55: direction * 7 + distance - 1, directions clockwise from straight ahead; a pawn that reaches the far rank so
becomes a queen. Planes 56 to 63: knight moves, clockwise. Planes 64 to 72: 3 * piece + direction, promotion to
knight, bishop or rook ahead to the left, straight ahead or to the right (Silver et al. 2018, supplement).
"""

import numpy as np

from games.chess.attacks import ONE
from games.chess.checks import KNIGHT_TYPE, PAWN_TYPE, QUEEN_TYPE
from games.chess.tables import KING_STEPS, KNIGHT_STEPS, walk
from games.kernel import helper

NUM_PLANES, NUM_ACTIONS = 73, 73 * 64
FIRST_KNIGHT, FIRST_PROMOTION = 56, 64
FLIP = 56  # square ^ FLIP is the cell, and back


def _targets() -> np.ndarray:
    """Return the square reached, int8[plane, from], -1 where there is none."""
    target = np.full((NUM_PLANES, 64), -1, np.int8)
    for square in range(64):
        lines = [(7 * index, walk(square, *step)) for index, step in enumerate(KING_STEPS)]
        lines += [(FIRST_KNIGHT + index, walk(square, *step, 1)) for index, step in enumerate(KNIGHT_STEPS)]
        for first, way in lines:
            for distance, to in enumerate(way):
                target[first + distance, square] = to
        for kind in range(3):
            for direction in (-1, 0, 1):
                for to in walk(square, 1, direction, 1):
                    target[FIRST_PROMOTION + 3 * kind + direction + 1, square] = to
    return target


TARGET = _targets()


@helper
def squares_of_action(core, action):
    """Return where a legal action leaves from, where it leads, and the kind that a pawn becomes (0: no promotion)."""
    plane, from_ = action >> 6, (action & 63) ^ FLIP
    to, promotion = np.int64(TARGET[plane, from_]), 0
    if plane >= FIRST_PROMOTION:
        promotion = KNIGHT_TYPE + (plane - FIRST_PROMOTION) // 3
    elif to >= 56 and core.kinds[PAWN_TYPE] & ONE << np.uint64(from_):
        promotion = QUEEN_TYPE
    return from_, to, promotion
