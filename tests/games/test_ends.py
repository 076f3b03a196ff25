"""How a game ended is said in words, cut games are told from others, and boards turn for the second player."""

import numpy as np
import pytest

import games
from games.game import game_class
from tests.games.nim import Nim

FIFTY = "7k/8/8/8/8/8/1R6/K5R1 w - - 98 90"
LONG_GO = "go:size=7,history=2,max_plies=40"
BLACK_ALONE = " ".join([f"{col}{row} pass" for col in "abcde" for row in (1, 2, 3, 4)][:-1])  # 38 plies
LONGEST = "4k3/8/8/8/8/8/8/R3K3 w - - 0 20"  # 38 plies played


@pytest.mark.parametrize("text, position, moves, reason, truncated", [
    ("connect_four", "", "1212121", "four in a line", False),
    ("connect_four:rows=12,cols=12,connect=5", "", "1,2,1,2,1,2,1,2,1", "five in a line", False),
    ("connect_four:rows=1,cols=2,connect=2", "", "12", "the board is full", False),
    ("tic_tac_toe", "", "a1 a2 b1 b2 c1", "three in a line", False),
    ("tic_tac_toe", "", "b2 a1 c1 a3 a2 c2 b3 b1 c3", "the board is full", False),
    ("gomoku:exact=1", "", "a1 b1 a2 b2 a3 b3 a4 b4 a5", "exactly five in a line", False),
    ("factored-tic_tac_toe", "", "a1a2b1b2c1", "three in a line", False),
    ("hex:size=3", "", "a1 b2 a2 a3 b1 c1", "the second player connects left and right", False),
    ("hex:size=3", "", "a1 b1 a2 b2 a3", "the first player connects top and bottom", False),
    ("othello:size=4", "xxxx/xxxx/xxx./xxxo o", "", "neither player can move: X 14, O 1", False),
    ("othello:size=10", "/".join(["x" * 10] * 10) + " o", "", "neither player can move: X 100, O 0", False),
    ("breakthrough:rows=5,cols=4", "", "a2-a3 d4-d3 a3-b4 d3xc2 b4xa5",
     "a piece of the first player has reached", False),
    ("breakthrough:rows=4,cols=2", "../.x/o./.. o", "a2-a1", "a piece of the second player has reached", False),
    ("breakthrough:rows=5,cols=2", "../o./.x/../.. x", "b3xa4", "the second player has no pieces left", False),
    ("go:size=3", "", "b2 pass pass", "two passes: Black 9, White 0 + 7.5 = 7.5", False),
    (LONG_GO, "", f"{BLACK_ALONE} e4 pass", "the longest game, 40 plies: Black 49, White 0 + 7.5 = 7.5", True),
    (LONG_GO, "", f"{BLACK_ALONE} e4", "", False),
    (LONG_GO, "", f"{BLACK_ALONE} pass", "two passes: Black 49, White 0 + 7.5 = 7.5", False),
    (LONG_GO, "", f"{BLACK_ALONE.removesuffix('pass')} g7 pass pass",
     "two passes: Black 19, White 1 + 7.5 = 8.5", False),
    ("chess", "", "f3 e5 g4 Qh4", "checkmate", False),
    ("chess", "7k/8/5KQ1/8/8/8/8/8 w - - 0 1", "Qf7", "stalemate", False),
    ("chess", "", "Nf3 Nf6 Ng1 Ng8 Nf3 Nf6 Ng1 Ng8", "threefold repetition", False),
    ("chess", FIFTY, "Ra2 Kh7", "fifty moves without a capture or a pawn's move", False),
    ("chess", "7k/8/8/8/8/8/1r6/K7 w - - 0 1", "Kxb2", "insufficient material", False),
    ("chess:max_plies=3", "", "e4 e5 Nf3", "the longest game, 3 plies", True),
    ("chess:max_plies=4", "", "e4 e5 Nf3", "", False),
    ("chess:max_plies=4", "", "f3 e5 g4 Qh4", "checkmate", False),
    ("chess:max_plies=8", "", "Nf3 Nf6 Ng1 Ng8 Nf3 Nf6 Ng1 Ng8", "threefold repetition", False),
    ("chess:max_plies=180", FIFTY, "Ra2 Kh7", "fifty moves without a capture or a pawn's move", False),
    ("chess:max_plies=1", "7k/8/8/8/8/8/1r6/K7 w - - 0 1", "Kxb2", "insufficient material", False),
    ("chess:max_plies=1", "7k/8/5KQ1/8/8/8/8/8 w - - 0 1", "Qf7", "stalemate", False),
    ("chess:max_plies=38", LONGEST, "", "the longest game, 38 plies", True),
    ("factored-chess:max_plies=3", "", "e2 e4 e7 e5 g1 f3", "the longest game, 3 plies", True),
])  # fmt: skip
def test_a_game_says_why_it_ended_and_whether_it_was_cut(text, position, moves, reason, truncated):
    game = games.parse(text)
    _, state = games.play_moves(game, moves, game.parse_state(position) if position else None)
    assert game.is_over(state) == bool(reason)
    assert game.end_reason(state).startswith(reason) and bool(game.end_reason(state)) == bool(reason)
    assert game.is_truncated(state) is truncated


