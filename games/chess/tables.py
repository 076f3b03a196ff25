"""Tables of squares for chess: a1 = 0, b1 = 1, ..., h8 = 63; bit s of a bitboard is square s."""

import numpy as np

DIRECTIONS = ((1, 0), (0, 1), (1, 1), (1, -1))  # of lines, (rank, file)
UPRIGHT, FLAT, RISING, FALLING = (np.int64(line) for line in range(4))  # and their names
KNIGHT_STEPS = ((2, 1), (1, 2), (-1, 2), (-2, 1), (-2, -1), (-1, -2), (1, -2), (2, -1))
KING_STEPS = ((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1))


def bits(squares) -> np.uint64:
    """Return the bitboard of some squares."""
    return np.uint64(sum(1 << square for square in squares))


def walk(square: int, rank_step: int, file_step: int, most: int = 7) -> list[int]:
    """Return up to `most` squares in one direction, the nearest first."""
    found = []
    for distance in range(1, most + 1):
        rank, file = square // 8 + distance * rank_step, square % 8 + distance * file_step
        if 0 <= rank < 8 and 0 <= file < 8:
            found.append(8 * rank + file)
    return found


def _leaps(steps) -> np.ndarray:
    return np.array([bits(to for step in steps for to in walk(square, *step, 1)) for square in range(64)])


KNIGHT, KING = _leaps(KNIGHT_STEPS), _leaps(KING_STEPS)
PAWN_UP = _leaps(((1, -1), (1, 1)))  # what a pawn that moves up attacks; who attacks a square from above
PAWN_DOWN = _leaps(((-1, -1), (-1, 1)))

# For each square and line: the squares with higher and those with lower numbers.
UPPER = np.array([[bits(walk(square, *line)) for line in DIRECTIONS] for square in range(64)])
LOWER = np.array([[bits(walk(square, -rank, -file)) for rank, file in DIRECTIONS] for square in range(64)])
THROUGH = UPPER | LOWER


def _between() -> np.ndarray:
    """Return, for two squares on one line, what lies between them; otherwise nothing."""
    between = np.zeros((64, 64), np.uint64)
    for first in range(64):
        for step in KING_STEPS:
            way = walk(first, *step)
            for index, second in enumerate(way):
                between[first, second] = bits(way[:index])
    return between


BETWEEN = _between()
