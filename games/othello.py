"""Othello on even boards from 4 x 4 to 16 x 16: enclose the other's discs to turn them; most discs win.

Boards of up to 64 squares are two bitboards, bit row * size + col from the top left; larger ones keep a byte a
square. Both are the same game. Actions are squares, row by row from the top left, and last the pass, which is legal
only where nothing else is. In text a square is the letter of its column and the number of its row from the top.
"""

import functools
from typing import NamedTuple, cast

import numpy as np

from games import othello_text
from games.bits import mix, popcount, trailing_zeros
from games.discs import playable_squares, turned_discs
from games.game import game_class, njit
from games.kernel import helper
from games.lines import hash_cells
from games.othello_text import STEPS
from games.protocol import Game
from games.symmetry import ANTI_TRANSPOSE, HALF_TURN, IDENTITY, TRANSPOSE, Symmetries, board_symmetries

ONE, ZERO = np.uint64(1), np.uint64(0)
START_TURNS = (
    IDENTITY,
    HALF_TURN,
    TRANSPOSE,
    ANTI_TRANSPOSE,
)  # the other turns of the board change the start


def othello(size: int = 8) -> Game:
    """Return the game, on bitboards where they fit; ValueError for an odd size."""
    if size % 2:
        raise ValueError(f"othello: rule size={size} is not possible: expected an even number, 4 to 16")
    return cast(Game, (Othello if size <= 8 else LargeOthello)(int(size)))


@functools.cache
def _symmetries(size: int) -> Symmetries:
    return board_symmetries(START_TURNS, size, size, has_pass=True)


@helper
def _look(state, size):
    """Note what the player to move can do; the game is over when neither player can move."""
    state.moves = playable_squares(state.own, state.other, size)
    if state.moves == ZERO and playable_squares(state.other, state.own, size) == ZERO:
        state.over = 1
        lead = popcount(state.own) - popcount(state.other)
        state.result = np.sign(lead) * (1 - 2 * state.player)


@helper
def _key(state):
    """Return the hash: the player is mixed in last, as added to a bitboard it would be another disc."""
    return mix(mix(state.own + mix(state.other + ONE)) + np.uint64(state.player))


