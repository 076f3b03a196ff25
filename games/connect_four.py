"""Connect Four on any board: stones drop to the lowest free cell of a column, `connect` in a line win.

Where (rows + 1) * cols fits into 64 bits the position is two bitboards (Tromp's layout: column c holds the
bits c*(rows+1) .. c*(rows+1)+rows-1 from the bottom, and a spare bit on top that keeps lines from wrapping).
Larger boards keep a byte a cell. Both are the same game: actions are columns from 0, written as numbers
from 1.
"""

import functools
from typing import NamedTuple, cast

import numpy as np

from games.bits import mix, next_seed, popcount, random_below
from games.game import IllegalAction, game_class, njit
from games.kernel import helper
from games.lines import hash_cells, winners, wins
from games.protocol import Game
from games.stones import (
    PLAYED_ON,
    check_counts,
    impossible,
    in_a_line,
    plain_number,
    read_stones,
    stones_text,
)
from games.symmetry import Symmetries, column_symmetries

ONE, ZERO = np.uint64(1), np.uint64(0)


def connect_four(rows: int = 6, cols: int = 7, connect: int = 4) -> Game:
    """Return the game, on bitboards where they fit; ValueError for a line longer than the board."""
    if connect > max(rows, cols):
        raise ValueError(
            f"connect_four: rule connect={connect} is not possible on a board of {rows} x "
            f"{cols}: expected at most {max(rows, cols)}"
        )
    kind = ConnectFour if (rows + 1) * cols <= 64 and rows < 63 else LargeConnectFour
    return cast(Game, kind(int(rows), int(cols), int(connect)))


@functools.cache
def _symmetries(rows: int, cols: int) -> Symmetries:
    return column_symmetries(rows, cols)


def _action_name(self, state, action: int) -> str:
    """Return the column as a number from 1."""
    return str(int(action) + 1)


def _parse_action(self, state, text: str) -> int:
    """Read a column from 1; ValueError when there is none such, IllegalAction when it cannot be played."""
    column = plain_number(text.strip())
    if column is None:
        raise ValueError(f"cannot read the move {text!r}: expected a column from 1 to {self.cols}")
    if column - 1 not in self.legal(state):
        moves = ", ".join(str(a + 1) for a in self.legal(state)) or "none, the game is over"
        kind = IllegalAction if 1 <= column <= self.cols else ValueError
        raise kind(f"illegal move {text.strip()!r} in {self.state_text(state)!r}: legal columns are {moves}")
    return column - 1


def _cells(self, state) -> np.ndarray:
    """Return the board as int8[rows, cols], row 0 on top: 0 empty, 1 first player, 2 second player."""
    planes = np.empty((2, self.rows, self.cols), np.float32)
    self.encode(state, planes)
    own = 1 + self.to_move(state)
    return (planes[0] * own + planes[1] * (3 - own)).astype(np.int8)


def _state_text(self, state) -> str:
    """Return the rows from the top, "." empty, "x" first, "o" second player, joined by "/"."""
    return stones_text(_cells(self, state))


def _parse_state(self, text: str) -> np.record:
    """Read what `state_text` writes; ValueError for floating stones, wrong counts, or play after a win."""
    board = read_stones(text, self.rows, self.cols)
    check_counts(text, board)
    if ((board[:-1] != 0) & (board[1:] == 0)).any():
        raise impossible(text, "a stone stands above a free cell")
    state = self.initial_state()
    if not self.place(state, board):
        raise impossible(text, "the player to move has a winning line already")
    last = 2 - state["plies"] % 2
    tops = [(int((board[:, col] == 0).sum()), col) for col in range(self.cols) if board[-1, col]]
    if state["result"] and not any(_open_before(self, board, cell) for cell in tops if board[cell] == last):
        raise impossible(text, PLAYED_ON)
    return state


def _open_before(self, board: np.ndarray, cell: tuple[int, int]) -> bool:
    """Whether nobody has a winning line on int8[rows, cols] once the stone on (row, col) is taken off."""
    before, state = board.copy(), self.initial_state()
    before[cell] = 0
    return self.place(state, before) and state["result"] == 0


