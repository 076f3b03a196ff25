"""What chess pieces attack, on bitboards; compiled.

Sliding pieces by obstruction difference: on a line through a square, the nearest piece below and the nearest one above
bound what is attacked, and one subtraction of two of their bits gives all squares between them.
"""

import numpy as np

from games.bits import leading_zeros
from games.chess.tables import FALLING, FLAT, LOWER, RISING, UPPER, UPRIGHT
from games.kernel import helper

ONE, ZERO = np.uint64(1), np.uint64(0)
ALL = ~ZERO


@helper
def line_attacks(square, line, occupied):
    """Return what a slider on a square attacks on one of the four lines of `tables.DIRECTIONS`, blockers included."""
    above, below = UPPER[square, line], LOWER[square, line]
    nearest_above = above & occupied
    nearest_above &= ZERO - nearest_above
    nearest_below = ALL << np.uint64(63 - leading_zeros((below & occupied) | ONE))
    return (above | below) & (nearest_above + nearest_above + nearest_below)


@helper
def rook_attacks(square, occupied):
    """Return what a rook on a square attacks."""
    return line_attacks(square, UPRIGHT, occupied) | line_attacks(square, FLAT, occupied)


@helper
def bishop_attacks(square, occupied):
    """Return what a bishop on a square attacks."""
    return line_attacks(square, RISING, occupied) | line_attacks(square, FALLING, occupied)
