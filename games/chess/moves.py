"""Legal moves of chess, seen from the player to move: his pawns go up, to higher squares; compiled.

Nothing is made and tested: checks bound what other pieces may do, pins bound the pinned ones, and the king's own
squares are looked at one by one. A move is a number: from + 64 * to + 4096 * promotion (KNIGHT_TYPE to QUEEN_TYPE, or
0). Where `moves` is None the moves are counted only.
"""

import numpy as np

from games.bits import popcount, trailing_zeros
from games.chess.attacks import ALL, ONE, ZERO, bishop_attacks, rook_attacks
from games.chess.tables import BETWEEN, KING, KNIGHT, LINE, PAWN_DOWN, PAWN_UP
from games.kernel import helper

PAWN_TYPE, KNIGHT_TYPE, BISHOP_TYPE, ROOK_TYPE, QUEEN_TYPE, KING_TYPE = range(6)
KINGSIDE, QUEENSIDE = 1, 2  # castling rights of the player to move; the other's stand two bits higher
FILE_A, FILE_H = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
RANK_3, RANK_8 = np.uint64(0xFF0000), np.uint64(0xFF00000000000000)
KING_HOME = 4  # e1
SHORT_FREE, LONG_FREE = np.uint64(0x60), np.uint64(0x0E)  # what must be empty for castling
MOST_MOVES = 256


@helper
def is_attacked(core, square, occupied):
    """Whether the other player attacks a square, with sliders blocked by `occupied`."""
    other, kinds = core.other, core.kinds
    if KNIGHT[square] & kinds[KNIGHT_TYPE] & other | KING[square] & kinds[KING_TYPE] & other | (
            PAWN_UP[square] & kinds[PAWN_TYPE] & other):
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
def _checkers_and_pinned(core, king):
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
def _emit(moves, count, square, targets):
    """Add the moves of a piece to its targets; return the new count."""
    if moves is None:
        return count + popcount(targets)
    while targets != ZERO:
        moves[count] = square + 64 * trailing_zeros(targets)
        count += 1
        targets &= targets - ONE
    return count


@helper
def _emit_pawns(moves, count, targets, step):
    """Add the moves of pawns to their targets, each `step` squares from where it comes; four on the last rank."""
    last = targets & RANK_8
    if moves is None:
        return count + popcount(targets) + 3 * popcount(last)
    while targets != ZERO:
        to = trailing_zeros(targets)
        move = to - step + 64 * to
        if to >= 56:
            for kind in range(KNIGHT_TYPE, QUEEN_TYPE + 1):
                moves[count] = move + 4096 * kind
                count += 1
        else:
            moves[count] = move
            count += 1
        targets &= targets - ONE
    return count


@helper
def _king_moves(core, moves, count, king, in_check_now):
    own, occupied = core.own, core.own | core.other
    targets, without = KING[king] & ~own, occupied & ~(ONE << np.uint64(king))
    safe = ZERO
    while targets != ZERO:
        if not is_attacked(core, trailing_zeros(targets), without):
            safe |= targets & (ZERO - targets)
        targets &= targets - ONE
    if not in_check_now and core.castling & (KINGSIDE | QUEENSIDE):
        if core.castling & KINGSIDE and occupied & SHORT_FREE == ZERO and safe & ONE << np.uint64(5):
            if not is_attacked(core, 6, occupied):
                safe |= ONE << np.uint64(6)
        if core.castling & QUEENSIDE and occupied & LONG_FREE == ZERO and safe & ONE << np.uint64(3):
            if not is_attacked(core, 2, occupied):
                safe |= ONE << np.uint64(2)
    return _emit(moves, count, king, safe)


@helper
def _pawn_moves(core, moves, count, pawns, allowed):
    """Add the moves of some pawns to allowed squares, without taking in passing."""
    occupied = core.own | core.other
    once = (pawns << np.uint64(8)) & ~occupied
    twice = ((once & RANK_3) << np.uint64(8)) & ~occupied
    count = _emit_pawns(moves, count, once & allowed, 8)
    count = _emit_pawns(moves, count, twice & allowed, 16)
    takes = core.other & allowed
    count = _emit_pawns(moves, count, ((pawns & ~FILE_A) << np.uint64(7)) & takes, 7)
    return _emit_pawns(moves, count, ((pawns & ~FILE_H) << np.uint64(9)) & takes, 9)


@helper
def _piece_moves(core, moves, count, king, allowed, pinned):
    """Add the moves of knights, bishops, rooks and queens; a pinned one stays on its line with the king."""
    own, kinds, occupied = core.own, core.kinds, core.own | core.other
    pieces = kinds[KNIGHT_TYPE] & own & ~pinned
    while pieces != ZERO:
        square = trailing_zeros(pieces)
        count = _emit(moves, count, square, KNIGHT[square] & allowed)
        pieces &= pieces - ONE
    pieces = (kinds[BISHOP_TYPE] | kinds[QUEEN_TYPE]) & own
    while pieces != ZERO:
        square = trailing_zeros(pieces)
        targets = bishop_attacks(square, occupied) & allowed
        if pinned >> np.uint64(square) & ONE:
            targets &= LINE[king, square]
        count = _emit(moves, count, square, targets)
        pieces &= pieces - ONE
    pieces = (kinds[ROOK_TYPE] | kinds[QUEEN_TYPE]) & own
    while pieces != ZERO:
        square = trailing_zeros(pieces)
        targets = rook_attacks(square, occupied) & allowed
        if pinned >> np.uint64(square) & ONE:
            targets &= LINE[king, square]
        count = _emit(moves, count, square, targets)
        pieces &= pieces - ONE
    return count


@helper
def generate(core, moves):
    """Write the legal moves to moves int32[>= MOST_MOVES], in no order, or only count them (None); their number."""
    king = king_square(core)
    checkers, pinned = _checkers_and_pinned(core, king)
    count = _king_moves(core, moves, 0, king, checkers != ZERO)
    if checkers & (checkers - ONE) != ZERO:
        return count
    allowed = ALL & ~core.own
    if checkers != ZERO:
        allowed = checkers | BETWEEN[king, trailing_zeros(checkers)]
    count = _piece_moves(core, moves, count, king, allowed, pinned)
    pawns = core.kinds[PAWN_TYPE] & core.own
    count = _pawn_moves(core, moves, count, pawns & ~pinned, allowed)
    pawns &= pinned
    while pawns != ZERO:
        line = LINE[king, trailing_zeros(pawns)]
        count = _pawn_moves(core, moves, count, pawns & (ZERO - pawns), allowed & line)
        pawns &= pawns - ONE
    if core.passed >= 0:
        pawns = PAWN_DOWN[core.passed] & core.kinds[PAWN_TYPE] & core.own
        while pawns != ZERO:
            square = trailing_zeros(pawns)
            if can_take_en_passant(core, square):
                count = _emit(moves, count, square, ONE << np.uint64(core.passed))
            pawns &= pawns - ONE
    return count


@helper
def can_move(core):
    """Whether the player to move has a legal move; nearly always one that is found at once."""
    checkers, pinned = _checkers_and_pinned(core, king_square(core))
    if checkers == ZERO:
        free, occupied = core.own & ~pinned, core.own | core.other
        if ((core.kinds[PAWN_TYPE] & free) << np.uint64(8)) & ~occupied != ZERO:
            return True
        knights = core.kinds[KNIGHT_TYPE] & free
        if knights != ZERO and KNIGHT[trailing_zeros(knights)] & ~core.own != ZERO:
            return True
    return generate(core, None) > 0
