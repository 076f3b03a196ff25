"""Hex from 2 x 2 to 19 x 19, with or without the swap rule: connect your two sides of a rhombus.

The first player connects top and bottom, the second left and right; one of them always does. Each row stands half a
cell further right than the one above, so a cell touches (row, col) + (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1) and
(1, 0).
Actions are cells, row by row from the top left, and with the swap rule last the swap: the second player may, as his
first move, take the first stone over. It becomes his, mirrored along the long diagonal, so that it means for him what
it meant for the other. In text a cell is the letter of its column and the number of its row from the top.
"""

import functools
from typing import NamedTuple, cast

import numpy as np

from games.bits import mix, next_seed, random_below, stone_key
from games.game import IllegalAction, game_class, njit
from games.kernel import helper
from games.protocol import Game
from games.stones import LETTERS, impossible, read_board_and_mover, read_square, refuse_rest, stones_text
from games.symmetry import HALF_TURN, IDENTITY, Symmetries, board_symmetries

STEPS = ((-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0))  # (row, col)
COLOUR, FIRST_SIDE, LAST_SIDE = (
    3,
    4,
    8,
)  # of a cell's bits: whose stone, and which of his sides it is connected to
BOTH_SIDES = FIRST_SIDE | LAST_SIDE
SWAP = "swap"
SIDES = ("top and bottom", "left and right")  # that the first and the second player connect


def hex_game(size: int = 11, swap: int = 0) -> Game:
    """Return the game on size x size cells."""
    return cast(Game, Hex(int(size), int(swap)))


@functools.cache
def _symmetries(size: int, swap: int) -> Symmetries:
    return board_symmetries((IDENTITY, HALF_TURN), size, size, has_pass=bool(swap))


@functools.cache
def _state_dtype(size: int) -> np.dtype:
    return np.dtype(
        [
            ("hash", np.uint64),
            ("plies", np.int32),
            ("over", np.int8),
            ("result", np.int8),
            ("cells", np.int8, size**2),
        ],
        align=True,
    )


@helper
def own_sides(size, cell, stone):
    """Return which sides of its owner a cell lies at: top and bottom for stone 1, left and right for stone 2."""
    place = cell // size if stone == 1 else cell % size
    return (FIRST_SIDE if place == 0 else 0) | (LAST_SIDE if place == size - 1 else 0)


@helper
def neighbour(size, cell, step):
    """Return the cell one step away in direction 0 to 5 (as in STEPS), or -1 off the board."""
    row, col = cell // size + STEPS[step][0], cell % size + STEPS[step][1]
    return row * size + col if 0 <= row < size and 0 <= col < size else -1


@helper
def put(cells, size, cell, stone):
    """Put a stone on a free cell and note which sides its group is connected to; return whether it connects both."""
    sides = own_sides(size, cell, stone)
    spreads = False
    for step in range(6):
        other = neighbour(size, cell, step)
        if other >= 0 and cells[other] & COLOUR == stone:
            sides |= cells[other] & BOTH_SIDES
            spreads |= cells[other] & BOTH_SIDES == 0
    cells[cell] = stone | sides
    if sides == BOTH_SIDES:
        return True
    if sides != 0 and spreads:
        _spread(cells, size, cell, stone, sides)
    return False


@helper
def _spread(cells, size, cell, stone, sides):
    """Note that all stones of a cell's group are connected to `sides`; those that are already end the walk."""
    stack = np.empty(size * size, np.int16)
    stack[0], waiting = cell, 1
    while waiting > 0:
        waiting -= 1
        here = np.int64(stack[waiting])
        for step in range(6):
            other = neighbour(size, here, step)
            if other >= 0 and cells[other] == stone:
                cells[other] = stone | sides
                stack[waiting] = other
                waiting += 1


@helper
def first_connects(cells, size, stack):
    """Whether stones 1 connect top and bottom on int8[size**2]; stack int32[>= size**2] is scratch, marks are lost."""
    waiting = 0
    for col in range(size):
        if cells[col] & COLOUR == 1:
            cells[col] = 2
            stack[waiting] = col
            waiting += 1
    while waiting > 0:
        waiting -= 1
        here = np.int64(stack[waiting])
        if here >= size * (size - 1):
            return True
        for step in range(6):
            other = neighbour(size, here, step)
            if other >= 0 and cells[other] & COLOUR == 1:
                cells[other] = 2
                stack[waiting] = other
                waiting += 1
    return False


