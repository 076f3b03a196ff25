"""Stones on a Go board: chains, their liberties, captures; compiled.

A point is an index into arrays with a border: row r and column c lie at (r + 1) * stride + c + 1, stride = cols + 1, so
the neighbours of point p are p - 1, p + 1, p - stride and p + stride, and what lies outside is EDGE.

A chain's stones are linked in a ring (`next`); `head` names the stone that stands for the chain, under which its size
and liberties are kept. Liberties are counted once for every stone that touches them (pseudo-liberties, with the sum and
the sum of the squares of their indices): all of them are one and the same point exactly when count * squares == sum**2.
"""

import numpy as np

from games.bits import stone_key
from games.kernel import helper

EMPTY, BLACK, WHITE, EDGE = 0, 1, 2, 3
ONE = np.uint64(1)


@helper
def point_of(cols, action):
    """Return the point of an action, row * cols + col."""
    return (action // cols + 1) * (cols + 1) + action % cols + 1


@helper
def steps(stride):
    """Return what leads to the four neighbours of a point."""
    return (-1, 1, -stride, stride)


@helper
def clear(state, rows, cols):
    """Make the board empty, with its border."""
    state.board[:] = EDGE
    for row in range(rows):
        for col in range(cols):
            state.board[(row + 1) * (cols + 1) + col + 1] = EMPTY


@helper
def mark(words, point):
    """Set a point's bit."""
    words[point >> 6] |= ONE << np.uint64(point & 63)


@helper
def _unmark(words, point):
    words[point >> 6] &= ~(ONE << np.uint64(point & 63))


@helper
def has_bit(words, point):
    """Whether a point's bit is set."""
    return words[point >> 6] >> np.uint64(point & 63) & ONE != np.uint64(0)


@helper
def row_bits(words, start):
    """Return 64 bits from number `start` on (those beyond the words are 0)."""
    word, shift = start >> 6, np.uint64(start & 63)
    bits = words[word] >> shift
    if shift != np.uint64(0) and word + 1 < words.size:
        bits |= words[word + 1] << (np.uint64(64) - shift)
    return bits


@helper
def has_one_liberty(state, head):
    """Whether all liberties of a chain are one point."""
    total = np.int64(state.sums[head])
    return np.int64(state.liberties[head]) * np.int64(state.squares[head]) == total * total


@helper
def _add_liberty(state, head, point, sign):
    state.liberties[head] += sign
    state.sums[head] += sign * point
    state.squares[head] += sign * point * point


@helper
def _merge(state, first, second):
    """Make one chain of two, given by their heads; return its head."""
    if state.stones[first] < state.stones[second]:
        first, second = second, first
    stone = second
    while True:
        state.head[stone] = first
        stone = np.int64(state.next[stone])
        if stone == second:
            break
    state.next[first], state.next[second] = state.next[second], state.next[first]
    state.stones[first] += state.stones[second]
    state.liberties[first] += state.liberties[second]
    state.sums[first] += state.sums[second]
    state.squares[first] += state.squares[second]
    return first


@helper
def put(state, stride, point, colour, freed):
    """Put a stone on an empty point and join it to its neighbours; nothing is captured. Return the chain's head.

    In rollouts, where `freed` is not None, neither hash nor `seen` are kept.
    """
    state.board[point] = colour
    if freed is None:
        state.hash ^= stone_key(point, colour)
        mark(state.seen[state.slot, colour - 1], point)
    state.head[point] = state.next[point] = point
    state.stones[point] = 1
    state.liberties[point] = state.sums[point] = state.squares[point] = 0
    head = point
    for step in steps(stride):
        there = state.board[point + step]
        if there == EMPTY:
            _add_liberty(state, point, point + step, 1)
        elif there != EDGE:
            _add_liberty(state, np.int64(state.head[point + step]), point, -1)
    for step in steps(stride):
        if state.board[point + step] == colour:
            other = np.int64(state.head[point + step])
            if other != head:
                head = _merge(state, head, other)
    return head


@helper
def remove_chain(state, stride, head, freed, count):
    """Take a chain off the board, writing its points to freed[count:] unless that is None; return the new count."""
    colour, stone = np.int64(state.board[head]), head
    while True:
        state.board[stone] = EMPTY
        if freed is None:
            state.hash ^= stone_key(stone, colour)
            _unmark(state.seen[state.slot, colour - 1], stone)
        else:
            freed[count] = stone
        count += 1
        for step in steps(stride):
            if state.board[stone + step] in (BLACK, WHITE):
                _add_liberty(state, np.int64(state.head[stone + step]), stone, 1)
        stone = np.int64(state.next[stone])
        if stone == head:
            return count


@helper
def play_stone(state, stride, point, colour, freed, count):
    """Put a stone and take off what has no liberties: the other's chains, then its own. Sets `ko`.

    Returns `count` and the number of points freed, which are written to freed[count:] as in `remove_chain`.
    """
    head, before = put(state, stride, point, colour, freed), count
    for step in steps(stride):
        if state.board[point + step] == 3 - colour:
            other = np.int64(state.head[point + step])
            if state.liberties[other] == 0:
                state.ko = other
                count = remove_chain(state, stride, other, freed, count)
    if count - before != 1 or state.stones[head] != 1 or state.liberties[head] != 1:
        state.ko = 0
    if state.liberties[head] == 0:
        count = remove_chain(state, stride, head, freed, count)
    return count


@helper
def lives(state, stride, point, colour):
    """Whether a stone put on an empty point would have a liberty, after captures: no suicide."""
    for step in steps(stride):
        there = state.board[point + step]
        if there == EMPTY:
            return True
        if there != EDGE and (there == colour) != has_one_liberty(state, np.int64(state.head[point + step])):
            return True
    return False


@helper
def _chain_key(state, head):
    """Return the keys of a chain's stones, combined by xor."""
    key, colour, stone = np.uint64(0), np.int64(state.board[head]), head
    while True:
        key ^= stone_key(stone, colour)
        stone = np.int64(state.next[stone])
        if stone == head:
            return key


@helper
def hash_after(state, stride, point, colour, suicide):
    """Return what the board's hash would be after a stone on an empty point; suicide: whether it would not live."""
    key = state.hash
    if not suicide:
        key ^= stone_key(point, colour)
    gone = colour if suicide else 3 - colour
    for index in range(4):
        near = point + steps(stride)[index]
        if state.board[near] != gone:
            continue
        head = np.int64(state.head[near])
        first = True  # of the neighbours in this chain
        for earlier in range(index):
            other = point + steps(stride)[earlier]
            if state.board[other] == gone and state.head[other] == head:
                first = False
        if first and (suicide or has_one_liberty(state, head)):
            key ^= _chain_key(state, head)
    return key


@helper
def is_eye(state, stride, point, colour):
    """Whether an empty point is surrounded by one colour, and its diagonals are not the other's so that it is false.

    At most one diagonal may be the other's in the middle, none at the edge.
    """
    for step in steps(stride):
        there = state.board[point + step]
        if there != colour and there != EDGE:
            return False
    others, at_edge = 0, 0
    for diagonal in (-stride - 1, -stride + 1, stride - 1, stride + 1):
        there = state.board[point + diagonal]
        others += there == 3 - colour
        at_edge |= there == EDGE
    return others + at_edge < 2


@helper
def area(state, rows, cols):
    """Return Black's stones and the empty points that reach only Black, less White's (Tromp-Taylor)."""
    stride, lead = cols + 1, 0
    reached = np.zeros(state.board.size, np.bool_)
    stack = np.empty(rows * cols, np.int16)
    for point in range(stride + 1, (rows + 1) * stride):
        colour = state.board[point]
        if colour == BLACK:
            lead += 1
        elif colour == WHITE:
            lead -= 1
        elif colour == EMPTY and not reached[point]:
            touched, empty = _region(state, stride, point, reached, stack)
            if touched == BLACK:
                lead += empty
            elif touched == WHITE:
                lead -= empty
    return lead


@helper
def _region(state, stride, point, reached, stack):
    """Mark the empty points connected to one; return which colours they touch (1, 2 or both as 3) and their number."""
    touched, empty, waiting = 0, 1, 1
    stack[0] = point
    reached[point] = True
    while waiting > 0:
        waiting -= 1
        here = np.int64(stack[waiting])
        for step in steps(stride):
            there = state.board[here + step]
            if there == EMPTY:
                if not reached[here + step]:
                    reached[here + step] = True
                    stack[waiting] = here + step
                    waiting += 1
                    empty += 1
            elif there != EDGE:
                touched |= there
    return touched, empty


@helper
def count_liberties(state, stride, head, most):
    """Return the number of a chain's liberties, at most `most` (up to 3)."""
    first = second = np.int64(0)
    stone = head
    while True:
        for step in steps(stride):
            near = stone + step
            if state.board[near] == EMPTY and near != first and near != second:
                if first == 0:
                    first = near
                elif second == 0 and most > 2:
                    second = near
                else:
                    return most
        stone = np.int64(state.next[stone])
        if stone == head:
            return (first > 0) + np.int64(second > 0)
