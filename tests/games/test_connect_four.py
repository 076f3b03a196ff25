"""Connect Four: columns as text, positions that cannot be, the edges of the board."""

import pytest

import games
from games.connect_four import LargeConnectFour

BOTH = pytest.mark.parametrize(
    "game", [games.make("connect_four"), LargeConnectFour(6, 7, 4)], ids=["bitboards", "cells"]
)


def play(game, moves: str):
    """Return the position after moves such as "4 4 5"."""
    state = game.initial_state()
    for move in moves.split():
        game.play(state, game.parse_action(state, move))
    return state


@BOTH
def test_columns_are_numbered_from_one(game):
    state = play(game, "1 7 7")
    assert game.state_text(state) == "......./......./......./......./......x/x.....o"
    assert game.render(state).splitlines()[-2:] == ["X . . . . . O", "1 2 3 4 5 6 7"]
    assert game.action_name(state, 0) == "1"


@BOTH
@pytest.mark.parametrize(
    "text", ["", "x", "4.0", "a1", "1 2", "-1", "+4", "04", "\u0664", pytest.param("9" * 5000, id="long")]
)
def test_a_text_that_is_no_column_is_refused(game, text):
    with pytest.raises(ValueError, match="cannot read the move .*: expected a column from 1 to 7"):
        game.parse_action(game.initial_state(), text)


@BOTH
@pytest.mark.parametrize("moves, move", [
    ("1 1 1 1 1 1", "1"), ("", "0"), ("", "8"), ("1 2 1 2 1 2 1", "3"),
])  # fmt: skip
def test_an_illegal_column_is_refused_with_the_position(game, moves, move):
    state = play(game, moves)
    with pytest.raises(ValueError, match=f"illegal move '{move}' in '.*': legal columns are "):
        game.parse_action(state, move)
    with pytest.raises(ValueError, match="illegal action .* in connect_four position"):
        game.play(state, int(move) - 1)


@BOTH
@pytest.mark.parametrize("bottom, why", [
    ("x....../.......", "a stone stands above a free cell"),
    ("......./xx.....", "not 2 to 0"),
    ("xxxx.../ooooxoo", "not 5 to 6"),
    ("oooo.../xxxx...", "the player to move has a winning line"),
    (".......", "expected 6 rows of 7"),
    ("......./......y", "expected 6 rows of 7"),
])  # fmt: skip
def test_an_impossible_position_is_refused(game, bottom, why):
    with pytest.raises(ValueError, match=why):
        game.parse_state("......./......./......./......./" + bottom)


@BOTH
def test_a_position_played_on_after_a_win_is_refused(game):
    with pytest.raises(ValueError, match="played on after a win"):
        game.parse_state("......./......./x.....x/xo.o..x/xo.o..x/xo.o.ox")  # two columns of four


@BOTH
def test_lines_do_not_wrap_from_the_top_of_a_column_to_the_bottom_of_the_next(game):
    assert not game.is_over(game.parse_state("x....../x....../x....../o....../x....../ox.o.o."))


def test_a_line_longer_than_the_board_is_refused():
    with pytest.raises(ValueError, match="connect_four: rule connect=4 is not possible on a board of 3 x 3"):
        games.make("connect_four", rows=3, cols=3)
