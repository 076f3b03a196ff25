"""m,n,k games: drawn boards, moves as text, positions that cannot be."""

import pytest

import games
from games.mnk import MNK


def after_star(game, drawn: str):
    """Return the position drawn line by line, after the move that "*" marks has been played."""
    lines = [line.strip().replace(" ", "") for line in drawn.strip().splitlines()]
    state = game.parse_state("/".join(lines).replace("*", "."))
    game.play(state, "".join(lines).index("*"))
    return state


SIX_IN_A_ROW = """
    . . . . . . . .
    . . . . . . . .
    . o . o . o . .
    . . . . . . . .
    x x x x * x . .
    . o . o . . . .
"""
FIVE_BESIDE_A_GAP = """
    . . . . . . . .
    . . . . . . . .
    . o . o . o . .
    . . . . . . . .
    x x x x * . x .
    . o . o . . . .
"""
SIX_ACROSS_FIVE_UP = """
    o o . . x . . o
    . . . o x . o .
    o . . . x o . .
    . . o . x . . o
    x x x x * x . .
    . . . . . . . .
"""
FIVE_IN_A_DIAGONAL = """
    . . . . . . . x
    . . . x . o . .
    . . . . o . . .
    . x . o . . . .
    . . o . x . . .
    . * . . . . x .
"""


@pytest.mark.parametrize("drawn, longer_wins, exactly_five_wins", [
    (SIX_IN_A_ROW, 1, 0), (FIVE_BESIDE_A_GAP, 1, 1), (SIX_ACROSS_FIVE_UP, 1, 1), (FIVE_IN_A_DIAGONAL, -1, -1),
], ids=["six in a row", "five beside a gap", "six across, five up", "a diagonal"])  # fmt: skip
def test_exactly_five_wins_where_it_should(drawn, longer_wins, exactly_five_wins):
    for exact, result in enumerate((longer_wins, exactly_five_wins)):
        game = games.make("gomoku", rows=6, cols=8, exact=exact)
        state = after_star(game, drawn)
        assert (game.is_over(state), game.outcome(state)) == (result != 0, result)


def test_lines_do_not_wrap_round_the_edge():
    state = after_star(
        MNK(3, 4, 3, 0),
        """
        . . x x
        x . o .
        . * o o
    """,
    )
    assert not MNK(3, 4, 3, 0).is_over(state)


def test_cells_are_named_by_column_letter_and_row_from_the_bottom():
    game = games.make("gomoku", rows=15, cols=15)
    state = game.initial_state()
    assert game.parse_action(state, "a1") == 14 * 15
    assert game.parse_action(state, " H8 ") == 7 * 15 + 7
    assert game.action_name(state, 0) == "a15"
    assert game.action_name(state, 14) == "o15"


@pytest.mark.parametrize("text", ["", "b", "2", "d1", "a0", "a4", "a-1", "2b", "b2b", "b\u00b2", "bb2"])
def test_a_text_that_is_no_cell_is_refused(text):
    game = games.make("tic_tac_toe")
    with pytest.raises(ValueError, match="cannot read the move .*: expected a square from a1 to c3"):
        game.parse_action(game.initial_state(), text)


def test_a_taken_cell_and_a_move_after_the_end_are_refused_with_the_position():
    game = games.make("tic_tac_toe")
    with pytest.raises(ValueError, match=r"illegal move 'b2' in '\.\.\./\.x\./\.\.\.': that cell is taken"):
        game.parse_action(game.parse_state(".../.x./..."), "b2")
    with pytest.raises(ValueError, match="illegal move 'a1' in 'xxx/oo./...': the game is over"):
        game.parse_action(game.parse_state("xxx/oo./..."), "a1")
    with pytest.raises(ValueError, match=r"illegal action 0 in tic_tac_toe position 'x\.\./\.\.\./\.\.\.'"):
        game.play(game.parse_state("x../.../..."), 0)


@pytest.mark.parametrize("text, why", [
    ("xx./.../...", "not 2 to 0"), ("o../.../...", "not 0 to 1"),
    ("xxx/ooo/...", "the player to move has a winning line"), ("xxx/.o./o.o", "the player to move has"),
    ("xxxo/..oo/....", "expected 3 rows of 3"), ("xo/..", "expected 3 rows of 3"), ("xyz/.../...", ". x o"),
])  # fmt: skip
def test_an_impossible_position_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        games.make("tic_tac_toe").parse_state(text)


def test_a_position_played_on_after_a_win_is_refused():
    game = MNK(4, 4, 3, 0)
    with pytest.raises(ValueError, match="played on after a win"):
        game.parse_state("xxx./oo.o/xxx./oo..")  # two rows of three that share no stone


def test_render_shows_letters_below_and_numbers_beside():
    game = games.make("mnk", rows=2, cols=3, connect=2)
    assert game.render(game.parse_state("x../..o")) == "2 X . .\n1 . . O\n  a b c"


def test_the_name_is_the_narrowest_and_reads_back_to_an_equal_game():
    for text, game in (
        ("tic_tac_toe", MNK(3, 3, 3, 0)),
        ("gomoku:rows=15,cols=15,exact=0", MNK(15, 15, 5, 0)),
        ("gomoku:rows=9,cols=8,exact=1", MNK(9, 8, 5, 1)),
        ("mnk:rows=3,cols=3,connect=3,exact=1", MNK(3, 3, 3, 1)),
        ("mnk:rows=4,cols=9,connect=5,exact=0", MNK(4, 9, 5, 0)),
    ):
        assert games.spec(game) == text
        assert games.parse(text) == game


def test_the_hash_does_not_depend_on_the_order_of_moves():
    game = games.make("tic_tac_toe")
    first, second = game.initial_state(), game.initial_state()
    for state, moves in ((first, "a1 b2 c3"), (second, "c3 b2 a1")):
        for move in moves.split():
            game.play(state, game.parse_action(state, move))
    assert game.position_hash(first) == game.position_hash(second)
    assert game.parse_state("..x/.o./x..").tobytes() == first.tobytes()
