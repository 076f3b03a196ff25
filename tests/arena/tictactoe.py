"""The truth about tic-tac-toe, written without the games package: what the players are measured against."""

import functools
from typing import Any

import numpy as np

from alphazero.search import Oracle

LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))

Board = tuple[int, ...]  # 9 cells from the top left; 1: stone of the mover, -1: of the other player, 0: free


@functools.cache
def minimax(board: Board, depth: int = 9) -> int:
    """Return a board's value for its mover: 0, or 1 + the plies left of `depth` at a win (- at a loss)."""
    if any(all(board[cell] == -1 for cell in line) for line in LINES):
        return -(1 + depth)
    if 0 not in board or depth == 0:
        return 0
    return max(-minimax(after(board, cell), depth - 1) for cell in range(9) if board[cell] == 0)


def after(board: Board, cell: int) -> Board:
    """Return the board after the mover put a stone on `cell`, seen by the next mover."""
    return tuple(-1 if i == cell else -stone for i, stone in enumerate(board))


def random_positions(game: Any, count: int) -> tuple[list[Board], np.ndarray]:
    """Return at least `count` unfinished positions of random games, as boards and as records."""
    rng = np.random.default_rng(0)
    boards: list[Board] = []
    states: list[Any] = []
    while len(boards) < count:
        board, state = (0,) * 9, game.initial_state()
        while not game.is_over(state):
            boards.append(board)
            states.append(state.copy())
            cell = int(rng.choice(game.legal(state)))
            board = after(board, cell)
            game.play(state, cell)
    return boards, np.array(states, game.state_dtype)


class ExactNetwork(Oracle):
    """A network that knows tic-tac-toe: values -1, 0, 1 for the mover, equal logits; counts its rows.

    A third plane, where there is one, marks the column that the mover has chosen already.
    """

    def __init__(self, num_actions: int = 9):
        self.num_actions = num_actions
        self.rows = self.most_rows = 0

    def __call__(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.rows += len(planes)
        self.most_rows = max(self.most_rows, len(planes))
        values = np.array([self._value(row) for row in planes], np.float32)
        return np.zeros((len(planes), self.num_actions), np.float32), values

    def _value(self, planes: np.ndarray) -> float:
        board = tuple(int(stone) for stone in (planes[0] - planes[1]).reshape(-1))
        if len(planes) == 2 or not planes[2].any():
            return float(np.sign(minimax(board)))
        column = int(np.flatnonzero(planes[2].any(axis=0))[0])
        return float(
            max(-np.sign(minimax(after(board, cell))) for cell in range(column, 9, 3) if board[cell] == 0)
        )
