"""Moves of Othello on bitboards: bit row * size + col from the top left, uint64, size 4 to 8."""

import numpy as np

from games.kernel import helper

ONE, ZERO = np.uint64(1), np.uint64(0)


@helper
def _masks(size):
    """Return the bitboards of all squares, and of all but the left and the right column."""
    every = ~ZERO >> np.uint64(64 - size * size)
    left = every // ((ONE << np.uint64(size)) - ONE)
    return every, every & ~(left | (left << np.uint64(size - 1)))


@helper
def _run_up(start, over, step):
    """Return the squares of `over` in unbroken lines of up to six that begin one `step` after a square of `start`."""
    line = over & (start << step)
    line |= over & (line << step)
    pairs, twice = over & (over << step), step + step
    line |= pairs & (line << twice)
    return line | (pairs & (line << twice))


@helper
def _run_down(start, over, step):
    """As `_run_up`, in the opposite direction."""
    line = over & (start >> step)
    line |= over & (line >> step)
    pairs, twice = over & (over >> step), step + step
    line |= pairs & (line >> twice)
    return line | (pairs & (line >> twice))


@helper
def playable_squares(own, other, size):
    """Return the squares where the player with the discs `own` can play."""
    every, inner = _masks(size)
    found = ZERO
    for distance in (1, size - 1, size, size + 1):
        step = np.uint64(distance)
        over = other if distance == size else other & inner  # no line goes on over the left or the right edge
        found |= (_run_up(own, over, step) << step) | (_run_down(own, over, step) >> step)
    return found & every & ~(own | other)


@helper
def turned_discs(own, other, size, square):
    """Return the other player's discs that a disc of `own` on a square (one bit) turns."""
    _, inner = _masks(size)
    found = ZERO
    for distance in (1, size - 1, size, size + 1):
        step = np.uint64(distance)
        over = other if distance == size else other & inner
        line = _run_up(square, over, step)
        if (line << step) & own != ZERO:
            found |= line
        line = _run_down(square, over, step)
        if (line >> step) & own != ZERO:
            found |= line
    return found
