"""A chess position, seen from the player to move, and what a move does to it; compiled.

`CORE` is all that legality needs besides history. After every move the board is turned upside down, so that the player
to move always has his pawns going up; hash keys belong to the squares of the real board all the same.
"""

import numpy as np

from games.bits import byte_swap, copy_state, popcount, trailing_zeros
from games.chess.actions import squares_of_action
from games.chess.attacks import ONE, ZERO
from games.chess.checks import (
    BISHOP_TYPE,
    KING_HOME,
    KING_TYPE,
    KINGSIDE,
    KNIGHT_TYPE,
    PAWN_TYPE,
    QUEEN_TYPE,
    QUEENSIDE,
    ROOK_TYPE,
    can_take_en_passant,
)
from games.chess.moves import legal_actions
from games.chess.tables import PAWN_DOWN
from games.kernel import helper, njit

CORE = np.dtype(
    [
        ("own", np.uint64),
        ("other", np.uint64),  # pieces of the player to move, of the opponent
        ("kinds", np.uint64, 6),  # pieces of both: pawns, knights, bishops, rooks, queens, kings
        ("hash", np.uint64),
        (
            "castling",
            np.int8,
        ),  # rights: KINGSIDE, QUEENSIDE of the player to move, and 4 times those of the other
        ("passed", np.int8),  # the square behind a pawn that can be taken in passing, or -1
        ("quiet", np.int16),  # plies since something was taken or a pawn moved
        ("player", np.int8),  # 0: White is to move
    ],
    align=True,
)

FIFTY_MOVES = 100  # plies without a capture or a pawn's move, after which a game is drawn
THREEFOLD = 2  # earlier occurrences of a position that make its next a draw
UPSIDE_DOWN = 56  # square ^ UPSIDE_DOWN is the square after the board is turned
LIGHT = np.uint64(0x55AA55AA55AA55AA)
_RANDOM = np.random.default_rng(20)
PIECE_KEYS = _RANDOM.integers(2**63, size=(2, 6, 64), dtype=np.uint64)  # colour (0 White), kind, square
CASTLING_KEYS = _RANDOM.integers(2**63, size=16, dtype=np.uint64)  # by White's rights + 4 * Black's
PASSED_KEYS = _RANDOM.integers(2**63, size=8, dtype=np.uint64)  # by file
BLACK_KEY = np.uint64(_RANDOM.integers(2**63))


@helper
def kind_at(core, bit):
    """Return the kind of the piece on a square, given as its bit; 6 where there is none."""
    for kind in range(6):
        if core.kinds[kind] & bit:
            return kind
    return 6


@helper
def _absolute_rights(core):
    """Return White's rights + 4 * Black's."""
    rights = np.int64(core.castling)
    return rights if core.player == 0 else (rights >> 2) | ((rights & 3) << 2)


@helper
def state_key(core):
    """Return the part of the hash that pieces do not make: castling rights, what can be taken in passing, mover."""
    key = CASTLING_KEYS[_absolute_rights(core)]
    if core.passed >= 0:
        key ^= PASSED_KEYS[core.passed & 7]
    return key ^ BLACK_KEY if core.player else key


@helper
def whole_hash(core):
    """Return the hash of a position, from nothing."""
    key, turn = state_key(core), UPSIDE_DOWN if core.player else 0
    for square in range(64):
        bit = ONE << np.uint64(square)
        kind = kind_at(core, bit)
        if kind < 6:
            colour = np.int64(core.player) if core.own & bit else 1 - core.player
            key ^= PIECE_KEYS[colour, kind, square ^ turn]
    return key


@helper
def _lost_rights(square):
    """Return the castling rights that are gone once something moves from or to a square: of own and of other."""
    if square == KING_HOME:
        return KINGSIDE | QUEENSIDE
    if square == 7:
        return KINGSIDE
    if square == 0:
        return QUEENSIDE
    if square == KING_HOME + UPSIDE_DOWN:
        return 4 * (KINGSIDE | QUEENSIDE)
    if square == 63:
        return 4 * KINGSIDE
    return 4 * QUEENSIDE if square == 56 else 0


