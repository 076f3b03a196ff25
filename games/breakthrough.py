"""Breakthrough on any board: reach the last row, or take everything the other has.

Each player begins with his two nearest rows full of pieces, the first player below. A piece moves one square ahead,
straight or diagonally, and takes diagonally only. Positions are seen from the player to move: for the second player the
board is turned upside down, so that the own pieces always go up, in the planes and in the actions. An action is
direction * rows * cols + square, directions 0 ahead to the left, 1 straight ahead, 2 ahead to the right, and `square`
where the piece stands, row by row from the top left of that view. In text squares are those of chess.
"""

import functools
import re
from typing import NamedTuple, cast

import numpy as np

from games.bits import mix, stone_key
from games.game import IllegalAction, game_class, njit
from games.kernel import helper
from games.protocol import Game
from games.stones import (
    LETTERS,
    impossible,
    read_board_and_mover,
    read_square,
    refuse_rest,
    render_grid,
    stones_text,
)
from games.symmetry import IDENTITY, MIRROR, Symmetries, cell_tables

DIRECTIONS = 3


def breakthrough(rows: int = 8, cols: int = 8) -> Game:
    """Return the game on rows x cols squares."""
    return cast(Game, Breakthrough(int(rows), int(cols)))


@functools.cache
def _symmetries(rows: int, cols: int) -> Symmetries:
    """Return identity and mirror; a mirror changes ahead to the left into ahead to the right."""
    cells = cell_tables((IDENTITY, MIRROR), rows, cols)
    size = rows * cols
    actions = [
        np.concatenate([table + size * direction for direction in order])
        for table, order in zip(cells, ((0, 1, 2), (2, 1, 0)), strict=True)
    ]
    return Symmetries(cells, np.array(actions, np.int32))


@functools.cache
def _state_dtype(squares: int) -> np.dtype:
    return np.dtype(
        [
            ("hash", np.uint64),
            ("pieces", np.int16, 2),
            ("player", np.int8),
            ("over", np.int8),
            ("result", np.int8),
            ("cells", np.int8, squares),
        ],
        align=True,
    )


