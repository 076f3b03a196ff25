"""Who attacks what in a position: checks, pins, and the squares that the king may enter; compiled.

Everything is seen from the player to move: his pawns go up, to higher squares.
"""

import numpy as np

from games.bits import trailing_zeros
from games.chess.attacks import ONE, ZERO, bishop_attacks, rook_attacks
from games.chess.tables import BETWEEN, KING, KNIGHT, PAWN_UP
from games.kernel import helper

PAWN_TYPE, KNIGHT_TYPE, BISHOP_TYPE, ROOK_TYPE, QUEEN_TYPE, KING_TYPE = range(6)
KINGSIDE, QUEENSIDE = 1, 2  # castling rights of the player to move; the other's stand two bits higher
KING_HOME = 4  # e1
SHORT_FREE, LONG_FREE = np.uint64(0x60), np.uint64(0x0E)  # what must be empty for castling
SHORT_TO, LONG_TO = np.int64(6), np.int64(2)  # where the king goes


@helper
def is_attacked(core, square, occupied):
    """Whether the other player attacks a square, with sliders blocked by `occupied`."""
    other, kinds = core.other, core.kinds
    if (
        KNIGHT[square] & kinds[KNIGHT_TYPE] & other
        | KING[square] & kinds[KING_TYPE] & other
        | (PAWN_UP[square] & kinds[PAWN_TYPE] & other)
    ):
        return True
    queens = kinds[QUEEN_TYPE]
    if bishop_attacks(square, occupied) & (kinds[BISHOP_TYPE] | queens) & other:
        return True
    return rook_attacks(square, occupied) & (kinds[ROOK_TYPE] | queens) & other != ZERO


@helper
def king_square(core):
    """Return the square of the king of the player to move."""
    return trailing_zeros(core.kinds[KING_TYPE] & core.own)


@helper
def in_check(core):
    """Whether the player to move is in check."""
    return is_attacked(core, king_square(core), core.own | core.other)


@helper
def can_take_en_passant(core, square):
    """Whether the pawn on a square, beside the one that has just passed, may take it without exposing its king."""
    target = ONE << np.uint64(core.passed)
    taken = target >> np.uint64(8)
    occupied = (core.own | core.other | target) & ~(taken | ONE << np.uint64(square))
    king, other, kinds = king_square(core), core.other & ~taken, core.kinds
    if KNIGHT[king] & kinds[KNIGHT_TYPE] & other | PAWN_UP[king] & kinds[PAWN_TYPE] & other:
        return False
    queens = kinds[QUEEN_TYPE]
    if bishop_attacks(king, occupied) & (kinds[BISHOP_TYPE] | queens) & other:
        return False
    return rook_attacks(king, occupied) & (kinds[ROOK_TYPE] | queens) & other == ZERO


@helper
def checkers_and_pinned(core, king):
    """Return the pieces that give check, and the own pieces that stand between the king and a slider alone."""
    own, other, kinds = core.own, core.other, core.kinds
    checkers = (KNIGHT[king] & kinds[KNIGHT_TYPE] | PAWN_UP[king] & kinds[PAWN_TYPE]) & other
    queens, pinned = kinds[QUEEN_TYPE], ZERO
    snipers = rook_attacks(king, other) & (kinds[ROOK_TYPE] | queens)
    snipers = (snipers | bishop_attacks(king, other) & (kinds[BISHOP_TYPE] | queens)) & other
    while snipers != ZERO:
        sniper = trailing_zeros(snipers)
        between = BETWEEN[king, sniper] & own
        if between == ZERO:
            checkers |= snipers & (ZERO - snipers)
        elif between & (between - ONE) == ZERO:
            pinned |= between
        snipers &= snipers - ONE
    return checkers, pinned


@helper
def king_targets(core, king, in_check_now):
    """Return the squares that the king may enter by a step, and those that it may castle to."""
    own, occupied = core.own, core.own | core.other
    targets, without = KING[king] & ~own, occupied & ~(ONE << np.uint64(king))
    safe, castled = ZERO, ZERO
    while targets != ZERO:
        if not is_attacked(core, trailing_zeros(targets), without):
            safe |= targets & (ZERO - targets)
        targets &= targets - ONE
    if not in_check_now and core.castling & (KINGSIDE | QUEENSIDE):
        if core.castling & KINGSIDE and occupied & SHORT_FREE == ZERO and safe & ONE << np.uint64(5):
            if not is_attacked(core, SHORT_TO, occupied):
                castled |= ONE << np.uint64(SHORT_TO)
        if core.castling & QUEENSIDE and occupied & LONG_FREE == ZERO and safe & ONE << np.uint64(3):
            if not is_attacked(core, LONG_TO, occupied):
                castled |= ONE << np.uint64(LONG_TO)
    return safe, castled
