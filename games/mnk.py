"""m,n,k games, such as tic-tac-toe and gomoku: stones are put on free cells in turn, `connect` in a line win.

Cells are numbered row by row from the top left; in text a cell is a letter for its column and a number for
its row, counted from the bottom: a1 is the lower left corner.
"""

import functools
from typing import Any, NamedTuple, cast

import numpy as np

from games.bits import mix, next_seed, random_below, stone_key
from games.game import IllegalAction, game_class, njit
from games.lines import winners, wins
from games.protocol import Game
from games.stones import (
    LETTERS,
    PLAYED_ON,
    check_counts,
    impossible,
    in_a_line,
    read_square,
    read_stones,
    render_grid,
    stones_text,
)
from games.symmetry import Symmetries, board_symmetries, dihedral


def mnk(rows: int = 3, cols: int = 3, connect: int = 3, exact: int = 0) -> Game:
    """Return the game of `connect` in a line; ValueError when the line is longer than the board."""
    if connect > max(rows, cols):
        raise ValueError(
            f"mnk: rule connect={connect} is not possible on a board of {rows} x {cols}: "
            f"expected at most {max(rows, cols)}"
        )
    return cast(Game, MNK(int(rows), int(cols), int(connect), int(exact)))


def tic_tac_toe() -> Game:
    """Return the game of three in a line on 3 x 3."""
    return cast(Game, MNK(3, 3, 3, 0))


def gomoku(rows: int = 15, cols: int = 15, exact: int = 0) -> Game:
    """Return the game of five in a line, or of exactly five: then a longer line wins nothing."""
    return cast(Game, MNK(int(rows), int(cols), 5, int(exact)))


@functools.cache
def _symmetries(rows: int, cols: int) -> Symmetries:
    return board_symmetries(dihedral(rows, cols), rows, cols)


@functools.cache
def _state_dtype(num_cells: int) -> np.dtype:
    return np.dtype(
        [
            ("hash", np.uint64),
            ("plies", np.int32),
            ("over", np.int8),
            ("result", np.int8),
            ("cells", np.int8, num_cells),
        ],
        align=True,
    )