@helper
def seen(rows, cols, square, player):
    """Turn a square of the board into that of the player's view, and back again."""
    return (rows - 1 - square // cols) * cols + square % cols if player else square


@helper
def target(cols, square, direction):
    """Return the square that a move from `square` leads to, both in the mover's view, or -1 off the board."""
    col = square % cols + direction - 1
    return square - cols + direction - 1 if 0 <= col < cols and square >= cols else -1


@game_class("breakthrough")
class Breakthrough(NamedTuple):
    """Breakthrough.

    State: hash uint64, the keys of all pieces combined by xor; pieces int16[2] of either player; player, over, result
    int8 (result for the first player); cells int8[rows*cols] from the top left, 0 empty, 1 first, 2 second player.
    Planes, seen by the player to move: own pieces, other pieces. Actions: as above.
    """

    rows: int
    cols: int

    planes = 2
    board_shape = property(lambda self: (self.rows, self.cols))
    num_actions = property(lambda self: DIRECTIONS * self.rows * self.cols)
    policy_shape = property(lambda self: (DIRECTIONS, self.rows, self.cols))
    max_plies = property(
        lambda self: 4 * self.cols * (self.rows - 2) + 1
    )  # each move brings a piece a row ahead
    part_sizes = property(lambda self: (self.rows * self.cols, self.rows * self.cols))
    symmetries = property(lambda self: _symmetries(self.rows, self.cols))
    state_dtype = property(lambda self: _state_dtype(self.rows * self.cols))

    @njit
    def reset(self, state):
        state.hash = np.uint64(0)
        state.player = state.over = state.result = 0
        state.pieces[0] = state.pieces[1] = 2 * self.cols
        for square in range(self.rows * self.cols):
            row = square // self.cols
            stone = 2 if row < 2 else 1 if row >= self.rows - 2 else 0
            state.cells[square] = stone
            if stone != 0:
                state.hash ^= stone_key(square, stone)

    @njit
    def legal_actions(self, state, out):
        if state.over:
            return 0
        rows, cols, own, count = self.rows, self.cols, 1 + state.player, 0
        ahead = cols if state.player else -cols
        for direction in range(DIRECTIONS):
            first, last = (
                max(0, 1 - direction),
                min(cols, cols + 1 - direction),
            )  # columns with a square ahead
            for row in range(1, rows):
                start = (rows - 1 - row if state.player else row) * cols  # of the row in `cells`
                for col in range(first, last):
                    if state.cells[start + col] == own:
                        there = state.cells[start + ahead + col + direction - 1]
                        if there == 0 or (there != own and direction != 1):
                            out[count] = (direction * rows + row) * cols + col
                            count += 1
        return count

    @njit
    def play(self, state, action):
        rows, cols, player = self.rows, self.cols, np.int64(state.player)
        square, direction = action % (rows * cols), action // (rows * cols)
        aim = target(cols, square, direction)
        from_, to = seen(rows, cols, square, player), seen(rows, cols, aim, player)
        if state.cells[to] != 0:
            state.hash ^= stone_key(to, 2 - player)
            state.pieces[1 - player] -= 1
        state.hash ^= stone_key(from_, 1 + player) ^ stone_key(to, 1 + player)
        state.cells[from_] = 0
        state.cells[to] = 1 + player
        if aim < cols or state.pieces[1 - player] == 0:
            state.over = 1
            state.result = 1 - 2 * player
        state.player = 1 - player

    @njit
    def is_over(self, state):
        return state.over != 0

    @njit
    def outcome(self, state):
        return np.int64(state.result)

    @njit
    def to_move(self, state):
        return np.int64(state.player)

    @njit
    def encode(self, state, planes):
        rows, cols, own = self.rows, self.cols, 1 + state.player
        for row in range(rows):
            start = (rows - 1 - row if state.player else row) * cols
            for col in range(cols):
                stone = state.cells[start + col]
                planes[0, row, col] = np.float32(stone == own)
                planes[1, row, col] = np.float32(stone == 3 - own)

    @njit
    def position_hash(self, state):
        return mix(state.hash + np.uint64(state.player))

    @njit
    def input_hash(self, state):
        return mix(state.hash + np.uint64(state.player))

    @njit
    def num_parts(self, action):
        return 2

    @njit
    def part(self, action, index):
        """Return the square that a move comes from (part 0) or goes to (part 1), in the mover's view."""
        square = action % (self.rows * self.cols)
        return square if index == 0 else target(self.cols, square, action // (self.rows * self.cols))

    @njit
    def mark_part(self, index, value, plane):
        plane[value // self.cols, value % self.cols] = 1.0

    @njit
    def place(self, state, board, player):
        """Set up int8[rows, cols] (0 empty, 1 first, 2 second) with `player` (0 or 1) to move."""
        self.reset(state)
        state.hash = np.uint64(0)
        state.pieces[0] = state.pieces[1] = 0
        state.player = player
        arrived = 0
        for square in range(self.rows * self.cols):
            stone = np.int64(board[square // self.cols, square % self.cols])
            state.cells[square] = stone
            if stone != 0:
                state.hash ^= stone_key(square, stone)
                state.pieces[stone - 1] += 1
                if square // self.cols == (0 if stone == 1 else self.rows - 1):
                    arrived |= stone
        if arrived != 0 or state.pieces[0] == 0 or state.pieces[1] == 0:
            state.over = 1
            state.result = 2 * player - 1
        return arrived

    def part_name(self, state, index: int, value: int) -> str:
        """Return the square of a part, which is seen by the player to move, as it is called in text."""
        return self._square_name(int(seen.py_func(self.rows, self.cols, value, self.to_move(state))))

    def _square_name(self, square: int) -> str:
        return f"{LETTERS[square % self.cols]}{self.rows - square // self.cols}"

    def action_name(self, state, action: int) -> str:
        """Return from and to, such as b2-b3, or b2xc3 where something is taken."""
        from_, to = (
            self.part_name(state, index, int(self.part(np.int64(action), index))) for index in (0, 1)
        )
        square = int(
            seen.py_func(self.rows, self.cols, int(self.part(np.int64(action), 1)), self.to_move(state))
        )
        return f"{from_}{'x' if state['cells'][square] else '-'}{to}"

    def parse_action(self, state, text: str) -> int:
        """Read from and to, with "-", "x" or nothing between; ValueError, IllegalAction when it cannot be played."""
        squares = re.fullmatch(r"([a-z]\d+)[-x]?([a-z]\d+)", text.strip().lower())
        if squares is None:
            raise ValueError(f"cannot read the move {text!r}: expected two squares, as in b2-b3 or b2xc3")
        for square in squares.groups():
            read_square(square, self.rows, self.cols)
        move = "".join(squares.groups())
        names = {
            self.action_name(state, a).replace("-", "").replace("x", ""): int(a) for a in self.legal(state)
        }
        if move not in names:
            known = (
                ", ".join(self.action_name(state, a) for a in self.legal(state)) or "none, the game is over"
            )
            raise IllegalAction(
                f"illegal move {text.strip()!r} in {self.state_text(state)!r}: legal moves are {known}"
            )
        return names[move]

    def state_text(self, state) -> str:
        """Return the rows from the top, "." empty, "x" first, "o" second player, joined by "/", and who is to move."""
        return f"{stones_text(state['cells'].reshape(self.rows, self.cols))} {'xo'[self.to_move(state)]}"

    def parse_state(self, text: str) -> np.record:
        """Read what `state_text` writes; ValueError for another text, or pieces that no game can have."""
        board, player, rest = read_board_and_mover(text, self.rows, self.cols)
        refuse_rest(text, rest)
        counts = [int((board == stone).sum()) for stone in (1, 2)]
        if max(counts) > 2 * self.cols or max(counts) == 0:
            raise impossible(
                text, f"{counts[0]} x and {counts[1]} o, where either begins with {2 * self.cols}"
            )
        if int((board[0] == 1).sum() + (board[-1] == 2).sum()) > 1:
            raise impossible(text, "more than one piece has arrived, and the first ends the game")
        state = self.initial_state()
        arrived = self.place(state, board, player)
        if arrived & (1 + player) or counts[1 - player] == 0:
            raise impossible(text, f"{'xo'[player]} has won, and yet it is to move")
        return state

    def end_reason(self, state) -> str:
        """Return why a game has ended: somebody has arrived, or has nothing left; nothing while it goes on."""
        if not self.is_over(state):
            return ""
        winner, loser = ("first", "second") if self.outcome(state) > 0 else ("second", "first")
        if 0 in state["pieces"]:
            return f"the {loser} player has no pieces left"
        return f"a piece of the {winner} player has reached the last row"

    def render(self, state, view: int = 0) -> str:
        """Return the board for a terminal: columns lettered, rows numbered, X first and O second player.

        view: whose home rows are below, 0 the first player's, 1 the second's.
        """
        return render_grid(state["cells"].reshape(self.rows, self.cols), turned=bool(view))
