"""The Connect Four solver: alpha-beta on bitboards, exact in any position of a board with four in a row.

Scores are for the player to move: 0 a draw, n > 0 a win with the n-th last stone that this player could put on the
board, n < 0 a loss likewise, so quicker wins and slower losses score higher. Method and scores after Pascal Pons,
"Solving Connect 4: how to build a perfect AI": moves that lose at once are never tried, moves that threaten most are
tried first, and the score is found by searches with windows of one point. Before any move is tried the table is asked
whether one is known to be good enough (enhanced transposition cutoffs; Schaeffer and Plaat 1996).

The search keeps its stack in arrays, so that it can stop after any number of positions and go on later.
"""

from typing import NamedTuple

import numpy as np

from alphazero.exact.table import NOT_FOUND, find, store
from games.bits import popcount
from games.kernel import helper, njit
from games.protocol import Game

ZERO, ONE = np.uint64(0), np.uint64(1)
OPEN = np.int64(1000)  # no value yet
LOOKS_AHEAD = 6  # with fewer plies left it costs more to ask the table about every move than to search
SYMMETRIC_PLIES = 14  # a position and its mirror image are one until so many stones are on the board

FRAME = np.dtype(
    [
        ("own", np.uint64),  # stones of the player to move
        ("stones", np.uint64),  # all stones
        ("key", np.uint64),
        ("alpha", np.int64),
        ("beta", np.int64),
        ("high", np.int64),  # the score is at most this, whatever the window
        ("best", np.int64),  # highest score so far
        ("num_moves", np.int64),
        ("cursor", np.int64),  # how many of them have been tried
    ],
    align=True,
)


class Board(NamedTuple):
    """A board's size and masks; column c holds the bits c * (rows + 1) and up, the top one always free."""

    rows: int
    cols: int
    bottom: np.uint64  # the lowest cell of each column
    full: np.uint64  # every cell


class Task(NamedTuple):
    """A search under way: its stack, one entry a ply, and where it stands."""

    frames: np.ndarray  # FRAME [D]
    moves: np.ndarray  # uint64[D, cols], the cells to try, best first
    columns: np.ndarray  # uint64[cols], the cells of each column, from the centre outwards
    scores: np.ndarray  # int64[cols], scratch
    progress: np.ndarray  # int64[3]: ply, value just found or OPEN, positions visited


def can_solve(game: Game) -> bool:
    """Whether this solver knows a game: four in a row on a board of up to 64 bits."""
    if game.name != "connect_four" or game.rules["connect"] != 4:
        return False
    rows, cols = game.rules["rows"], game.rules["cols"]
    return (rows + 1) * cols <= 64 and rows < 19


def make_board(rows: int, cols: int) -> Board:
    """Return the masks of a board."""
    bottom = sum(1 << (col * (rows + 1)) for col in range(cols))
    return Board(rows, cols, np.uint64(bottom), np.uint64(bottom * ((1 << rows) - 1)))


def make_task(board: Board) -> Task:
    """Return an empty stack."""
    depth = board.rows * board.cols + 1
    middle = (board.cols - 1) / 2
    order = sorted(range(board.cols), key=lambda col: abs(col - middle))
    columns = np.array([((1 << board.rows) - 1) << (col * (board.rows + 1)) for col in order], np.uint64)
    return Task(
        np.zeros(depth, FRAME),
        np.zeros((depth, board.cols), np.uint64),
        columns,
        np.zeros(board.cols, np.int64),
        np.zeros(3, np.int64),
    )


@helper
def winning_cells(board, own, stones):
    """Return the free cells that would give `own` four in a row, playable now or not."""
    cells = (own << ONE) & (own << np.uint64(2)) & (own << np.uint64(3))
    for step in (board.rows, board.rows + 1, board.rows + 2):
        one, two, three = np.uint64(step), np.uint64(2 * step), np.uint64(3 * step)
        pair = (own << one) & (own << two)
        cells |= pair & ((own << three) | (own >> one))
        pair = (own >> one) & (own >> two)
        cells |= pair & ((own >> three) | (own << one))
    return cells & (board.full ^ stones)


@helper
def playable(board, stones):
    """Return the cells on which the next stone can come to lie."""
    return (stones + board.bottom) & board.full


@helper
def sensible_moves(board, own, stones):
    """Return the moves after which the opponent cannot win at once; the player to move must have no win."""
    moves = playable(board, stones)
    threats = winning_cells(board, own ^ stones, stones)
    forced = moves & threats
    if forced != ZERO:
        if forced & (forced - ONE) != ZERO:
            return ZERO
        moves = forced
    return moves & ~(threats >> ONE)