@game_class("mnk")
class MNK(NamedTuple):
    """An m,n,k game.

    State: hash uint64, the keys of all stones combined by xor; plies int32 played; over, result int8 (result
    for the first player); cells int8[rows*cols] from the top left, 0 empty, 1 first, 2 second player. Planes:
    own stones, other stones. Actions: cells.
    """

    rows: int
    cols: int
    connect: int
    exact: int  # 1: a line longer than `connect` does not win

    planes = 2
    plane_pairs = ((0, 1),)
    board_shape = property(lambda self: (self.rows, self.cols))
    num_actions = property(lambda self: self.rows * self.cols)
    policy_shape = property(lambda self: (1, self.rows, self.cols))
    max_plies = property(lambda self: self.rows * self.cols)
    part_sizes = property(lambda self: (self.cols, self.rows))
    symmetries = property(lambda self: _symmetries(self.rows, self.cols))
    state_dtype = property(lambda self: _state_dtype(self.rows * self.cols))

    @property
    def name(self) -> str:
        """Return "tic_tac_toe", "gomoku" or "mnk": the narrowest that these rules are."""
        if self == (3, 3, 3, 0):
            return "tic_tac_toe"
        return "gomoku" if self.connect == 5 and min(self.rows, self.cols) >= 5 else "mnk"

    @property
    def rules(self) -> dict[str, Any]:
        """Return the rules that `name` leaves open."""
        fixed = {"tic_tac_toe": self._fields, "gomoku": ("connect",), "mnk": ()}[self.name]
        return {rule: value for rule, value in self._asdict().items() if rule not in fixed}

    @njit
    def reset(self, state):
        state.hash = np.uint64(0)
        state.plies = 0
        state.over = state.result = 0
        state.cells[:] = 0

    @njit
    def legal_actions(self, state, out):
        if state.over:
            return 0
        count = 0
        for cell in range(self.rows * self.cols):
            if state.cells[cell] == 0:
                out[count] = cell
                count += 1
        return count

    @njit
    def play(self, state, action):
        stone = 1 + (state.plies & 1)
        state.cells[action] = stone
        state.hash ^= stone_key(action, stone)
        state.plies += 1
        if wins(state.cells, self.rows, self.cols, action, self.connect, self.exact):
            state.over = 1
            state.result = 3 - 2 * stone
        elif state.plies == self.rows * self.cols:
            state.over = 1

    @njit
    def is_over(self, state):
        return state.over != 0

    @njit
    def outcome(self, state):
        return np.int64(state.result)

    @njit
    def to_move(self, state):
        return np.int64(state.plies & 1)

    @njit
    def encode(self, state, planes):
        own = 1 + (state.plies & 1)
        for row in range(self.rows):
            for col in range(self.cols):
                stone = state.cells[row * self.cols + col]
                planes[0, row, col] = np.float32(stone == own)
                planes[1, row, col] = np.float32(stone == 3 - own)

    @njit
    def position_hash(self, state):
        return mix(state.hash)

    @njit
    def input_hash(self, state):
        return mix(state.hash)

    @njit
    def random_rollout(self, state, out, seed):
        """Fill the free cells in random order, which is uniformly random play, until somebody wins."""
        if state.over:
            return np.int64(state.result)
        free = self.legal_actions(state, out)
        stone = 1 + (state.plies & 1)
        while free > 0:
            seed = next_seed(seed)
            chosen = random_below(mix(seed), free)
            cell = np.int64(out[chosen])
            free -= 1
            out[chosen] = out[free]
            state.cells[cell] = stone
            if wins(state.cells, self.rows, self.cols, cell, self.connect, self.exact):
                return np.int64(3 - 2 * stone)
            stone = 3 - stone
        return np.int64(0)

    @njit
    def place(self, state, board):
        """Set up int8[rows, cols] (0 empty, 1 first, 2 second); False if the player to move has a line."""
        self.reset(state)
        for cell in range(self.rows * self.cols):
            stone = np.int64(board[cell // self.cols, cell % self.cols])
            state.cells[cell] = stone
            if stone != 0:
                state.hash ^= stone_key(cell, stone)
                state.plies += 1
        last = 2 - (state.plies & 1)
        won = winners(state.cells, self.rows, self.cols, self.connect, self.exact)
        state.over = won & last != 0 or state.plies == self.rows * self.cols
        state.result = 3 - 2 * last if won & last else 0
        return won & (3 - last) == 0

    @njit
    def num_parts(self, action):
        return 2

    @njit
    def part(self, action, index):
        return action % self.cols if index == 0 else action // self.cols

    @njit
    def mark_part(self, index, value, plane):
        for row in range(self.rows):
            for col in range(self.cols):
                if value == (col if index == 0 else row):
                    plane[row, col] = 1.0

    def part_name(self, state, index: int, value: int) -> str:
        """Return the letter of a column (part 0) or the number of a row (part 1)."""
        return LETTERS[value] if index == 0 else str(self.rows - value)

    def action_name(self, state, action: int) -> str:
        """Return a cell as the letter of its column and the number of its row from the bottom."""
        row, col = divmod(int(action), self.cols)
        return f"{LETTERS[col]}{self.rows - row}"

    def parse_action(self, state, text: str) -> int:
        """Read a cell such as b2; ValueError when it is none, IllegalAction when it cannot be played."""
        action = read_square(text, self.rows, self.cols)
        if action not in self.legal(state):
            why = "the game is over" if self.is_over(state) else "that cell is taken"
            raise IllegalAction(f"illegal move {text.strip().lower()!r} in {self.state_text(state)!r}: {why}")
        return action

    def state_text(self, state) -> str:
        """Return the rows from the top, "." empty, "x" first, "o" second player, joined by "/"."""
        return stones_text(state["cells"].reshape(self.rows, self.cols))

    def parse_state(self, text: str) -> np.record:
        """Read what `state_text` writes; ValueError when the counts or the lines on it cannot come about."""
        board = read_stones(text, self.rows, self.cols)
        check_counts(text, board)
        state = self.initial_state()
        if not self.place(state, board):
            raise impossible(text, "the player to move has a winning line already")
        last = 2 - state["plies"] % 2
        if state["result"] and not any(self._open_before(board, cell) for cell in np.argwhere(board == last)):
            raise impossible(text, PLAYED_ON)
        return state

    def _open_before(self, board: np.ndarray, cell: np.ndarray) -> bool:
        """Whether nobody has a winning line on int8[rows, cols] once the stone on (row, col) is taken off."""
        before, state = board.copy(), self.initial_state()
        before[tuple(cell)] = 0
        return self.place(state, before) and state["result"] == 0

    def end_reason(self, state) -> str:
        """Return why a game has ended: a line, or a full board; nothing while it goes on."""
        if not self.is_over(state):
            return ""
        line = ("exactly " if self.exact else "") + in_a_line(self.connect)
        return line if self.outcome(state) else "the board is full"

    def render(self, state, view: int = 0) -> str:
        """Return the board for a terminal, whatever `view` is: columns lettered, rows numbered, X first, O second."""
        return render_grid(state["cells"].reshape(self.rows, self.cols))
