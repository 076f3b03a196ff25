"""Boards of two colours of stones as text, for the games that only ever add stones."""

import numpy as np

LETTERS = "abcdefghijklmnopqrstuvwxyz"
PLAYED_ON = "no single last move makes its winning lines, so it was played on after a win"


def stones_text(board: np.ndarray) -> str:
    """Return int8[rows, cols] (0 empty, 1 first, 2 second) as rows from the top of . x o, joined by "/"."""
    return "/".join("".join(".xo"[cell] for cell in row) for row in board)


def read_stones(text: str, rows: int, cols: int) -> np.ndarray:
    """Return the int8[rows, cols] that `stones_text` wrote; ValueError for another shape or other letters."""
    lines = text.strip().split("/")
    if len(lines) != rows or any(len(line) != cols or set(line) - set(".xo") for line in lines):
        raise ValueError(f"cannot read the position {text!r}: expected {rows} rows of {cols} of . x o, "
                         "from the top, joined by /")
    return np.array([[".xo".index(cell) for cell in line] for line in lines], np.int8)


def impossible(text: str, why: str) -> ValueError:
    """Return the error for a position that no game can reach."""
    return ValueError(f"the position {text.strip()!r} cannot come about: {why}")


def check_counts(text: str, board: np.ndarray) -> None:
    """Raise ValueError unless x, who begins, has as many stones as o or one more."""
    first, second = int((board == 1).sum()), int((board == 2).sum())
    if first - second not in (0, 1):
        raise impossible(text, f"x begins, so x has as many stones as o or one more, not {first} to {second}")


def render_grid(board: np.ndarray, from_top: bool = False) -> str:
    """Return a board for a terminal: rows numbered from below or the top, columns lettered, X first, O second."""
    rows, cols = board.shape
    width = len(str(rows))
    numbers = range(1, rows + 1) if from_top else range(rows, 0, -1)
    lines = [f"{numbers[row]:>{width}} " + " ".join(".XO"[cell] for cell in board[row]) for row in range(rows)]
    return "\n".join([*lines, " " * (width + 1) + " ".join(LETTERS[:cols])])
