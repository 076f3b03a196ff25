"""Symmetries of a board as two tables of indices: one for the cells of planes, one for actions."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

# A symmetry sends the cell (row, col) of a rows x cols board to a cell of the same board.
Cell = tuple[int, int]
Move = Callable[[int, int, int, int], Cell]

IDENTITY: Move = lambda row, col, rows, cols: (row, col)  # noqa: E731
MIRROR: Move = lambda row, col, rows, cols: (row, cols - 1 - col)  # noqa: E731
FLIP: Move = lambda row, col, rows, cols: (rows - 1 - row, col)  # noqa: E731
HALF_TURN: Move = lambda row, col, rows, cols: (rows - 1 - row, cols - 1 - col)  # noqa: E731
TRANSPOSE: Move = lambda row, col, rows, cols: (col, row)  # noqa: E731
QUARTER_LEFT: Move = lambda row, col, rows, cols: (cols - 1 - col, row)  # noqa: E731
QUARTER_RIGHT: Move = lambda row, col, rows, cols: (col, rows - 1 - row)  # noqa: E731
ANTI_TRANSPOSE: Move = lambda row, col, rows, cols: (cols - 1 - col, rows - 1 - row)  # noqa: E731

RECTANGLE = (IDENTITY, MIRROR, FLIP, HALF_TURN)
SQUARE = (*RECTANGLE, TRANSPOSE, QUARTER_LEFT, QUARTER_RIGHT, ANTI_TRANSPOSE)


class Symmetries(NamedTuple):
    """S symmetries of a game; row 0 is the identity.

    cells: int32[S, rows*cols]; the transformed planes have `planes[:, cells[s, c]]` at cell c.
    actions: int32[S, num_actions]; the transformed policy has `policy[actions[s, a]]` at action a.
    """

    cells: np.ndarray
    actions: np.ndarray


def dihedral(rows: int, cols: int) -> tuple[Move, ...]:
    """Return the eight symmetries of a square board, or the four of an oblong one."""
    return SQUARE if rows == cols else RECTANGLE


def cell_tables(moves: tuple[Move, ...], rows: int, cols: int) -> np.ndarray:
    """Return int32[S, rows*cols]: for each symmetry and target cell, the cell that its content comes from."""
    table = np.empty((len(moves), rows * cols), np.int32)
    for index, move in enumerate(moves):
        for row in range(rows):
            for col in range(cols):
                to_row, to_col = move(row, col, rows, cols)
                table[index, to_row * cols + to_col] = row * cols + col
    return table


def board_symmetries(moves: tuple[Move, ...], rows: int, cols: int, has_pass: bool = False) -> Symmetries:
    """Return the symmetries of a game whose action `row * cols + col` is a move on that cell.

    has_pass: one more action, the last, stands on no cell and stays what it is.
    """
    table = cell_tables(moves, rows, cols)
    if not has_pass:
        return Symmetries(table, table)
    last = np.full((len(table), 1), rows * cols, np.int32)
    return Symmetries(table, np.concatenate([table, last], axis=1))


@functools.cache
def identity_alone(board_shape: tuple[int, int], num_actions: int) -> Symmetries:
    """Return the symmetries of a game that has none: the identity."""
    cells = np.arange(board_shape[0] * board_shape[1], dtype=np.int32)
    return Symmetries(cells[None], np.arange(num_actions, dtype=np.int32)[None])


def column_symmetries(rows: int, cols: int) -> Symmetries:
    """Return identity and mirror for a game whose action is a column."""
    moves = (IDENTITY, MIRROR)
    columns = np.arange(cols, dtype=np.int32)
    return Symmetries(cell_tables(moves, rows, cols), np.stack([columns, columns[::-1]]))
