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
from games.chess.tables import (
    BETWEEN,
    FALLING,
    FLAT,
    KING_STEPS,
    KNIGHT,
    KNIGHT_STEPS,
    PAWN_DOWN,
    RISING,
    THROUGH,
    UPRIGHT,
    bits,
    walk,
)
from games.kernel import helper

MOST_MOVES = 256  # no position has more than 218
RANK_4, RANK_7 = np.uint64(0xFF000000), np.uint64(0x00FF000000000000)


def _reached(steps) -> np.ndarray:
    """Return, for each step, the squares that it can lead to: what wraps around the board is none of them."""
    return np.array([bits(to for square in range(64) for to in walk(square, *step, 1)) for step in steps])


UP, UP_RIGHT, RIGHT, DOWN_RIGHT, DOWN, DOWN_LEFT, LEFT, UP_LEFT = range(
    8
)  # literals: each has code of its own
STEPS, REACHED = np.array([8 * rank + file for rank, file in KING_STEPS]), _reached(KING_STEPS)
LEAPS, LEAPT = np.array([8 * rank + file for rank, file in KNIGHT_STEPS]), _reached(KNIGHT_STEPS)


@helper
def _shift(board, by):
    """Move all squares of a board by so many, around its ends."""
    return board << np.uint64(by & 63) | board >> np.uint64(-by & 63)


@helper
def _step(board, direction):
    """Move all squares of a board one step, those that leave it away."""
    return _shift(board, STEPS[direction]) & REACHED[direction]


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
def _emit_direction(out, count, direction, sliders, allowed, free, near, far):
    """Add what goes in a direction: sliders to allowed squares, through free ones, and others one or two steps.

    near, far: where those others come from.
    """
    plane, back = np.int64(7 * direction), -STEPS[direction]
    front = _step(sliders, direction)
    count = _emit(out, count, plane, _shift(front & allowed, back) | near)
    front = _step(front & free, direction)
    count = _emit(out, count, plane + 1, _shift(front & allowed, 2 * back) | far)
    plane, back, front = plane + 2, 3 * back, front & free
    while front != ZERO:
        front = _step(front, direction)
        count = _emit(out, count, plane, _shift(front & allowed, back))
        plane, back, front = plane + 1, back - STEPS[direction], front & free
    return count


@helper
def _king_comes(king, by, targets):
    """Return the king's square, as a board, where going `by` squares leads to one of his targets."""
    return _shift(targets, -by) & ONE << np.uint64(king)


@helper
def _pawn_origins(core, king, pinned, allowed):
    """Return the pawns that may go one step ahead, two, take to the left, and to the right."""
    pawns, takes, free = core.kinds[PAWN_TYPE] & core.own, core.other & allowed, ~(core.own | core.other)
    once = _step(pawns & (~pinned | THROUGH[king, UPRIGHT]), UP) & free
    twice = _step(once, UP) & free & RANK_4 & allowed
    left = _step(pawns & (~pinned | THROUGH[king, FALLING]), UP_LEFT) & takes
    right = _step(pawns & (~pinned | THROUGH[king, RISING]), UP_RIGHT) & takes
    left, right = _shift(left, -STEPS[UP_LEFT]), _shift(right, -STEPS[UP_RIGHT])
    if core.passed >= 0:
        beside = PAWN_DOWN[core.passed] & pawns
        while beside != ZERO:
            square = trailing_zeros(beside)
            if can_take_en_passant(core, square):
                if core.passed - square == STEPS[UP_LEFT]:
                    left |= ONE << np.uint64(square)
                else:
                    right |= ONE << np.uint64(square)
            beside &= beside - ONE
    return _shift(once & allowed, -STEPS[UP]), _shift(twice, -2 * STEPS[UP]), left, right


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
    rooks, bishops = (
        (kinds[ROOK_TYPE] | kinds[QUEEN_TYPE]) & own,
        (kinds[BISHOP_TYPE] | kinds[QUEEN_TYPE]) & own,
    )
    upright, rising = rooks & (~pinned | THROUGH[king, UPRIGHT]), bishops & (~pinned | THROUGH[king, RISING])
    flat, falling = rooks & (~pinned | THROUGH[king, FLAT]), bishops & (~pinned | THROUGH[king, FALLING])
    short, long = _king_comes(king, 2 * STEPS[RIGHT], castled), _king_comes(king, 2 * STEPS[LEFT], castled)
    count = np.int64(0)
    near = ahead | _king_comes(king, STEPS[UP], safe)
    count = _emit_direction(out, count, UP, upright, allowed, free, near, twice)
    near = right | _king_comes(king, STEPS[UP_RIGHT], safe)
    count = _emit_direction(out, count, UP_RIGHT, rising, allowed, free, near, ZERO)
    near = _king_comes(king, STEPS[RIGHT], safe)
    count = _emit_direction(out, count, RIGHT, flat, allowed, free, near, short)
    near = _king_comes(king, STEPS[DOWN_RIGHT], safe)
    count = _emit_direction(out, count, DOWN_RIGHT, falling, allowed, free, near, ZERO)
    near = _king_comes(king, STEPS[DOWN], safe)
    count = _emit_direction(out, count, DOWN, upright, allowed, free, near, ZERO)
    near = _king_comes(king, STEPS[DOWN_LEFT], safe)
    count = _emit_direction(out, count, DOWN_LEFT, rising, allowed, free, near, ZERO)
    near = _king_comes(king, STEPS[LEFT], safe)
    count = _emit_direction(out, count, LEFT, flat, allowed, free, near, long)
    near = left | _king_comes(king, STEPS[UP_LEFT], safe)
    count = _emit_direction(out, count, UP_LEFT, falling, allowed, free, near, ZERO)
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
    return (
        legal_actions(core, np.empty(MOST_MOVES, np.int32)) > 0
    )  # listed, not counted: that is compiled anyway
