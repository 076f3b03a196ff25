"""Chess: checkmate, stalemate, and draws that come by themselves: repetition, fifty moves, insufficient material."""

import functools
from typing import NamedTuple, cast

import numpy as np

from games.bits import byte_swap, mix, next_seed, random_below
from games.chess import notation, reading
from games.chess.actions import (
    FIRST_PROMOTION,
    FLIP,
    NUM_ACTIONS,
    NUM_PLANES,
    TARGET,
)
from games.chess.attacks import ONE
from games.chess.board import CORE, FIFTY_MOVES, THREEFOLD, is_insufficient, make_move, whole_hash
from games.chess.checks import KINGSIDE, QUEENSIDE, in_check
from games.chess.moves import can_move, legal_actions
from games.game import game_class, njit
from games.kernel import helper
from games.protocol import Game

PER_POSITION, CONSTANT = 14, 7  # planes: of each position shown, and of the present one alone
SCALE = np.float32(0.01)  # of the planes that count moves


def chess(history: int = 8, max_plies: int = 512) -> Game:
    """Return the game; history: positions that the planes show; max_plies: longest game, then a draw."""
    return cast(Game, Chess(int(history), int(max_plies)))


@functools.cache
def _state_dtype(history: int) -> np.dtype:
    return np.dtype(
        [
            ("core", CORE),
            ("plies", np.int32),
            ("known", np.int16),  # positions so far that `seen` holds or held, the present one included
            ("slot", np.int16),  # where in `seen` the present position is
            ("over", np.int8),
            ("result", np.int8),  # result for White
            (
                "repeats",
                np.int8,
                history,
            ),  # earlier occurrences of each position in `seen`, as they were counted then
            (
                "past",
                np.uint64,
                FIFTY_MOVES + 1,
            ),  # hashes since something was taken or a pawn moved, by `quiet`
            ("seen", np.uint64, (history, 8)),  # own, other, six kinds, as the player to move then saw them
        ],
        align=True,
    )


@helper
def _note(game, state):
    """Note the present position; return how often it has occurred before."""
    core, quiet = state.core, np.int64(state.core.quiet)
    repeats = 0
    for earlier in range(quiet - 2, -1, -2):
        repeats += state.past[earlier] == core.hash
    if quiet <= FIFTY_MOVES:
        state.past[quiet] = core.hash
    slot = state.slot
    state.repeats[slot] = repeats
    state.seen[slot, 0], state.seen[slot, 1] = core.own, core.other
    for kind in range(6):
        state.seen[slot, 2 + kind] = core.kinds[kind]
    return repeats


@helper
def _judge(game, state, repeats):
    """End the game where it is over."""
    core = state.core
    if not can_move(core):
        state.over = 1
        state.result = _mated(core)
    elif state.plies >= game.longest or _is_drawn(core, repeats):
        state.over = 1


@helper
def _is_drawn(core, repeats):
    """Whether a position is a draw although it can be played on; repeats: how often it has occurred before."""
    return core.quiet >= FIFTY_MOVES or repeats >= THREEFOLD or is_insufficient(core)


@helper
def _mated(core):
    """Return the result for White of a position without legal moves."""
    if not in_check(core):
        return 0
    return 1 if core.player else -1


@helper
def _start(game, state, plies):
    """Begin from the position in state.core, `plies` into its game, with nothing known of what was before.

    Return how often the position has occurred before: never.
    """
    state.plies = plies
    state.known = 1
    state.slot = state.over = state.result = 0
    state.repeats[:] = 0
    state.past[:] = np.uint64(0)
    state.seen[:] = np.uint64(0)
    state.core.hash = whole_hash(state.core)
    return _note(game, state)