@helper
def _take(core, square):
    """Take the other's piece off a square; return its key."""
    bit = ONE << np.uint64(square)
    kind = kind_at(core, bit)
    core.kinds[kind] ^= bit
    core.other ^= bit
    return PIECE_KEYS[1 - core.player, kind, square ^ (UPSIDE_DOWN if core.player else 0)]


@helper
def _shift_piece(core, kind, from_, to):
    """Move an own piece; return the change of the hash."""
    change = (ONE << np.uint64(from_)) | (ONE << np.uint64(to))
    turn = UPSIDE_DOWN if core.player else 0
    core.kinds[kind] ^= change
    core.own ^= change
    return PIECE_KEYS[core.player, kind, from_ ^ turn] ^ PIECE_KEYS[core.player, kind, to ^ turn]


@helper
def turn_around(core):
    """Show the board to the other player, who is to move now."""
    core.own, core.other = byte_swap(core.other), byte_swap(core.own)
    for kind in range(6):
        core.kinds[kind] = byte_swap(core.kinds[kind])
    core.castling = (core.castling >> 2) | ((core.castling & 3) << 2)
    core.player = 1 - core.player


@helper
def make_move(core, action):
    """Play a legal action."""
    from_, to, promotion = squares_of_action(core, action)
    kind = kind_at(core, ONE << np.uint64(from_))
    key, passed = state_key(core), np.int64(core.passed)
    core.quiet += 1
    core.passed = -1
    if core.other & ONE << np.uint64(to):
        key ^= _take(core, to)
        core.quiet = 0
    key ^= _shift_piece(core, kind, from_, to)
    double = False
    if kind == PAWN_TYPE:
        core.quiet = 0
        double = to - from_ == 16
        if to == passed and from_ & 7 != to & 7:
            key ^= _take(core, to - 8)
        if promotion != 0:
            bit, turn = ONE << np.uint64(to), UPSIDE_DOWN if core.player else 0
            core.kinds[PAWN_TYPE] ^= bit
            core.kinds[promotion] ^= bit
            key ^= (
                PIECE_KEYS[core.player, PAWN_TYPE, to ^ turn] ^ PIECE_KEYS[core.player, promotion, to ^ turn]
            )
    elif kind == KING_TYPE and from_ == KING_HOME and (to == 6 or to == 2) and core.castling & 3:
        key ^= _shift_piece(core, ROOK_TYPE, 7 if to == 6 else 0, 5 if to == 6 else 3)
    core.castling &= ~(_lost_rights(from_) | _lost_rights(to))
    turn_around(core)
    if double:
        _note_passed(core, (to - 8) ^ UPSIDE_DOWN)
    core.hash ^= key ^ state_key(core)


@helper
def _note_passed(core, square):
    """Note that a pawn has passed a square, if somebody can take it there."""
    core.passed = square
    pawns = PAWN_DOWN[square] & core.kinds[PAWN_TYPE] & core.own
    while pawns != ZERO:
        if can_take_en_passant(core, trailing_zeros(pawns)):
            return
        pawns &= pawns - ONE
    core.passed = -1


@helper
def is_insufficient(core):
    """Whether neither player can ever mate: bare kings, one minor piece, or bishops on squares of one colour."""
    kinds = core.kinds
    if kinds[PAWN_TYPE] | kinds[ROOK_TYPE] | kinds[QUEEN_TYPE]:
        return False
    knights, bishops = kinds[KNIGHT_TYPE], kinds[BISHOP_TYPE]
    if popcount(knights | bishops) <= 1:
        return True
    return knights == ZERO and (bishops & LIGHT == ZERO or bishops & ~LIGHT == ZERO)


@njit
def perft(core, depth, actions, cores, bulk):
    """Return the number of sequences of `depth` moves.

    core: CORE; actions int32[depth + 1, MOST_MOVES] and cores CORE[depth + 1] are scratch; bulk: whether the last moves
    are counted without being played.
    """
    if depth == 0:
        return 1
    if bulk and depth == 1:
        return legal_actions(core, None)
    count, total = legal_actions(core, actions[depth]), 0
    for index in range(count):
        copy_state(cores[depth], core)
        make_move(cores[depth], np.int64(actions[depth, index]))
        total += perft(cores[depth], depth - 1, actions, cores, bulk)
    return total
