"""Go on any board from 1 x 1 to 19 x 19: area scoring, two passes end the game, strict superko.

Actions are points, row by row from the top left, and last the pass. A repetition that the rules forbid is not a
legal action; it is never played and never a loss. A game that reaches its longest length ends there and is scored as
it stands.
"""

import functools
from typing import NamedTuple, cast

import numpy as np

from games.bits import mix, next_seed, random_below
from games.game import game_class, njit
from games.go import notation
from games.go.board import BLACK, ONE, WHITE, area, clear, is_eye, lives, mark, play_stone, point_of, put
from games.go.handicap import check_handicap, handicap_action
from games.go.planes import encode_features, encode_history
from games.go.rules import SIMPLE, SIXTY_THREE, list_points, mark_word, position_key
from games.kernel import helper
from games.protocol import Game
from games.symmetry import Symmetries, board_symmetries, cell_tables, dihedral

NUM_FEATURES = 11  # planes beside history and colour: see `encode_features`
LAST_MOVES = 4  # that a position remembers, for those planes
ZERO = np.uint64(0)
CAPACITIES = (
    9,
    13,
    19,
)  # boards of up to so many points a side share arrays of one size, and so their compiled code


def go(
    size: int = 9,
    rows: int = 0,
    cols: int = 0,
    komi: float = 7.5,
    superko: int = 1,
    suicide: int = 0,
    handicap: int = 0,
    history: int = 8,
    features: int = 0,
    max_plies: int = 0,
) -> Game:
    """Return the game; ValueError for a handicap that the board has no points for.

    rows, cols: for boards that are not square, in place of size; max_plies: the longest game, 0: twice the points of
    the smallest of 9 x 9, 13 x 13 and 19 x 19 that holds the board.
    """
    if (rows == 0) != (cols == 0):
        given, missing = (f"rows={rows}", "cols") if rows else (f"cols={cols}", "rows")
        raise ValueError(f"go: rule {given} needs {missing}: give both, or size alone")
    rows, cols = (rows, cols) if rows else (size, size)
    longest = max_plies or 2 * _capacity(rows, cols) ** 2
    game = Go(
        int(rows),
        int(cols),
        float(komi),
        int(superko),
        int(suicide),
        int(handicap),
        int(history),
        int(features),
        int(longest),
    )
    check_handicap(game.rows, game.cols, game.handicap)
    return cast(Game, game)


def _capacity(rows: int, cols: int) -> int:
    return next(capacity for capacity in CAPACITIES if max(rows, cols) <= capacity)


@functools.cache
def _state_dtype(capacity: int, history: int, longest: int) -> np.dtype:
    points = (capacity + 2) * (capacity + 1) + 1
    words = (points + 63) // 64
    return np.dtype(
        [
            ("hash", np.uint64),  # the keys of all stones, combined by xor
            ("visited", np.uint64),  # the keys of all positions so far, in any order
            ("plies", np.int32),
            ("last", np.int32, LAST_MOVES),  # the newest first; -1 where there was none
            ("ko", np.int16),  # the point that took a single stone back would be played on, or 0
            ("slot", np.int16),  # where in `seen` the present position is
            ("player", np.int8),
            ("passes", np.int8),
            ("over", np.int8),
            ("result", np.int8),
            ("board", np.int8, points),
            ("stood", np.uint64, (2, words)),  # where a colour has ever had a stone, a bit a point
            ("head", np.int16, points),
            ("next", np.int16, points),
            ("stones", np.int16, points),
            ("liberties", np.int16, points),
            ("sums", np.int32, points),
            ("squares", np.int32, points),
            (
                "seen",
                np.uint64,
                (history, 2, words),
            ),  # the newest positions, a bit a point, Black's and White's stones
            ("past", np.uint64, longest + 1),  # what superko compares, of every position so far
            (
                "marks",
                np.uint64,
                4 * capacity,
            ),  # a bit for each of these, by its last digits: most others lack theirs
        ],
        align=True,
    )


