"""Othello as text: squares such as d3, positions as rows of discs, boards for a terminal."""

import numpy as np

from games.game import IllegalAction
from games.stones import (
    LETTERS,
    impossible,
    read_board_and_mover,
    read_square,
    refuse_rest,
    render_grid,
    stones_text,
)

STEPS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))  # (row, col)
PASS = "pass"


def action_name(self, state, action: int) -> str:
    """Return a square such as d3, or "pass"."""
    row, col = divmod(int(action), self.size)
    return PASS if row == self.size else f"{LETTERS[col]}{row + 1}"


def parse_action(self, state, text: str) -> int:
    """Read a square or "pass"; ValueError when it is none, IllegalAction when it cannot be played."""
    action = read_square(text, self.size, self.size, from_top=True, word=PASS)
    legal = self.legal(state)
    if action not in legal:
        names = ", ".join(self.action_name(state, a) for a in legal) or "none, the game is over"
        raise IllegalAction(
            f"illegal move {text.strip()!r} in {self.state_text(state)!r}: legal moves are {names}"
        )
    return action


def _cells(self, state) -> np.ndarray:
    """Return the board as int8[size, size]: 0 empty, 1 first player, 2 second player."""
    planes = np.empty((2, self.size, self.size), np.float32)
    self.encode(state, planes)
    own = 1 + self.to_move(state)
    return (planes[0] * own + planes[1] * (3 - own)).astype(np.int8)


def state_text(self, state) -> str:
    """Return the rows from the top, "." empty, "x" first, "o" second player, joined by "/", and who is to move."""
    return f"{stones_text(_cells(self, state))} {'xo'[self.to_move(state)]}"


def _loose_disc(board: np.ndarray) -> str:
    """Return the first square whose disc no order of moves from the four in the middle puts there, "" for none.

    Whatever their colours, a new disc ends a line of at least two that stood before.
    """
    width, half = len(board) + 1, len(board) // 2  # an empty column more, so that no line goes round the edge
    left = sum(1 << (row * width + col) for row, col in np.argwhere(board).tolist())
    stood = (3 << ((half - 1) * width + half - 1)) | (3 << (half * width + half - 1))
    new, left = stood, left & ~stood
    while new:
        new = 0
        for row, col in STEPS[4:]:  # the other steps are these back again
            step = row * width + col
            new |= ((stood << step) & (stood << 2 * step)) | ((stood >> step) & (stood >> 2 * step))
        new &= left
        stood, left = stood | new, left & ~new
    row, col = divmod((left & -left).bit_length() - 1, width)
    return f"{LETTERS[col]}{row + 1}" if left else ""


def parse_state(self, text: str) -> np.record:
    """Read what `state_text` writes; ValueError for another text, or discs that no game can have."""
    board, player, rest = read_board_and_mover(text, self.size, self.size)
    refuse_rest(text, rest)
    half = self.size // 2
    if (board[half - 1 : half + 1, half - 1 : half + 1] == 0).any():
        raise impossible(text, "one of the four squares in the middle is empty")
    if loose := _loose_disc(board):
        raise impossible(text, f"the disc on {loose} was never put at the end of a line of two others")
    state = self.initial_state()
    self.place(state, board, player)
    return state


def end_reason(self, state) -> str:
    """Return why a game has ended, with the discs of both; nothing while it goes on."""
    if not self.is_over(state):
        return ""
    first, second = self.discs(state)
    return f"neither player can move: X {first}, O {second}"


def render(self, state, view: int = 0) -> str:
    """Return the board for a terminal, whatever `view` is: columns lettered, rows numbered from the top, X first."""
    grid = render_grid(_cells(self, state), from_top=True)
    first, second = self.discs(state)
    return f"{grid}\nX {first}  O {second}"


def discs(self, state) -> tuple[int, int]:
    """Return the discs of the first and of the second player."""
    cells = _cells(self, state)
    return int((cells == 1).sum()), int((cells == 2).sum())