@game_class("hex")
class Hex(NamedTuple):
    """Hex.

    State: hash uint64, the keys of all stones combined by xor; plies int32 played, a swap included; over, result int8
    (result for the first player); cells int8[size**2]: 0 empty, bits 0 and 1 the stone (1 first, 2 second player), bits
    2 and 3 whether its group is connected to the top (left) and the bottom (right). Planes: own stones, other stones,
    ones where the player to move connects top and bottom. Actions: cells, and with the swap rule the swap.
    """

    size: int
    swap: int

    planes, plane_pairs = 3, ((0, 1),)
    board_shape = property(lambda self: (self.size, self.size))
    num_actions = property(lambda self: self.size**2 + self.swap)
    policy_shape = property(lambda self: (1, self.size, self.size))
    max_plies = property(lambda self: self.size**2 + self.swap)
    symmetries = property(lambda self: _symmetries(self.size, self.swap))
    state_dtype = property(lambda self: _state_dtype(self.size))

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
        for cell in range(self.size * self.size):
            if state.cells[cell] == 0:
                out[count] = cell
                count += 1
        if self.swap and state.plies == 1:
            out[count] = self.size * self.size
            count += 1
        return count

    @njit
    def play(self, state, action):
        size, stone = self.size, 1 + (state.plies & 1)
        state.plies += 1
        cell = action
        if action == size * size:
            first = 0
            while state.cells[first] == 0:
                first += 1
            state.cells[first] = 0
            state.hash ^= stone_key(first, 1)
            cell = first % size * size + first // size
        state.hash ^= stone_key(cell, stone)
        if put(state.cells, size, cell, stone):
            state.over = 1
            state.result = 3 - 2 * stone

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
        for row in range(self.size):
            for col in range(self.size):
                stone = state.cells[row * self.size + col] & COLOUR
                planes[0, row, col] = np.float32(stone == own)
                planes[1, row, col] = np.float32(stone == 3 - own)
                planes[2, row, col] = np.float32(own == 1)

    @njit
    def position_hash(self, state):
        return mix(state.hash + np.uint64(state.plies & 1))

    @njit
    def input_hash(self, state):
        return mix(state.hash + np.uint64(state.plies & 1))

    @njit
    def random_rollout(self, state, out, seed):
        """Fill the board in random order and see who is connected: that is uniformly random play."""
        if state.over:
            return np.int64(state.result)
        while self.swap and state.plies < 2:
            count = self.legal_actions(state, out)
            seed = next_seed(seed)
            self.play(state, np.int64(out[random_below(mix(seed), count)]))
            if state.over:
                return np.int64(state.result)
        free = self.legal_actions(state, out)
        stone = 1 + (state.plies & 1)
        while free > 0:
            seed = next_seed(seed)
            chosen = random_below(mix(seed), free)
            free -= 1
            state.cells[out[chosen]] = stone
            out[chosen] = out[free]
            stone = 3 - stone
        return np.int64(1 if first_connects(state.cells, self.size, out) else -1)

    @njit
    def place(self, state, board, plies):
        """Set up int8[size, size] (0 empty, 1 first, 2 second); return who is connected: bit 0 first, bit 1 second."""
        self.reset(state)
        state.plies = plies
        connected = 0
        for cell in range(self.size * self.size):
            stone = np.int64(board[cell // self.size, cell % self.size])
            if stone != 0:
                state.hash ^= stone_key(cell, stone)
                if put(state.cells, self.size, cell, stone):
                    connected |= stone
        last = 2 - (plies & 1)
        if connected & last:
            state.over = 1
            state.result = 3 - 2 * last
        return connected

    def action_name(self, state, action: int) -> str:
        """Return a cell such as c2, or "swap"."""
        row, col = divmod(int(action), self.size)
        return SWAP if row == self.size else f"{LETTERS[col]}{row + 1}"

    def parse_action(self, state, text: str) -> int:
        """Read a cell or "swap"; ValueError when it is none, IllegalAction when it cannot be played."""
        move = text.strip().lower()
        action = read_square(text, self.size, self.size, from_top=True, word=SWAP if self.swap else "")
        if action not in self.legal(state):
            why = (
                "the game is over"
                if self.is_over(state)
                else "only the second player's first move can be a swap"
                if move == SWAP
                else "that cell is taken"
            )
            raise IllegalAction(f"illegal move {move!r} in {self.state_text(state)!r}: {why}")
        return action

    def _board(self, state) -> np.ndarray:
        return (state["cells"] & COLOUR).reshape(self.size, self.size)

    def state_text(self, state) -> str:
        """Return the rows from the top, "." empty, "x" first, "o" second player, joined by "/", and who is to move."""
        return f"{stones_text(self._board(state))} {'xo'[self.to_move(state)]}"

    def parse_state(self, text: str) -> np.record:
        """Read what `state_text` writes; ValueError for another text, or stones that no game can have."""
        board, player, rest = read_board_and_mover(text, self.size, self.size)
        refuse_rest(text, rest)
        mover = "xo"[player]
        first, second = int((board == 1).sum()), int((board == 2).sum())
        swapped = self.swap and first + second > 0 and (second - first, mover) in ((1, "x"), (0, "o"))
        if not swapped and (first - second, mover) not in ((0, "x"), (1, "o")):
            raise impossible(text, f"{first} x and {second} o with {mover} to move")
        state = self.initial_state()
        connected = self.place(state, board, first + second + int(swapped))
        if connected & (1 + int(self.to_move(state))):
            raise impossible(text, "the player to move is connected already")
        return state

    def end_reason(self, state) -> str:
        """Return who has connected which sides; nothing while the game goes on."""
        if not self.is_over(state):
            return ""
        winner = 0 if self.outcome(state) > 0 else 1
        return f"the {('first', 'second')[winner]} player connects {SIDES[winner]}"

    def render(self, state, view: int = 0) -> str:
        """Return the board as a rhombus, whatever `view` is, and below it who connects which sides.

        Columns are lettered on top, rows numbered; X is the first player, O the second.
        """
        width = len(str(self.size))
        lines = [" " * (width + 1) + " ".join(LETTERS[: self.size])]
        for row, stones in enumerate(self._board(state)):
            lines.append(" " * row + f"{row + 1:>{width}} " + " ".join(".XO"[stone] for stone in stones))
        return "\n".join([*lines, f"X connects {SIDES[0]}, O {SIDES[1]}"])
