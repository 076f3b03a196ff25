"""Tables of symmetries, worked by hand."""

import numpy as np
import pytest

from games.symmetry import RECTANGLE, SQUARE, board_symmetries, cell_tables, column_symmetries, dihedral


def turned(name: str, board: np.ndarray) -> np.ndarray:
    """Return what numpy makes of a board."""
    return {"IDENTITY": board, "MIRROR": board[:, ::-1], "FLIP": board[::-1],
            "HALF_TURN": np.rot90(board, 2),
            "TRANSPOSE": board.T, "QUARTER_LEFT": np.rot90(board, 1), "QUARTER_RIGHT": np.rot90(board, 3),
            "ANTI_TRANSPOSE": np.rot90(board.T, 2)}[name]  # fmt: skip


NAMES = (
    "IDENTITY",
    "MIRROR",
    "FLIP",
    "HALF_TURN",
    "TRANSPOSE",
    "QUARTER_LEFT",
    "QUARTER_RIGHT",
    "ANTI_TRANSPOSE",
)


@pytest.mark.parametrize("index, name", list(enumerate(NAMES)))
def test_every_symmetry_does_to_a_board_what_its_name_says(index, name):
    board = np.arange(16).reshape(4, 4)
    assert (board.ravel()[cell_tables(SQUARE, 4, 4)[index]].reshape(4, 4) == turned(name, board)).all()


def test_an_oblong_board_keeps_the_four_symmetries_that_do_not_turn_it():
    board = np.arange(6).reshape(2, 3)
    assert dihedral(2, 3) == RECTANGLE and dihedral(3, 3) == SQUARE
    for table, name in zip(board_symmetries(dihedral(2, 3), 2, 3).cells, NAMES, strict=False):
        assert (board.ravel()[table].reshape(2, 3) == turned(name, board)).all()


def test_the_symmetries_of_a_square_are_closed_under_composition():
    tables = {tuple(table) for table in cell_tables(SQUARE, 3, 3)}
    assert len(tables) == 8
    assert {tuple(np.array(first)[list(second)]) for first in tables for second in tables} == tables


def test_columns_are_mirrored_with_the_board():
    cells, actions = column_symmetries(2, 3)
    assert cells.tolist() == [[0, 1, 2, 3, 4, 5], [2, 1, 0, 5, 4, 3]]
    assert actions.tolist() == [[0, 1, 2], [2, 1, 0]]