def _end_reason(self, state) -> str:
    """Return why a game has ended: a line, or a full board; nothing while it goes on."""
    if not self.is_over(state):
        return ""
    return in_a_line(self.connect) if self.outcome(state) else "the board is full"


def _render(self, state, view: int = 0) -> str:
    """Return the board for a terminal, whatever `view` is: columns numbered from 1, X first and O second player."""
    width = len(str(self.cols))
    lines = [" ".join(".XO"[cell].rjust(width) for cell in row) for row in _cells(self, state)]
    return "\n".join([*lines, " ".join(str(col + 1).rjust(width) for col in range(self.cols))])


@helper
def has_line(stones, rows, connect):
    """Whether a bitboard holds `connect` stones in a row in any of the four directions."""
    column = np.uint64(rows + 1)
    for direction in (ONE, column, column - ONE, column + ONE):
        line = shifted = stones
        if connect == 4:
            line &= line >> direction
            line &= (line >> direction) >> direction  # one shift by 64 or more would do nothing at all
        else:
            for _ in range(1, connect):
                shifted >>= direction
                line &= shifted
        if line != ZERO:
            return True
    return False


@helper
def _bottom(rows, cols):
    """Return the bitboard of the lowest cell of every column."""
    stones = ZERO
    for col in range(cols):
        stones |= ONE << np.uint64(col * (rows + 1))
    return stones


@game_class("connect_four")
class ConnectFour(NamedTuple):
    """Connect Four on two bitboards, (rows + 1) * cols at most 64.

    State: own, other uint64 stones of the player to move and of the opponent; plies int32 played; over,
    result int8 (result for the first player). Planes: own stones, other stones. Actions: columns.
    """

    rows: int
    cols: int
    connect: int

    planes = 2
    plane_pairs = ((0, 1),)
    board_shape = property(lambda self: (self.rows, self.cols))
    num_actions = property(lambda self: self.cols)
    policy_shape = property(lambda self: (self.cols,))
    max_plies = property(lambda self: self.rows * self.cols)
    symmetries = property(lambda self: _symmetries(self.rows, self.cols))
    action_name, parse_action = _action_name, _parse_action
    state_text, parse_state, render, end_reason = _state_text, _parse_state, _render, _end_reason

    @property
    def state_dtype(self) -> np.dtype:
        """Return the dtype of a position, 24 bytes."""
        return _BIT_STATE

    @njit
    def reset(self, state):
        state.own = state.other = ZERO
        state.plies = 0
        state.over = state.result = 0

    @njit
    def legal_actions(self, state, out):
        if state.over:
            return 0
        stones = state.own | state.other
        count = 0
        for col in range(self.cols):
            if not (stones >> np.uint64(col * (self.rows + 1) + self.rows - 1)) & ONE:
                out[count] = col
                count += 1
        return count

    @njit
    def play(self, state, action):
        stones = state.own | state.other
        foot = ONE << np.uint64(action * (self.rows + 1))
        column = ((ONE << np.uint64(self.rows)) - ONE) * foot
        moved = state.own | ((stones + foot) & column)
        state.own = state.other
        state.other = moved
        state.plies += 1
        if has_line(moved, self.rows, self.connect):
            state.over = 1
            state.result = 1 if state.plies & 1 else -1
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
        for row in range(self.rows):
            for col in range(self.cols):
                cell = np.uint64(col * (self.rows + 1) + self.rows - 1 - row)
                planes[0, row, col] = np.float32((state.own >> cell) & ONE)
                planes[1, row, col] = np.float32((state.other >> cell) & ONE)

    @njit
    def position_hash(self, state):
        return mix(state.own + mix(state.other + ONE))

    @njit
    def input_hash(self, state):
        return mix(state.own + mix(state.other + ONE))

    @njit
    def random_rollout(self, state, out, seed):
        if state.over:
            return np.int64(state.result)
        rows, own, other = self.rows, state.own, state.other
        free = self.rows * self.cols - state.plies
        bottom = _bottom(rows, self.cols)
        spare = bottom << np.uint64(rows)
        sign = -1 if state.plies & 1 else 1
        for _ in range(free):
            squares = ((own | other) + bottom) & ~spare
            seed = next_seed(seed)
            for _ in range(random_below(mix(seed), popcount(squares))):
                squares &= squares - ONE
            own |= squares & (~squares + ONE)
            if has_line(own, rows, self.connect):
                return np.int64(sign)
            own, other = other, own
            sign = -sign
        return np.int64(0)

    @njit
    def place(self, state, board):
        """Set up int8[rows, cols] (0 empty, 1 first, 2 second); False if the player to move has a line."""
        first = second = ZERO
        plies = 0
        for row in range(self.rows):
            for col in range(self.cols):
                bit = ONE << np.uint64(col * (self.rows + 1) + self.rows - 1 - row)
                if board[row, col] == 1:
                    first |= bit
                elif board[row, col] == 2:
                    second |= bit
                plies += board[row, col] != 0
        state.plies = plies
        state.own, state.other = (second, first) if plies & 1 else (first, second)
        won = has_line(state.other, self.rows, self.connect)
        state.over = won or plies == self.rows * self.cols
        state.result = (1 if plies & 1 else -1) if won else 0
        return not has_line(state.own, self.rows, self.connect)