@game_class("othello")
class Othello(NamedTuple):
    """Othello on bitboards, size at most 8.

    State: own, other uint64 discs of the player to move and of the opponent; moves uint64 where a disc can be put;
    player, over, result int8 (result for the first player). Planes: own discs, other discs. Actions: squares, pass.
    """

    size: int

    planes, plane_pairs = 2, ((0, 1),)
    board_shape = property(lambda self: (self.size, self.size))
    num_actions = property(lambda self: self.size**2 + 1)
    policy_shape = property(lambda self: (1, self.size, self.size))
    max_plies = property(lambda self: 2 * (self.size**2 - 4))
    symmetries = property(lambda self: _symmetries(self.size))
    state_dtype = np.dtype(
        [
            ("own", np.uint64),
            ("other", np.uint64),
            ("moves", np.uint64),
            ("player", np.int8),
            ("over", np.int8),
            ("result", np.int8),
        ],
        align=True,
    )
    action_name, parse_action = othello_text.action_name, othello_text.parse_action
    state_text, parse_state = othello_text.state_text, othello_text.parse_state
    render, end_reason, discs = othello_text.render, othello_text.end_reason, othello_text.discs

    @njit
    def reset(self, state):
        middle = (self.size // 2 - 1) * (self.size + 1)
        state.own = (ONE << np.uint64(middle + 1)) | (ONE << np.uint64(middle + self.size))
        state.other = (ONE << np.uint64(middle)) | (ONE << np.uint64(middle + self.size + 1))
        state.player = state.over = state.result = 0
        _look(state, self.size)

    @njit
    def legal_actions(self, state, out):
        if state.over:
            return 0
        if state.moves == ZERO:
            out[0] = self.size * self.size
            return 1
        count, left = 0, state.moves
        while left != ZERO:
            out[count] = trailing_zeros(left)
            left &= left - ONE
            count += 1
        return count

    @njit
    def play(self, state, action):
        own, other = state.own, state.other
        if action < self.size * self.size:
            square = ONE << np.uint64(action)
            turned = turned_discs(own, other, self.size, square)
            own |= square | turned
            other &= ~turned
        state.own, state.other = other, own
        state.player = 1 - state.player
        _look(state, self.size)

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
        own, other = state.own, state.other
        for row in range(self.size):
            for col in range(self.size):
                planes[0, row, col] = np.float32(own & ONE)
                planes[1, row, col] = np.float32(other & ONE)
                own >>= ONE
                other >>= ONE

    @njit
    def position_hash(self, state):
        return _key(state)

    @njit
    def input_hash(self, state):
        return _key(state)

    @njit
    def place(self, state, board, player):
        """Set up int8[size, size] (0 empty, 1 first, 2 second) with `player` (0 or 1) to move."""
        state.own = state.other = ZERO
        for square in range(self.size * self.size):
            disc = board[square // self.size, square % self.size]
            if disc == 1 + player:
                state.own |= ONE << np.uint64(square)
            elif disc != 0:
                state.other |= ONE << np.uint64(square)
        state.player = player
        state.over = state.result = 0
        _look(state, self.size)


@helper
def _line(cells, size, square, row_step, col_step, own):
    """Return how many of the other player's discs a disc of `own` on a square encloses in one direction."""
    row, col, count = square // size + row_step, square % size + col_step, 0
    while 0 <= row < size and 0 <= col < size and cells[row * size + col] == 3 - own:
        row += row_step
        col += col_step
        count += 1
    if 0 <= row < size and 0 <= col < size and cells[row * size + col] == own:
        return count
    return 0


@helper
def _can_play(cells, size, square, own):
    if cells[square] != 0:
        return False
    for row_step, col_step in STEPS:
        if _line(cells, size, square, row_step, col_step, own) > 0:
            return True
    return False


@helper
def _can_move(cells, size, own):
    for square in range(size * size):
        if _can_play(cells, size, square, own):
            return True
    return False


@helper
def _look_at_cells(state, size):
    """As `_look`, for a board of bytes."""
    own = 1 + state.player
    state.must_pass = not _can_move(state.cells, size, own)
    if state.must_pass and not _can_move(state.cells, size, 3 - own):
        lead = 0
        for square in range(size * size):
            lead += (state.cells[square] == 1) - np.int64(state.cells[square] == 2)
        state.over = 1
        state.result = np.sign(lead)


@functools.cache
def _large_dtype(size: int) -> np.dtype:
    return np.dtype(
        [
            ("player", np.int8),
            ("over", np.int8),
            ("result", np.int8),
            ("must_pass", np.int8),
            ("cells", np.int8, size**2),
        ],
        align=True,
    )


@game_class("othello")
class LargeOthello(NamedTuple):
    """Othello with a byte a square, for boards of more than 64.

    State: cells int8[size**2], 0 empty, 1 first, 2 second player; player, over, result, must_pass int8. Planes and
    actions as in `Othello`.
    """

    size: int

    planes, plane_pairs = 2, ((0, 1),)
    board_shape, num_actions, policy_shape = Othello.board_shape, Othello.num_actions, Othello.policy_shape
    max_plies, symmetries = Othello.max_plies, Othello.symmetries
    state_dtype = property(lambda self: _large_dtype(self.size))
    action_name, parse_action = othello_text.action_name, othello_text.parse_action
    state_text, parse_state = othello_text.state_text, othello_text.parse_state
    render, end_reason, discs = othello_text.render, othello_text.end_reason, othello_text.discs

    @njit
    def reset(self, state):
        middle = (self.size // 2 - 1) * (self.size + 1)
        state.cells[:] = 0
        state.cells[middle] = state.cells[middle + self.size + 1] = 2
        state.cells[middle + 1] = state.cells[middle + self.size] = 1
        state.player = state.over = state.result = state.must_pass = 0

    @njit
    def legal_actions(self, state, out):
        if state.over:
            return 0
        if state.must_pass:
            out[0] = self.size * self.size
            return 1
        count = 0
        for square in range(self.size * self.size):
            if _can_play(state.cells, self.size, square, 1 + state.player):
                out[count] = square
                count += 1
        return count

    @njit
    def play(self, state, action):
        own = 1 + state.player
        if action < self.size * self.size:
            for row_step, col_step in STEPS:
                turned = _line(state.cells, self.size, action, row_step, col_step, own)
                for distance in range(1, turned + 1):
                    state.cells[action + distance * (row_step * self.size + col_step)] = own
            state.cells[action] = own
        state.player = 1 - state.player
        _look_at_cells(state, self.size)

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
        own = 1 + state.player
        for row in range(self.size):
            for col in range(self.size):
                disc = state.cells[row * self.size + col]
                planes[0, row, col] = np.float32(disc == own)
                planes[1, row, col] = np.float32(disc == 3 - own)

    @njit
    def position_hash(self, state):
        return mix(hash_cells(state.cells) + np.uint64(state.player))

    @njit
    def input_hash(self, state):
        return mix(hash_cells(state.cells) + np.uint64(state.player))

    @njit
    def place(self, state, board, player):
        """Set up int8[size, size] (0 empty, 1 first, 2 second) with `player` (0 or 1) to move."""
        for square in range(self.size * self.size):
            state.cells[square] = board[square // self.size, square % self.size]
        state.player = player
        state.over = state.result = 0
        _look_at_cells(state, self.size)