@functools.cache
def _symmetries(rows: int, cols: int, handicap: int) -> Symmetries:
    """Return the turns of the board that leave the handicap stones where they are."""
    points = {
        int(handicap_action.py_func(rows, cols, handicap, index))
        for index in range(handicap * (handicap > 1))
    }
    turns = dihedral(rows, cols)
    kept = [
        turn
        for turn, table in zip(turns, cell_tables(turns, rows, cols), strict=True)
        if {cell for cell in range(rows * cols) if int(table[cell]) in points} == points
    ]
    return board_symmetries(tuple(kept), rows, cols, has_pass=True)


@helper
def _note_position(game, state):
    key = position_key(game, state)
    state.past[state.plies] = key
    state.marks[mark_word(state, key)] |= ONE << (key & SIXTY_THREE)
    state.visited += mix(~key)


@helper
def _empty(game, state):
    """Make `state` an empty board without a past."""
    state.hash = state.visited = ZERO
    state.plies = 0
    state.last[:] = -1
    state.ko = state.slot = 0
    state.player = state.passes = state.over = state.result = 0
    state.stood[:] = ZERO
    state.head[:] = 0
    state.next[:] = 0
    state.stones[:] = 0
    state.liberties[:] = 0
    state.sums[:] = 0
    state.squares[:] = 0
    state.seen[:] = ZERO
    state.past[:] = ZERO
    state.marks[:] = ZERO
    clear(state, game.rows, game.cols)


@helper
def _set_stone(game, state, action, colour):
    """Put a stone that nobody played."""
    point = point_of(game.cols, action)
    mark(state.stood[colour - 1], point)
    put(state, game.cols + 1, point, colour, None)


@helper
def _finish(game, state):
    """End the game and score it."""
    lead = area(state, game.rows, game.cols) - game.komi
    state.over = 1
    state.result = 1 if lead > 0.0 else -1 if lead < 0.0 else 0