@game_class("chess")
class Chess(NamedTuple):
    """Chess. Planes, actions and text are described in docs/games/chess.md; the state in `_state_dtype`."""

    history: int  # positions that the planes show
    longest: int  # plies after which a game is a draw

    text_is_complete = False  # a FEN leaves earlier positions out
    planes = property(lambda self: PER_POSITION * self.history + CONSTANT)
    board_shape, policy_shape, num_actions = (8, 8), (NUM_PLANES, 8, 8), NUM_ACTIONS
    part_sizes = (64, 64, 4)
    max_plies = property(lambda self: self.longest)
    state_dtype = property(lambda self: _state_dtype(self.history))
    rules = property(lambda self: {"history": self.history, "max_plies": self.longest})
    action_name, parse_action, part_name = notation.action_name, reading.parse_action, notation.part_name
    state_text, parse_state, render = notation.state_text, reading.parse_state, notation.render
    end_reason = notation.end_reason

    @njit
    def reset(self, state):
        core = state.core
        core.own, core.other = np.uint64(0xFFFF), np.uint64(0xFFFF000000000000)
        ranks = np.uint64(0x8100000000000081)
        core.kinds[0] = np.uint64(0x00FF00000000FF00)
        core.kinds[1] = np.uint64(0x4200000000000042)
        core.kinds[2] = np.uint64(0x2400000000000024)
        core.kinds[3] = ranks
        core.kinds[4] = np.uint64(0x0800000000000008)
        core.kinds[5] = np.uint64(0x1000000000000010)
        core.castling, core.passed, core.quiet, core.player = 15, -1, 0, 0
        _start(self, state, 0)

    @njit
    def legal_actions(self, state, out):
        return 0 if state.over else legal_actions(state.core, out)

    @njit
    def play(self, state, action):
        make_move(state.core, action)
        state.plies += 1
        state.known += 1
        state.slot = (state.slot + 1) % self.history
        _judge(self, state, _note(self, state))

    @njit
    def is_over(self, state):
        return state.over != 0

    @njit
    def outcome(self, state):
        return np.int64(state.result)

    @njit
    def to_move(self, state):
        return np.int64(state.core.player)

    @njit
    def is_truncated(self, state):
        """Whether the game was cut at its longest length, with no other reason to end."""
        if not state.over or state.plies < self.longest:
            return False
        return not _is_drawn(state.core, np.int64(state.repeats[state.slot])) and can_move(state.core)

    @njit
    def encode(self, state, planes):
        for back in range(self.history):
            first, slot = PER_POSITION * back, (state.slot - back + self.history) % self.history
            known, turned = back < state.known, back % 2 == 1  # then the other player was to move
            for kind in range(6):
                for owner in range(2):
                    board = np.uint64(0)
                    if known:
                        whose = 1 - owner if turned else owner
                        board = state.seen[slot, 2 + kind] & state.seen[slot, whose]
                        board = board if turned else byte_swap(board)  # rows count from the far rank
                    _write(planes[first + 6 * owner + kind], board)
            repeats = np.int64(state.repeats[slot]) if known else 0
            planes[first + 12] = np.float32(repeats >= 1)
            planes[first + 13] = np.float32(repeats >= 2)
        first, core = PER_POSITION * self.history, state.core
        planes[first] = np.float32(core.player == 0)
        planes[first + 1] = np.float32(state.plies // 2) * SCALE
        for index, right in enumerate((KINGSIDE, QUEENSIDE, 4 * KINGSIDE, 4 * QUEENSIDE)):
            planes[first + 2 + index] = np.float32(core.castling & right != 0)
        planes[first + 6] = np.float32(core.quiet) * SCALE

    @njit
    def position_hash(self, state):
        return state.core.hash

    @njit
    def input_hash(self, state):
        key = mix(state.core.hash + np.uint64(state.plies))
        for back in range(min(self.history, state.known)):
            slot = (state.slot - back + self.history) % self.history
            key = mix(
                key + state.seen[slot, 0] + mix(np.uint64(state.repeats[slot]) + mix(state.seen[slot, 1]))
            )
            for kind in range(6):
                key = mix(key ^ state.seen[slot, 2 + kind])
        return mix(key + np.uint64(2 * state.core.quiet + state.over))

    @njit
    def random_rollout(self, state, out, seed):
        """Play uniformly random moves to the end, listing them once a ply."""
        core, drawn = state.core, False
        while not state.over:
            count = legal_actions(core, out)
            if count == 0:
                return _mated(core)
            if drawn:
                return 0
            seed = next_seed(seed)
            make_move(core, np.int64(out[random_below(mix(seed), count)]))
            state.plies += 1
            quiet, repeats = np.int64(core.quiet), 0
            for earlier in range(quiet - 2, -1, -2):
                repeats += state.past[earlier] == core.hash
            state.past[quiet] = core.hash
            drawn = quiet >= FIFTY_MOVES or state.plies >= self.longest or repeats >= THREEFOLD
            drawn |= quiet == 0 and is_insufficient(core)
        return np.int64(state.result)

    @njit
    def place(self, state, plies):
        """Begin from the position that stands in state.core but for its hash."""
        _judge(self, state, _start(self, state, plies))

    @njit
    def num_parts(self, action):
        """Return 3 where a pawn could be promoted (from the last rank but one to the last, one step), else 2."""
        from_ = (action & 63) ^ FLIP
        to = np.int64(TARGET[action >> 6, from_])
        return 3 if from_ >= 48 and 56 <= to < 64 and from_ < 56 and abs((to & 7) - (from_ & 7)) <= 1 else 2

    @njit
    def part(self, action, index):
        """Return the cell that is left, the one that is reached, or the piece: 0 queen or none, 1 to 3 the others."""
        plane, from_ = action >> 6, (action & 63) ^ FLIP
        if index == 0:
            return action & 63
        if index == 1:
            return np.int64(TARGET[plane, from_]) ^ FLIP
        return 1 + (plane - FIRST_PROMOTION) // 3 if plane >= FIRST_PROMOTION else 0

    @njit
    def mark_part(self, index, value, plane):
        if index < 2:
            plane[value // 8, value % 8] = 1.0


@helper
def _write(plane, board):
    """Write a bitboard, bit row * 8 + col, as zeros and ones."""
    for row in range(8):
        for col in range(8):
            plane[row, col] = np.float32(board & ONE)
            board >>= ONE
