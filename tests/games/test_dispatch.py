"""Compiled code calls a game's kernels as Python does: the part of numba that a new release may break."""

from typing import NamedTuple

import numba
import numpy as np
import pytest

import games
from games.game import NUM_ARGUMENTS, IllegalAction, game_class, kernel_of
from games.kernel import njit

BROKEN = (
    f"numba {numba.__version__} no longer lets compiled code call the kernels of a game: the "
    "overload_method on types.NamedTuple and types.NamedUniTuple in games/game.py has to follow that "
    "release, or numba be bounded below it in pyproject.toml"
)


class Whole(NamedTuple):
    """A game of whole numbers only: numba types it as NamedUniTuple."""

    add: int

    @njit
    def to_move(self, state):
        return self.add + state


class Mixed(NamedTuple):
    """A game of whole and real numbers: numba types it as NamedTuple."""

    add: int
    factor: float

    @njit
    def to_move(self, state):
        return self.factor * (self.add + state)

    @njit
    def part(self, action, index):
        return self.add + 10 * action + 100 * index


class Nested(NamedTuple):
    """A game around a game."""

    game: Mixed

    @njit
    def to_move(self, state):
        return -self.game.to_move(state)


@njit(cache=False)
def _to_move(game, state):
    return game.to_move(state)


@njit(cache=False)
def _part(game, action, index):
    return game.part(action, index)


@pytest.mark.parametrize("game, expected", [
    (Whole(2), 5), (Mixed(2, 1.5), 7.5), (Nested(Mixed(2, 1.5)), -7.5),
], ids=["whole numbers", "mixed numbers", "nested"])  # fmt: skip
def test_compiled_code_calls_the_kernel_of_the_class_it_is_given(game, expected):
    try:
        got = _to_move(game, 3)
    except Exception as error:
        pytest.fail(f"{BROKEN}: {str(error)[:500]}")
    assert got == expected == game.to_move(3), BROKEN


def test_arguments_arrive_in_order():
    assert _part(Mixed(2, 1.5), 3, 4) == 432


def test_a_class_without_the_kernel_is_a_typing_error_not_a_wrong_answer():
    with pytest.raises(numba.TypingError):
        _part(Whole(2), 3, 4)


def test_every_kernel_of_every_game_is_reached_by_the_dispatch():
    for name in ("connect_four", "tic_tac_toe", "factored-tic_tac_toe"):
        cls = type(games.parse(name))
        kernels = {key for key in vars(cls) if kernel_of(cls, key) is not None}
        assert kernels - {"place"} <= set(NUM_ARGUMENTS)


def test_a_class_that_lacks_a_kernel_or_an_attribute_is_no_game():
    with pytest.raises(TypeError, match=r"game Whole lacks reset, legal_actions, .*, planes, .* @njit\)"):
        game_class("whole")(Whole)


def test_play_from_python_refuses_what_the_rules_do_not_allow_and_leaves_the_position_alone():
    game = games.make("tic_tac_toe")
    state = game.initial_state()
    game.play(state, 4)
    before = state.tobytes()
    for action in (4, -1, 9, 1000):
        with pytest.raises(IllegalAction, match=rf"illegal action {action} in tic_tac_toe position '.../.x"):
            game.play(state, action)
    assert state.tobytes() == before


def test_positions_can_be_played_as_records_of_an_array():
    game = games.make("connect_four")
    states = np.zeros(3, game.state_dtype)
    game.play(states[1], 3)
    assert [game.to_move(state) for state in states] == [0, 1, 0]