def test_a_game_that_says_nothing_of_its_end_is_never_cut_and_has_no_move_left():
    game = Nim(1, 2)
    state = game.initial_state()
    assert not game.is_truncated(state) and game.end_reason(state) == ""
    game.play(state, 1)
    assert (
        game.is_over(state) and not game.is_truncated(state) and game.end_reason(state) == "no move is left"
    )


WHITE = """\
8 r n b q k b n r
7 p p p p p p p p
6 . . . . . . . .
5 . . . . . . . .
4 . . . . P . . .
3 . . . . . . . .
2 P P P P . P P P
1 R N B Q K B N R
  a b c d e f g h"""
BLACK = """\
1 R N B K Q B N R
2 P P P . P P P P
3 . . . . . . . .
4 . . . P . . . .
5 . . . . . . . .
6 . . . . . . . .
7 p p p p p p p p
8 r n b k q b n r
  h g f e d c b a"""


def test_the_board_of_chess_turns_for_black():
    for name, move in (("chess", "e4"), ("factored-chess", "e2 e4")):
        game = games.make(name)
        _, state = games.play_moves(game, move)
        assert game.render(state) == game.render(state, 0) == game.render(state, view=0) == WHITE
        assert game.render(state, view=1) == BLACK


def test_the_board_of_breakthrough_turns_for_the_second_player():
    game = games.parse("breakthrough:rows=4,cols=3")
    _, state = games.play_moves(game, "a2-b3")
    assert game.render(state, 0) == "4 O O O\n3 O X O\n2 . X X\n1 X X X\n  a b c"
    assert game.render(state, 1) == "1 X X X\n2 X X .\n3 O X O\n4 O O O\n  c b a"


@pytest.mark.parametrize("name", ["connect_four", "tic_tac_toe", "go", "othello", "hex"])
def test_boards_without_a_side_of_their_own_look_the_same_to_both(name):
    game = games.make(name)
    state = game.initial_state()
    assert game.render(state, 1) == game.render(state, 0)


def test_hex_says_whose_sides_are_which():
    game = games.make("hex", size=2)
    assert game.render(game.initial_state()).splitlines()[-1] == "X connects top and bottom, O left and right"


def test_a_game_whose_drawing_knows_no_sides_is_drawn_all_the_same():
    members = {name: member for name, member in vars(Nim).items() if name != "render"}
    members |= {"play": Nim.play.kernel, "render": lambda self, state: "drawn"}
    plain = game_class("plain")(type("Plain", (Nim,), members))
    game = plain(1, 2)
    state = np.zeros(1, game.state_dtype)[0]
    assert game.render(state, view=1) == game.render(state) == "drawn"
