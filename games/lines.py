"""Lines of equal stones on a board that keeps one byte a cell, for the games that are won by a line."""

import numpy as np

from games.bits import mix
from games.kernel import helper


@helper
def line_length(cells, rows, cols, cell, row_step, col_step):
    """Return how many stones like the one on `cell` stand in an unbroken line through it, both ways.

    cells: int8[rows * cols]; the direction is one step of (row_step, col_step).
    """
    stone = cells[cell]
    length = 1
    for sign in (1, -1):
        row, col = cell // cols + sign * row_step, cell % cols + sign * col_step
        while 0 <= row < rows and 0 <= col < cols and cells[row * cols + col] == stone:
            length += 1
            row += sign * row_step
            col += sign * col_step
    return length


@helper
def wins(cells, rows, cols, cell, connect, exact):
    """Whether the stone on `cell` stands in a line of `connect`, or of more unless `exact`."""
    for row_step, col_step in ((0, 1), (1, 0), (1, 1), (1, -1)):
        length = line_length(cells, rows, cols, cell, row_step, col_step)
        if length == connect or (length > connect and not exact):
            return True
    return False


@helper
def winners(cells, rows, cols, connect, exact):
    """Return who has a winning line on int8[rows * cols]: 0 nobody, 1 first player, 2 second, 3 both."""
    found = 0
    for cell in range(rows * cols):
        stone = np.int64(cells[cell])
        if stone != 0 and found & stone == 0 and wins(cells, rows, cols, cell, connect, exact):
            found |= stone
    return found


@helper
def hash_cells(cells):
    """Return a uint64 that depends on every cell of int8[n], the number of stones included."""
    value = np.uint64(0)
    for cell in range(cells.size):
        value = mix(value + np.uint64(cells[cell]) + np.uint64(1))
    return value