@helper
def position_key(board, own, stones, played):
    """Return a key that is unique to a position, or early in the game to it and its mirror image; never 0."""
    key = own + stones
    if played > SYMMETRIC_PLIES:
        return key + ONE
    mirrored = ZERO
    height = np.uint64(board.rows + 1)
    column = (ONE << height) - ONE
    rest = key
    for _ in range(board.cols):
        mirrored = (mirrored << height) | (rest & column)
        rest >>= height
    return min(key, mirrored) + ONE


@helper
def _sort_moves(board, task, ply, moves):
    """Set the moves of a frame, given as one bitboard: those that threaten most first, then from the centre."""
    frame, order, scores = task.frames[ply], task.moves[ply], task.scores
    frame.cursor = 0
    if moves & (moves - ONE) == ZERO:
        order[0] = moves
        frame.num_moves = 1
        return
    count = 0
    for index in range(board.cols):
        move = moves & task.columns[index]
        if move == ZERO:
            continue
        score = popcount(winning_cells(board, frame.own | move, frame.stones | move))
        place = count
        while place > 0 and scores[place - 1] < score:
            scores[place] = scores[place - 1]
            order[place] = order[place - 1]
            place -= 1
        scores[place] = score
        order[place] = move
        count += 1
    frame.num_moves = count


@helper
def _enter(board, task, table, ply):
    """Look at a position for the first time: return its score within the window, or OPEN with its moves sorted."""
    frame = task.frames[ply]
    cells = board.rows * board.cols
    played = popcount(frame.stones)
    task.progress[2] += 1
    moves = sensible_moves(board, frame.own, frame.stones)
    if moves == ZERO:
        return np.int64(-((cells - played) // 2))
    if played >= cells - 2:
        return np.int64(0)
    low, frame.high = np.int64(-((cells - 2 - played) // 2)), np.int64((cells - 1 - played) // 2)
    frame.key = position_key(board, frame.own, frame.stones, played)
    entry = find(table, frame.key)
    if entry != NOT_FOUND:
        low, frame.high = max(low, np.int64(table[entry].low)), min(frame.high, np.int64(table[entry].high))
    frame.best = low
    frame.alpha, frame.beta = max(frame.alpha, low), min(frame.beta, frame.high)
    if low >= frame.beta:
        return low
    if frame.alpha >= frame.high:
        return frame.high
    if played <= cells - LOOKS_AHEAD:
        known = _known_refutation(board, table, frame, moves, played)
        if known != OPEN:
            return known
    _sort_moves(board, task, ply, moves)
    return OPEN


@helper
def _known_refutation(board, table, frame, moves, played):
    """Return a score of at least beta that the table already gives one of the moves, or OPEN (transposition cutoff)."""
    while moves != ZERO:
        move = moves & (ZERO - moves)
        moves ^= move
        entry = find(table, position_key(board, frame.own ^ frame.stones, frame.stones | move, played + 1))
        if entry != NOT_FOUND and -np.int64(table[entry].high) >= frame.beta:
            return -np.int64(table[entry].high)
    return OPEN


@helper
def _leave(board, table, frame):
    """Return the score of a position whose moves have been tried, or one was good enough, and remember it."""
    cells = board.rows * board.cols
    low, high = np.int64(-cells), frame.best
    if frame.best >= frame.beta:
        low, high = frame.best, frame.high
    store(table, frame.key, low, high, -1, cells - popcount(frame.stones))
    return frame.best


@njit
def begin(board, task, table, own, stones, alpha, beta):
    """Begin a search with the window (alpha, beta) of a position whose player to move has no win at once."""
    frame = task.frames[0]
    frame.own = own
    frame.stones = stones
    frame.alpha = alpha
    frame.beta = beta
    task.progress[0] = 0
    task.progress[1] = _enter(board, task, table, np.int64(0))


@njit
def advance(board, task, table, positions):
    """Go on for up to about `positions` more; return the score (a bound outside the window) or OPEN."""
    ply, value = task.progress[0], task.progress[1]
    stop = task.progress[2] + positions
    while task.progress[2] < stop:
        frame = task.frames[ply]
        if value != OPEN:
            if ply == 0:
                break
            ply -= 1
            frame = task.frames[ply]
            frame.best = max(frame.best, -value)
            frame.alpha = max(frame.alpha, -value)
            value = OPEN
        if frame.alpha >= frame.beta or frame.cursor == frame.num_moves:
            value = _leave(board, table, frame)
            continue
        move = task.moves[ply, frame.cursor]
        frame.cursor += 1
        child = task.frames[ply + 1]
        child.own = frame.own ^ frame.stones
        child.stones = frame.stones | move
        child.alpha = -frame.beta
        child.beta = -frame.alpha
        ply += 1
        value = _enter(board, task, table, ply)
    task.progress[0], task.progress[1] = ply, value
    return value if ply == 0 else OPEN


@njit
def can_win_at_once(board, own, stones):
    """Whether the player to move can complete four in a row."""
    return winning_cells(board, own, stones) & playable(board, stones) != ZERO
