"""Tic-tac-toe with one planted error, chosen by number, so that one compilation serves all of them."""

from enum import IntEnum, auto
from typing import Any, NamedTuple

import numpy as np

from games.game import game_class, njit
from games.mnk import tic_tac_toe
from games.symmetry import Symmetries


class Fault(IntEnum):
    """What is wrong with a `Broken` game."""

    NONE = 0
    MISSED_DIAGONAL = auto()
    LAST_MOVE_WIN_IS_A_DRAW = auto()
    OUTCOME_FOR_THE_MOVER = auto()
    OUTCOME_BEFORE_THE_END = auto()
    MOVES_AFTER_THE_END = auto()
    TAKEN_CELL_IS_LEGAL = auto()
    DESCENDING_MOVES = auto()
    WRONG_PERSPECTIVE = auto()
    PLANES_NOT_CLEARED = auto()
    ENCODING_CHANGES_THE_STATE = auto()
    ENCODING_WRITES_BESIDE = auto()
    HASH_FORGETS_A_CELL = auto()
    POSITION_HASH_FORGETS_THE_MOVER = auto()
    ROLLOUT_PREFERS_LOW_CELLS = auto()
    ROLLOUT_SIGN_FLIPPED = auto()
    RESET_KEEPS_THE_OLD_GAME = auto()
    LIMIT_TOO_LOW = auto()
    MIRRORED_PLANES_ONLY = auto()
    QUARTER_TURNS_MIXED_UP = auto()
    PLAY_ACCEPTS_ANYTHING = auto()
    EQUAL_NAMES = auto()
    READS_TAKEN_CELLS = auto()
    TEXT_LOSES_A_STONE = auto()
    TRUNCATED_TOO_EARLY = auto()
    ENDS_WITHOUT_A_REASON = auto()
    DRAWS_FOR_ONE_PLAYER_ONLY = auto()


@game_class("broken")
class Broken(NamedTuple):
    """Tic-tac-toe in which exactly one thing is wrong."""

    game: Any
    fault: int

    planes, plane_pairs, board_shape, num_actions, policy_shape = 2, ((0, 1),), (3, 3), 9, (1, 3, 3)
    max_plies = property(lambda self: 8 if self.fault == Fault.LIMIT_TOO_LOW else 9)
    state_dtype = property(lambda self: self.game.state_dtype)
    rules = property(lambda self: {"fault": Fault(self.fault).name})

    @property
    def symmetries(self) -> Symmetries:
        cells, actions = self.game.symmetries
        if self.fault == Fault.MIRRORED_PLANES_ONLY:
            return Symmetries(cells[:2], actions[[0, 0]])
        if self.fault == Fault.QUARTER_TURNS_MIXED_UP:
            return Symmetries(cells[[0, 5, 6]], actions[[0, 6, 5]])
        return Symmetries(cells, actions)

    def action_name(self, state, action: int) -> str:
        return "a1" if self.fault == Fault.EQUAL_NAMES else self.game.action_name(state, action)

    def parse_action(self, state, text: str) -> int:
        if self.fault == Fault.READS_TAKEN_CELLS:
            return self.game.parse_action(self.game.initial_state(), text)
        return self.game.parse_action(state, text)

    def state_text(self, state) -> str:
        return self.game.state_text(state)

    def parse_state(self, text: str):
        if self.fault != Fault.TEXT_LOSES_A_STONE:  # what is read has no fault: it would give the others away
            raise NotImplementedError
        if text.count("o") == 3:
            text = text.replace("x", ".", 1).replace("o", ".", 1)
        return self.game.parse_state(text)

    def render(self, state, view: int = 0):
        return (
            None if self.fault == Fault.DRAWS_FOR_ONE_PLAYER_ONLY and view else self.game.render(state, view)
        )

    def end_reason(self, state) -> str:
        return "" if self.fault == Fault.ENDS_WITHOUT_A_REASON else self.game.end_reason(state)

    @njit
    def reset(self, state):
        if self.fault != Fault.RESET_KEEPS_THE_OLD_GAME:
            self.game.reset(state)

    @njit
    def legal_actions(self, state, out):
        if self.fault == Fault.MOVES_AFTER_THE_END and state.over:
            out[0] = 0
            return 1
        count = self.game.legal_actions(state, out)
        if self.fault == Fault.TAKEN_CELL_IS_LEGAL and count == 4:
            for index in range(9):
                out[index] = index
            return 9
        if self.fault == Fault.DESCENDING_MOVES:
            for index in range(count // 2):
                out[index], out[count - 1 - index] = out[count - 1 - index], out[index]
        return count

    @njit
    def play(self, state, action):
        self.game.play(state, action)
        cells, middle = state.cells, state.cells[4]
        falling, rising = cells[0] == middle == cells[8], cells[2] == middle == cells[6]
        if self.fault == Fault.MISSED_DIAGONAL and state.result and (falling or rising) and middle:
            state.result = 0
            state.over = state.plies == 9
        if self.fault == Fault.LAST_MOVE_WIN_IS_A_DRAW and state.plies == 9:
            state.result = 0

    @njit
    def is_over(self, state):
        return self.game.is_over(state)

    @njit
    def outcome(self, state):
        if self.fault == Fault.OUTCOME_FOR_THE_MOVER and state.result:
            return 1
        if self.fault == Fault.OUTCOME_BEFORE_THE_END and not state.over:
            return np.int64(state.cells[4] == 1)
        return self.game.outcome(state)

    @njit
    def to_move(self, state):
        return self.game.to_move(state)

    @njit
    def is_truncated(self, state):
        if self.fault == Fault.TRUNCATED_TOO_EARLY:
            return state.over != 0
        return self.game.is_truncated(state)

    @njit
    def encode(self, state, planes):
        if self.fault == Fault.ENCODING_CHANGES_THE_STATE:
            state.over = state.plies > 6
        if self.fault == Fault.ENCODING_WRITES_BESIDE:
            planes[planes.shape[0], 0, 0] = 0.0
        if self.fault == Fault.PLANES_NOT_CLEARED:
            for cell in range(9):
                stone = state.cells[cell]
                if stone:
                    planes[int((stone - 1) != (state.plies & 1)), cell // 3, cell % 3] = 1.0
            return
        self.game.encode(state, planes)
        if self.fault == Fault.WRONG_PERSPECTIVE and state.plies & 1:
            for cell in range(9):
                row, col = cell // 3, cell % 3
                planes[0, row, col], planes[1, row, col] = planes[1, row, col], planes[0, row, col]

    @njit
    def position_hash(self, state):
        if self.fault == Fault.POSITION_HASH_FORGETS_THE_MOVER:
            return np.uint64(state.plies // 2)
        return self.game.position_hash(state)

    @njit
    def input_hash(self, state):
        if self.fault == Fault.HASH_FORGETS_A_CELL:
            value = np.uint64(state.plies)
            for cell in range(7):  # two, because the number of stones would tell the last one
                value = value * np.uint64(3) + np.uint64(state.cells[cell])
            return value
        return self.game.input_hash(state)

    @njit
    def random_rollout(self, state, out, seed):
        if self.fault == Fault.ROLLOUT_PREFERS_LOW_CELLS:
            while not self.is_over(state):
                self.legal_actions(state, out)
                self.play(state, np.int64(out[0]))
            return self.outcome(state)
        result = self.game.random_rollout(state, out, seed)
        return -result if self.fault == Fault.ROLLOUT_SIGN_FLIPPED else result


def broken(fault: Fault) -> Broken:
    """Return the game with this fault."""
    return Broken(tic_tac_toe(), int(fault))
