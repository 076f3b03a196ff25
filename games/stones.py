"""Boards of two colours of stones as text: squares, positions, drawings for a terminal."""

import re

import numpy as np

LETTERS = "abcdefghijklmnopqrstuvwxyz"
PLAYED_ON = "no single last move makes its winning lines, so it was played on after a win"


PLAIN_NUMBER = re.compile("0|[1-9][0-9]{0,8}")
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def plain_number(text: str) -> int | None:
    """Return a whole number below 10**9 in the digits 0 to 9, without sign or leading zero; None for another text."""
    return int(text) if PLAIN_NUMBER.fullmatch(text) else None


def in_a_line(count: int) -> str:
    """Return such as "four in a line"."""
    return f"{NUMBERS[count] if count < len(NUMBERS) else count} in a line"


def stones_text(board: np.ndarray) -> str:
    """Return int8[rows, cols] (0 empty, 1 first, 2 second) as rows from the top of . x o, joined by "/"."""
    return "/".join("".join(".xo"[cell] for cell in row) for row in board)


def read_stones(text: str, rows: int, cols: int) -> np.ndarray:
    """Return the int8[rows, cols] that `stones_text` wrote; ValueError for another shape or other letters."""
    lines = text.strip().split("/")
    if len(lines) != rows or any(len(line) != cols or set(line) - set(".xo") for line in lines):
        raise ValueError(
            f"cannot read the position {text!r}: expected {rows} rows of {cols} of . x o, "
            "from the top, joined by /"
        )
    return np.array([[".xo".index(cell) for cell in line] for line in lines], np.int8)


def read_board_and_mover(text: str, rows: int, cols: int) -> tuple[np.ndarray, int, list[str]]:
    """Return the board of a text, who is to move (0 or 1: "x" or "o" after the rows), and the words after that."""
    words = text.split()
    if len(words) < 2 or words[1] not in ("x", "o"):
        raise ValueError(f"cannot read the position {text!r}: expected the rows, a blank, and x or o to move")
    return read_stones(words[0], rows, cols), "xo".index(words[1]), words[2:]


def refuse_rest(text: str, rest: list[str]) -> None:
    """Raise ValueError where words are left that say nothing."""
    if rest:
        raise ValueError(
            f"cannot read {' '.join(rest)!r} in the position {text!r}: expected nothing after who is to move"
        )


def read_square(
    text: str,
    rows: int,
    cols: int,
    *,
    letters: str = LETTERS,
    from_top: bool = False,
    word: str = "",
    note: str = "",
) -> int:
    """Return row * cols + col of a square such as b2, or rows * cols for `word`; ValueError when the text is neither.

    from_top: rows are numbered from the top, not from below; note: said in the error after the range of squares.
    """
    move = text.strip().lower()
    if word and move == word:
        return rows * cols
    col, row = letters[:cols].find(move[:1]), plain_number(move[1:]) or 0
    if not move or col < 0 or not 1 <= row <= rows:
        also = f", or {word}" if word else ""
        raise ValueError(
            f"cannot read the move {text!r}: expected a square from a1 to {letters[cols - 1]}{rows}"
            f"{note}{also}"
        )
    return (row - 1 if from_top else rows - row) * cols + col


def impossible(text: str, why: str) -> ValueError:
    """Return the error for a position that no game can reach."""
    return ValueError(f"the position {text.strip()!r} cannot come about: {why}")


def check_counts(text: str, board: np.ndarray) -> None:
    """Raise ValueError unless x, who begins, has as many stones as o or one more."""
    first, second = int((board == 1).sum()), int((board == 2).sum())
    if first - second not in (0, 1):
        raise impossible(text, f"x begins, so x has as many stones as o or one more, not {first} to {second}")


def render_grid(board: np.ndarray, from_top: bool = False, turned: bool = False) -> str:
    """Return a board for a terminal: rows numbered from below or the top, columns lettered, X first, O second.

    turned: drawn upside down, as who sits on the other side sees it.
    """
    rows, cols = board.shape
    width, letters = len(str(rows)), LETTERS[:cols]
    numbers = range(1, rows + 1) if from_top else range(rows, 0, -1)
    if turned:
        board, letters, numbers = board[::-1, ::-1], letters[::-1], numbers[::-1]
    lines = [
        f"{numbers[row]:>{width}} " + " ".join(".XO"[cell] for cell in board[row]) for row in range(rows)
    ]
    return "\n".join([*lines, " " * (width + 1) + " ".join(letters)])
