"""Legal moves of chess as actions, in ascending order; compiled.

An action's plane says how far a piece goes in which direction (`games.chess.actions`), so the moves of all pieces in
one plane are found together: they take one more step at a time, and from where they may stop they are turned back
to where they came from. Nothing is made and tested: checks bound the targets, and pins the directions. Where `out` is
None the moves are counted only.
"""

import numpy as np

from games.bits import byte_swap, popcount, trailing_zeros
from games.chess.actions import FIRST_KNIGHT, FIRST_PROMOTION
from games.chess.attacks import ONE, ZERO
from games.chess.checks import (
    BISHOP_TYPE,
    KNIGHT_TYPE,
    PAWN_TYPE,
    QUEEN_TYPE,
    ROOK_TYPE,
    can_take_en_passant,
    checkers_and_pinned,
    king_square,
    king_targets,
)
from games.chess.tables import BETWEEN, KING_STEPS, KNIGHT, KNIGHT_STEPS, PAWN_DOWN, bits, walk
from games.kernel import helper

MOST_MOVES = 256  # no position has more than 218
RANK_4, RANK_7 = np.uint64(0xFF000000), np.uint64(0x00FF000000000000)


def _reached(steps) -> np.ndarray:
    """Return, for each step, the squares that it can lead to: what wraps around the board is none of them."""
    return np.array([bits(to for square in range(64) for to in walk(square, *step, 1)) for step in steps])


UP, UP_RIGHT, RIGHT, DOWN_RIGHT, DOWN, DOWN_LEFT, LEFT, UP_LEFT = (8 * rank + file for rank, file in KING_STEPS)
NOT_1, NOT_8, NOT_A, NOT_H = (_reached((step,))[0] for step in ((1, 0), (-1, 0), (0, 1), (0, -1)))
LEAPS, LEAPT = np.array([8 * rank + file for rank, file in KNIGHT_STEPS]), _reached(KNIGHT_STEPS)
UPRIGHT, RISING, FLAT, FALLING = range(4)  # lines, in the order of the first four steps
THROUGH = np.array([[bits([*walk(square, rank, file), *walk(square, -rank, -file)]) for rank, file in KING_STEPS[:4]]
                    for square in range(64)])  # each line through a square, without the square itself


@helper
def _shift(board, by):
    """Move all squares of a board by so many, around its ends."""
    return board << np.uint64(by & 63) | board >> np.uint64(-by & 63)


@helper
def _emit(out, count, plane, origins):
    """Add the moves of one plane, given where they come from; return the new count."""
    if out is None:
        return count + popcount(origins)
    origins = byte_swap(origins)
    while origins != ZERO:
        out[count] = 64 * plane + trailing_zeros(origins)
        count += 1
        origins &= origins - ONE
    return count


@helper
def _emit_direction(out, count, plane, step, reached, sliders, allowed, free, near, far):
    """Add what goes in a direction: sliders to allowed squares, through free ones, and others one or two steps.

    plane: the first of the direction; reached: what a step can lead to; near, far: where those others come from.
    """
    front = _shift(sliders, step) & reached
    count = _emit(out, count, plane, _shift(front & allowed, -step) | near)
    front = _shift(front & free, step) & reached
    count = _emit(out, count, plane + 1, _shift(front & allowed, -2 * step) | far)
    front &= free
    back = -2 * step
    while front != ZERO:
        plane += 1
        back -= step
        front = _shift(front, step) & reached
        count = _emit(out, count, plane + 1, _shift(front & allowed, back))
        front &= free
    return count


@helper
def _king_comes(king, step, targets):
    """Return the king's square, as a board, where a step leads to one of his targets."""
    return _shift(targets, -step) & ONE << np.uint64(king)


@helper
def _pawn_origins(core, king, pinned, allowed):
    """Return the pawns that may go one step ahead, two, take to the left, and to the right."""
    pawns, takes, free = core.kinds[PAWN_TYPE] & core.own, core.other & allowed, ~(core.own | core.other)
    once = _shift(pawns & (~pinned | THROUGH[king, UPRIGHT]), UP) & free
    twice = _shift(once, UP) & free & RANK_4 & allowed
    left = _shift(pawns & (~pinned | THROUGH[king, FALLING]), UP_LEFT) & NOT_H & takes
    right = _shift(pawns & (~pinned | THROUGH[king, RISING]), UP_RIGHT) & NOT_A & takes
    left, right = _shift(left, -UP_LEFT), _shift(right, -UP_RIGHT)
    if core.passed >= 0:
        beside = PAWN_DOWN[core.passed] & pawns
        while beside != ZERO:
            square = trailing_zeros(beside)
            if can_take_en_passant(core, square):
                if core.passed - square == UP_LEFT:
                    left |= ONE << np.uint64(square)
                else:
                    right |= ONE << np.uint64(square)
            beside &= beside - ONE
    return _shift(once & allowed, -UP), _shift(twice, -2 * UP), left, right


