"""Othello, Hex and Breakthrough: against slow rules, against known counts and solved boards, and as text."""

import pytest

import games
from alphazero.exact import make_solver
from games.othello import LargeOthello
from tests.games.counting import perft
from tests.games.reference_boards import ReferenceBreakthrough, ReferenceHex, ReferenceOthello
from tests.games.test_reference import play_games

# with the number of games: more than 300 of each kind
OTHELLO_SIZES = {4: 100, 6: 120, 8: 90, 10: 2}
HEX_RULES = {(2, 0): 50, (3, 1): 100, (5, 0): 100, (7, 1): 50, (11, 0): 5}
BREAKTHROUGH_BOARDS = {(4, 2): 100, (5, 5): 100, (8, 8): 50, (6, 3): 60}


@pytest.mark.parametrize("size", OTHELLO_SIZES)
def test_othello_follows_the_slow_rules(size):
    play_games(games.make("othello", size=size), lambda: ReferenceOthello(size), count=OTHELLO_SIZES[size])


def test_both_kinds_of_othello_are_one_game():
    play_games(LargeOthello(6), lambda: ReferenceOthello(6), plies=200)


@pytest.mark.parametrize("rules", HEX_RULES, ids=str)
def test_hex_follows_the_slow_rules(rules):
    play_games(
        games.make("hex", size=rules[0], swap=rules[1]), lambda: ReferenceHex(*rules), count=HEX_RULES[rules]
    )


@pytest.mark.parametrize("board", BREAKTHROUGH_BOARDS, ids=str)
def test_breakthrough_follows_the_slow_rules(board):
    play_games(
        games.make("breakthrough", rows=board[0], cols=board[1]),
        lambda: ReferenceBreakthrough(*board),
        count=BREAKTHROUGH_BOARDS[board],
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, rules, make",
    [
        ("othello", {"size": 8}, lambda: ReferenceOthello(8)),
        ("hex", {"size": 5, "swap": 1}, lambda: ReferenceHex(5, 1)),
        ("breakthrough", {"rows": 6, "cols": 6}, lambda: ReferenceBreakthrough(6, 6)),
    ],
)
def test_ten_thousand_games_follow_the_slow_rules(name, rules, make):
    play_games(games.make(name, **rules), make, count=10_000)


def test_othello_has_the_published_numbers_of_games():
    game = games.make("othello")
    found = [perft(game, depth) for depth in range(1, 9)]
    assert found == [4, 12, 56, 244, 1396, 8200, 55092, 390216]


@pytest.mark.slow
def test_othello_has_the_published_numbers_of_games_with_passes():
    game = games.make("othello")
    assert (perft(game, 9), perft(game, 10)) == (3005288, 24571056)  # games that ended earlier are left out


def test_small_othello_is_won_by_the_second_player():
    game = games.make("othello", size=4)
    assert make_solver(game, 16.0).solve(game.initial_state()).value == -1


@pytest.mark.parametrize("size, rows", [(2, "-+ +-"), (3, "--+ +++ +--"), (4, "---+ --+- -+-- +---")])
def test_hex_is_won_by_the_known_openings(size, rows):
    game = games.make("hex", size=size)
    solution = make_solver(game, 64.0).solve(game.initial_state())
    assert "".join("+" if outcome > 0 else "-" for outcome in solution.values) == rows.replace(" ", "")


def test_with_the_swap_rule_the_second_player_wins_small_hex():
    game = games.make("hex", size=3, swap=1)
    assert make_solver(game, 16.0).solve(game.initial_state()).value == -1


def test_swapping_gives_the_mirrored_stone_to_the_second_player():
    game = games.make("hex", size=4, swap=1)
    state = game.initial_state()
    for move in ("c1", "swap"):
        game.play(state, game.parse_action(state, move))
    assert game.state_text(state) == "..../..../o.../.... x" and game.to_move(state) == 0
    with pytest.raises(ValueError, match="only the second player's first move can be a swap"):
        game.parse_action(state, "swap")


def test_a_pass_in_othello_is_a_move_and_the_only_one():
    game = games.make("othello", size=4)
    state = game.parse_state("xxxx/xoox/xxxx/o... x")
    assert [game.action_name(state, a) for a in game.legal(state)] == ["pass"] and not game.is_over(state)
    game.play(state, game.parse_action(state, "pass"))
    assert game.to_move(state) == 1 and "pass" not in [game.action_name(state, a) for a in game.legal(state)]


@pytest.mark.parametrize("text, moves, expected", [
    ("othello:size=6", "", "  a b c d e f\n"), ("hex:size=3", "b2", " 2 . X .\n"),
    ("breakthrough:rows=5,cols=3", "a2-b3", "3 . X .\n"),
])  # fmt: skip
def test_boards_are_drawn(text, moves, expected):
    game = games.parse(text)
    state = game.initial_state()
    for move in moves.split():
        game.play(state, game.parse_action(state, move))
    assert expected in game.render(state) + "\n"


@pytest.mark.parametrize("text, position, why", [
    ("othello", "x/o", "expected the rows"), ("othello:size=4", "..../.xo./.o../.... x", "in the middle is empty"),
    ("othello:size=6", "....../....../..ox../..xo../....../x....o x", "the disc on a6 was never put"),
    ("othello:size=6", "...x../...x../..ox../..xo../....../....oo x", "the disc on e6 was never put"),
    ("hex:size=3", ".../.../... o", "0 x and 0 o"), ("hex:size=3", "x.o/xo./xo. x", "connected already"),
    ("hex:size=2", "x./xo x", "2 x and 1 o"), ("breakthrough:rows=4,cols=2", "o./../../.. o", "has won"),
    ("breakthrough:rows=4,cols=2", "xo/o./.x/xx x", "has won"), ("breakthrough", "x", "expected"),
    ("breakthrough:rows=4,cols=2", "oo/oo/oo/xx x", "either begins with 4"),
    ("breakthrough:rows=4,cols=2", "xx/../.o/.. o", "more than one piece has arrived"),
])  # fmt: skip
def test_impossible_positions_are_refused(text, position, why):
    with pytest.raises(ValueError, match=why):
        games.parse(text).parse_state(position)


@pytest.mark.parametrize("text, move, why", [
    ("othello", "z9", "expected a square from a1 to h8, or pass"), ("othello", "a1", "legal moves are d3, c4, f5, e6"),
    ("othello", "pass", "legal moves are"), ("hex", "l1", "expected a square from a1 to k11"),
    ("hex", "swap", "cannot read the move"),
    ("breakthrough", "a1-a2", "legal moves are"),
    ("breakthrough", "", "cannot read the move"), ("breakthrough", "z1-z2", "expected a square from a1 to h8"),
])  # fmt: skip
def test_moves_that_cannot_be_are_refused(text, move, why):
    game = games.parse(text)
    with pytest.raises(ValueError, match=why):
        game.parse_action(game.initial_state(), move)


@pytest.mark.parametrize("text, why", [
    ("othello:size=7", "expected an even number"), ("othello:size=18", "from 4 to 16"), ("hex:size=20", "from 2 to 19"),
    ("breakthrough:rows=3", "from 4 to 20"), ("hex:swap=maybe", "one of no, yes"),
])  # fmt: skip
def test_impossible_rules_are_refused(text, why):
    with pytest.raises(ValueError, match=why):
        games.parse(text)