@game_class("go")
class Go(NamedTuple):
    """Go. Planes, actions and text are described in docs/games/go.md; the state in `_state_dtype`."""

    rows: int
    cols: int
    komi: float
    superko: int  # SIMPLE, POSITIONAL or SITUATIONAL (games.go.rules)
    suicide: int  # 1: chains may be played out of their last liberty
    handicap: int  # Black's stones on the board at the start, when White begins; 0 and 1: none
    history: int  # positions that the planes show
    features: int  # 1: NUM_FEATURES more planes
    longest: int  # plies after which a game ends

    text_is_complete = False  # text leaves earlier positions out
    rollout_is_uniform = False  # it does not fill own eyes
    planes = property(lambda self: 2 * self.history + 1 + NUM_FEATURES * self.features)
    board_shape = property(lambda self: (self.rows, self.cols))
    num_actions = property(lambda self: self.rows * self.cols + 1)
    policy_shape = property(lambda self: (1, self.rows, self.cols))
    max_plies = property(lambda self: self.longest)
    symmetries = property(lambda self: _symmetries(self.rows, self.cols, self.handicap))
    state_dtype = property(
        lambda self: _state_dtype(_capacity(self.rows, self.cols), self.history, self.longest)
    )
    action_name, parse_action = notation.action_name, notation.parse_action
    state_text, parse_state, render = notation.state_text, notation.parse_state, notation.render
    end_reason = notation.end_reason

    @property
    def rules(self) -> dict:
        """Return the rules as `go` takes them."""
        square = {"size": self.rows} if self.rows == self.cols else {"rows": self.rows, "cols": self.cols}
        others = {
            name: getattr(self, name)
            for name in ("komi", "superko", "suicide", "handicap", "history", "features")
        }
        return {**square, **others, "max_plies": self.longest}

    @njit
    def reset(self, state):
        _empty(self, state)
        for index in range(self.handicap if self.handicap > 1 else 0):
            _set_stone(self, state, handicap_action(self.rows, self.cols, self.handicap, index), BLACK)
            state.player = 1
        _note_position(self, state)

    @njit
    def legal_actions(self, state, out):
        if state.over:
            return 0
        count = list_points(self, state, out)
        out[count] = self.rows * self.cols
        return count + 1

    @njit
    def play(self, state, action):
        before, state.slot = state.slot, (state.slot + 1) % self.history
        for colour in range(2):
            for word in range(state.seen.shape[2]):
                state.seen[state.slot, colour, word] = state.seen[before, colour, word]
        if action == self.rows * self.cols:
            state.passes += 1
            state.ko = 0
        else:
            point = point_of(self.cols, action)
            state.passes = 0
            mark(state.stood[state.player], point)
            play_stone(state, self.cols + 1, point, 1 + state.player, None, 0)
        for index in range(LAST_MOVES - 1, 0, -1):
            state.last[index] = state.last[index - 1]
        state.last[0] = action
        state.plies += 1
        state.player = 1 - state.player
        _note_position(self, state)
        if state.passes == 2 or state.plies >= self.longest:
            _finish(self, state)

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
    def is_truncated(self, state):
        """Whether the game was cut at its longest length, without two passes."""
        return state.over != 0 and state.passes < 2

    @njit
    def encode(self, state, planes):
        encode_history(self, state, planes)
        if self.features:
            encode_features(self, state, planes, 2 * self.history + 1)

    @njit
    def position_hash(self, state):
        return mix(state.hash + np.uint64(state.player))

    @njit
    def input_hash(self, state):
        key = state.hash + np.uint64(4 * state.passes + 2 * state.over + state.player)
        for back in range(1, min(self.history, state.plies + 1)):
            key = mix(key) + state.past[state.plies - back]
        for index in range(LAST_MOVES * self.features):
            key = mix(key) + np.uint64(state.last[index] + 1)
        key = mix(key) + (state.visited if self.superko != SIMPLE else np.uint64(state.ko))
        return mix(mix(key) + np.uint64(state.plies))

    @njit
    def random_rollout(self, state, out, seed):
        """Play at random to the end, no own eyes filled, with the simple ko rule; return the result by area.

        A rollout ends after two passes, or after three times as many plies as the board has points.
        """
        if state.over:
            return np.int64(state.result)
        stride, points = self.cols + 1, self.rows * self.cols
        free = 0
        for point in range(stride + 1, (self.rows + 1) * stride):
            if state.board[point] == 0:
                out[free] = point
                free += 1
        colour, passes = 1 + np.int64(state.player), np.int64(state.passes)
        for _ in range(3 * points):
            tried, chosen = free, np.int64(-1)
            while tried > 0:
                seed = next_seed(seed)
                index = random_below(mix(seed), tried)
                point = np.int64(out[index])
                if (
                    point != state.ko
                    and not is_eye(state, stride, point, colour)
                    and (lives(state, stride, point, colour))
                ):
                    chosen = index
                    break
                tried -= 1
                out[index], out[tried] = out[tried], out[index]
            if chosen < 0:
                passes += 1
                state.ko = 0
                if passes >= 2:
                    break
            else:
                passes = 0
                point = np.int64(out[chosen])
                free -= 1
                out[chosen] = out[free]
                free = play_stone(state, stride, point, colour, out, free)
            colour = 3 - colour
        lead = area(state, self.rows, self.cols) - self.komi
        return np.int64(1 if lead > 0.0 else -1 if lead < 0.0 else 0)

    @njit
    def place(self, state, stones, player, passes, ko):
        """Set up int8[rows, cols] (0 empty, 1 Black, 2 White) without a past; False if a chain has no liberty.

        player: 0 or 1 to move; passes: 0 to 2 in a row so far; ko: the action that the simple ko rule forbids, or -1.
        """
        _empty(self, state)
        for action in range(self.rows * self.cols):
            stone = stones[action // self.cols, action % self.cols]
            if stone != 0:
                _set_stone(self, state, action, stone)
        state.player, state.passes = player, passes
        state.ko = 0 if ko < 0 else point_of(self.cols, ko)
        _note_position(self, state)
        if passes == 2:
            _finish(self, state)
        for point in range(state.board.size):
            if state.board[point] in (BLACK, WHITE) and state.liberties[state.head[point]] == 0:
                return False
        return True