@helper
def _emit_knights(out, count, knights, allowed):
    for leap in range(8):
        targets = _shift(knights, LEAPS[leap]) & LEAPT[leap] & allowed
        count = _emit(out, count, FIRST_KNIGHT + leap, _shift(targets, -LEAPS[leap]))
    return count


@helper
def _emit_promotions(out, count, left, ahead, right):
    """Add the promotions of pawns to knight, bishop and rook."""
    for kind in range(3):
        plane = FIRST_PROMOTION + 3 * kind
        count = _emit(out, count, plane, left)
        count = _emit(out, count, plane + 1, ahead)
        count = _emit(out, count, plane + 2, right)
    return count


@helper
def legal_actions(core, out):
    """Write the legal actions, ascending, to out int32[>= MOST_MOVES], or only count them (None); return how many."""
    own, kinds, free = core.own, core.kinds, ~(core.own | core.other)
    king = king_square(core)
    checkers, pinned = checkers_and_pinned(core, king)
    allowed = ~own
    if checkers != ZERO:
        single = checkers & (checkers - ONE) == ZERO
        allowed = checkers | BETWEEN[king, trailing_zeros(checkers)] if single else ZERO
    safe, castled = king_targets(core, king, checkers != ZERO)
    ahead, twice, left, right = _pawn_origins(core, king, pinned, allowed)
    rooks, bishops = (kinds[ROOK_TYPE] | kinds[QUEEN_TYPE]) & own, (kinds[BISHOP_TYPE] | kinds[QUEEN_TYPE]) & own
    upright, rising = rooks & (~pinned | THROUGH[king, UPRIGHT]), bishops & (~pinned | THROUGH[king, RISING])
    flat, falling = rooks & (~pinned | THROUGH[king, FLAT]), bishops & (~pinned | THROUGH[king, FALLING])
    short, long = _king_comes(king, 2 * RIGHT, castled), _king_comes(king, 2 * LEFT, castled)
    near = ahead | _king_comes(king, UP, safe)
    count = _emit_direction(out, 0, 0, UP, NOT_1, upright, allowed, free, near, twice)
    near = right | _king_comes(king, UP_RIGHT, safe)
    count = _emit_direction(out, count, 7, UP_RIGHT, NOT_1 & NOT_A, rising, allowed, free, near, ZERO)
    near = _king_comes(king, RIGHT, safe)
    count = _emit_direction(out, count, 14, RIGHT, NOT_A, flat, allowed, free, near, short)
    near = _king_comes(king, DOWN_RIGHT, safe)
    count = _emit_direction(out, count, 21, DOWN_RIGHT, NOT_8 & NOT_A, falling, allowed, free, near, ZERO)
    near = _king_comes(king, DOWN, safe)
    count = _emit_direction(out, count, 28, DOWN, NOT_8, upright, allowed, free, near, ZERO)
    near = _king_comes(king, DOWN_LEFT, safe)
    count = _emit_direction(out, count, 35, DOWN_LEFT, NOT_8 & NOT_H, rising, allowed, free, near, ZERO)
    near = _king_comes(king, LEFT, safe)
    count = _emit_direction(out, count, 42, LEFT, NOT_H, flat, allowed, free, near, long)
    near = left | _king_comes(king, UP_LEFT, safe)
    count = _emit_direction(out, count, 49, UP_LEFT, NOT_1 & NOT_H, falling, allowed, free, near, ZERO)
    knights = kinds[KNIGHT_TYPE] & own & ~pinned
    if knights != ZERO:
        count = _emit_knights(out, count, knights, allowed)
    if (ahead | left | right) & RANK_7 != ZERO:
        count = _emit_promotions(out, count, left & RANK_7, ahead & RANK_7, right & RANK_7)
    return count


@helper
def can_move(core):
    """Whether the player to move has a legal move; nearly always one that is found at once."""
    checkers, pinned = checkers_and_pinned(core, king_square(core))
    if checkers == ZERO:
        free, occupied = core.own & ~pinned, core.own | core.other
        if ((core.kinds[PAWN_TYPE] & free) << np.uint64(8)) & ~occupied != ZERO:
            return True
        knights = core.kinds[KNIGHT_TYPE] & free
        if knights != ZERO and KNIGHT[trailing_zeros(knights)] & ~core.own != ZERO:
            return True
    return legal_actions(core, None) > 0