_BIT_STATE = np.dtype(
    [("own", np.uint64), ("other", np.uint64), ("plies", np.int32), ("over", np.int8), ("result", np.int8)],
    align=True,
)


@game_class("connect_four")
class LargeConnectFour(NamedTuple):
    """Connect Four with a byte a cell, for boards that do not fit two bitboards.

    State: cells int8[rows*cols] (0 empty, 1 first, 2 second player) from the top left; plies int32; over,
    result int8. Planes and actions are those of `ConnectFour`.
    """

    rows: int
    cols: int
    connect: int

    planes = 2
    plane_pairs = ((0, 1),)
    board_shape = property(lambda self: (self.rows, self.cols))
    num_actions = property(lambda self: self.cols)
    policy_shape = property(lambda self: (self.cols,))
    max_plies = property(lambda self: self.rows * self.cols)
    symmetries = property(lambda self: _symmetries(self.rows, self.cols))
    action_name, parse_action = _action_name, _parse_action
    state_text, parse_state, render, end_reason = _state_text, _parse_state, _render, _end_reason

    @property
    def state_dtype(self) -> np.dtype:
        """Return the dtype of a position, rows * cols + 8 bytes or a little more."""
        return _cell_state(self.rows * self.cols)

    @njit
    def reset(self, state):
        state.cells[:] = 0
        state.plies = 0
        state.over = state.result = 0

    @njit
    def legal_actions(self, state, out):
        if state.over:
            return 0
        count = 0
        for col in range(self.cols):
            if state.cells[col] == 0:
                out[count] = col
                count += 1
        return count

    @njit
    def play(self, state, action):
        cell = (self.rows - 1) * self.cols + action
        while state.cells[cell] != 0:
            cell -= self.cols
        state.cells[cell] = 1 + (state.plies & 1)
        state.plies += 1
        if wins(state.cells, self.rows, self.cols, cell, self.connect, 0):
            state.over = 1
            state.result = 1 if state.plies & 1 else -1
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
        return hash_cells(state.cells)

    @njit
    def input_hash(self, state):
        return hash_cells(state.cells)

    @njit
    def place(self, state, board):
        """Set up int8[rows, cols] (0 empty, 1 first, 2 second); False if the player to move has a line."""
        state.plies = 0
        for cell in range(self.rows * self.cols):
            state.cells[cell] = board[cell // self.cols, cell % self.cols]
            state.plies += state.cells[cell] != 0
        last = 2 - (state.plies & 1)
        won = winners(state.cells, self.rows, self.cols, self.connect, 0)
        state.over = won & last != 0 or state.plies == self.rows * self.cols
        state.result = 3 - 2 * last if won & last else 0
        return won & (3 - last) == 0


@functools.cache
def _cell_state(num_cells: int) -> np.dtype:
    return np.dtype(
        [("cells", np.int8, num_cells), ("plies", np.int32), ("over", np.int8), ("result", np.int8)],
        align=True,
    )
