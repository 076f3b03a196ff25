"""Go: against slow rules, known counts of moves and positions, drawn positions, and its planes."""

import itertools
import random

import numpy as np
import pytest

import games
from alphazero.exact import make_solver
from tests.games.counting import perft
from tests.games.reference_go import ReferenceGo

WORDS = ("simple", "positional", "situational")
# rows, cols, superko, suicide
RULES = [(2, 2, ko, suicide) for ko in WORDS for suicide in (0, 1)]
RULES += [
    (3, 3, "simple", 0),
    (3, 3, "positional", 1),
    (2, 5, "situational", 0),
    (1, 6, "positional", 0),
    (4, 4, "situational", 1),
    (5, 5, "positional", 0),
    (7, 6, "simple", 1),
    (9, 9, "positional", 0),
    (3, 12, "positional", 1),
    (1, 19, "situational", 0),
    (4, 15, "positional", 0),
]


def make(rows, cols, superko="positional", suicide=0, **others):
    return games.make("go", rows=rows, cols=cols, superko=superko, suicide=suicide, **others)


def agree(game, state, reference: ReferenceGo) -> None:
    """Assert that a position shows exactly what the slow rules say."""
    where = reference.text()
    assert game.state_text(state) == where
    assert game.legal(state).tolist() == reference.legal(), where
    assert game.is_over(state) == reference.over(), where
    assert game.outcome(state) == reference.outcome(), where
    assert game.to_move(state) == "xo".index(reference.mover), where
    planes = np.full((game.planes, *game.board_shape), np.nan, np.float32)
    game.encode(state, planes)
    assert planes[: 2 * game.history + 1].tolist() == reference.planes(), where
    if game.features:
        assert planes[2 * game.history + 1 :].tolist() == reference.features(), where


def play_games(rules, count: int, seed: int = 1, passes: float = 0.1) -> None:
    """Play random games together, comparing every position."""
    rng = random.Random(seed)
    rows, cols, superko, suicide = rules
    short = rows * cols < 30 and max(rows, cols) < 10  # an array of another length is compiled anew
    history, longest = rng.choice((1, 3, 8)), 60 if short else 150
    game = make(*rules, komi=0.5, history=history, features=1, max_plies=longest)
    for _ in range(count):
        reference = ReferenceGo(rows, cols, 0.5, superko, bool(suicide), history, longest)
        state = game.initial_state()
        while not reference.over():
            agree(game, state, reference)
            legal = reference.legal()
            few = len(legal) == 1 or rng.random() < passes
            action = legal[-1] if few else rng.choice(legal[:-1])
            reference.play(action)
            game.play(state, action)
        agree(game, state, reference)


@pytest.mark.parametrize("rules", RULES, ids=str)
def test_go_follows_the_slow_rules(rules):
    points = rules[0] * rules[1]
    play_games(rules, 30 if points < 10 else 20 if points < 30 else 3)  # more than 300 games in all


@pytest.mark.slow
@pytest.mark.parametrize("rules", RULES, ids=str)
def test_ten_thousand_games_follow_the_slow_rules(rules):
    play_games(rules, 10_000 // len(RULES) + 1, seed=2, passes=0.05)


def test_equal_hashes_are_equal_boards():
    game, boards = make(3, 3), {}
    rng = random.Random(3)
    for _ in range(60):
        state = game.initial_state()
        while not game.is_over(state):
            game.play(state, rng.choice(game.legal(state).tolist()))
            key = game.position_hash(state)
            shown = " ".join(game.state_text(state).split()[:2])
            assert boards.setdefault(key, shown) == shown
    assert len(boards) == len(set(boards.values())) > 300


# Known counts


@pytest.mark.parametrize("rules, expected", [
    ((2, 2, "positional", 1), [5, 21, 68, 156, 316, 604]),
    ((3, 3, "positional", 1), [10, 91, 738, 5281, 33384]),
    ((2, 3, "positional", 0), [7, 43, 222, 934, 3242]),
    ((2, 3, "positional", 1), [7, 43, 222, 942, 3378]),
], ids=str)  # fmt: skip
def test_strict_positional_superko_has_the_known_numbers_of_sequences(rules, expected):
    game = make(*rules)
    assert [perft(game, depth) for depth in range(1, len(expected) + 1)] == expected


@pytest.mark.parametrize(
    "rows, cols, expected",
    [
        (1, 1, 1),
        (1, 2, 5),
        (2, 2, 57),
        (2, 3, 489),
        (2, 4, 4125),
        (3, 3, 12675),
        pytest.param(3, 4, 321689, marks=pytest.mark.slow),
    ],
)
def test_as_many_positions_are_legal_as_counted(rows, cols, expected):
    game = make(rows, cols)
    count = 0
    for stones in itertools.product(".xo", repeat=rows * cols):
        lines = ("".join(stones[row * cols : (row + 1) * cols]) for row in range(rows))
        try:
            game.parse_state("/".join(lines) + " x")
            count += 1
        except ValueError as error:
            assert "a chain has no liberty" in str(error)
    assert count == expected


@pytest.mark.parametrize(
    ("rows", "cols", "lead"), [(1, 3, 3), (1, 4, 4), (2, 2, 1), (2, 3, 0), (2, 4, 8), (3, 3, 9)]
)
def test_black_leads_on_small_boards_by_as_much_as_is_known(rows, cols, lead):
    values = []
    for komi in (lead - 0.5, lead, lead + 0.5)[
        : 1 if lead == rows * cols else 3
    ]:  # nobody has more than the board
        game = games.make("go", rows=rows, cols=cols, komi=komi, history=1, superko="positional")
        values.append(make_solver(game, 32.0).solve(game.initial_state(), seconds=60.0).value)
    assert values == [1, 0, -1][: len(values)]


def simple_paths(game, state) -> int:
    """Return how many games there are as simple paths: positions never repeat, either colour may move at any time."""
    total = 1
    for turn in (0, 1):
        mover = state.copy()
        mover["player"] = turn
        mover["passes"] = 0
        for action in game.legal(mover)[:-1]:
            child = mover.copy()
            game.play(child, action)
            total += simple_paths(game, child)
    return total


@pytest.mark.parametrize("cols, expected", [(1, 1), (2, 9), (3, 907)])
def test_games_as_simple_paths_have_the_known_number(cols, expected):
    game = make(1, cols, suicide=1)
    assert simple_paths(game, game.initial_state()) == expected


# Rollouts


def test_rollouts_of_a_settled_board_give_its_area():
    # Both colours live with two eyes and twelve points, and nothing else is empty: nobody has a move but to pass.
    for komi, expected in ((-0.5, 1), (0.0, 0), (0.5, -1)):
        game = make(4, 6, komi=komi)
        state, out = game.parse_state(".x.xoo/xxxxoo/xxooo./xxo.oo x"), np.empty(game.num_actions, np.int32)
        assert {int(game.random_rollout(state.copy(), out, np.uint64(seed))) for seed in range(20)} == {
            expected
        }


def plain_rollout(reference: ReferenceGo, rng: random.Random) -> int:
    """Play at random: no suicide, no own eyes filled, simple ko; pass where nothing is left; the result by area."""
    for _ in range(3 * reference.rows * reference.cols):
        moves = [
            move for move in reference.legal()[:-1] if not is_own_eye(reference, divmod(move, reference.cols))
        ]
        reference.play(rng.choice(moves) if moves else reference.rows * reference.cols)
        if reference.passes == 2:
            break
    return (reference.score() > 0) - (reference.score() < 0)


def is_own_eye(reference: ReferenceGo, point: tuple[int, int]) -> bool:
    """Whether all neighbours are own, and no more diagonals are the other's than a true eye may have."""
    if any(reference.stones.get(near) != reference.mover for near in reference.around(point)):
        return False
    row, col = point
    corners = [(row + down, col + right) for down in (-1, 1) for right in (-1, 1)]
    inside = [
        corner for corner in corners if 0 <= corner[0] < reference.rows and 0 <= corner[1] < reference.cols
    ]
    others = sum(
        reference.stones.get(corner) == ("o" if reference.mover == "x" else "x") for corner in inside
    )
    return others + (len(inside) < 4) < 2


def test_rollouts_win_as_often_as_plain_ones():
    game, rng, count = make(4, 4, "simple", komi=1.5), random.Random(4), 250
    plain = [plain_rollout(ReferenceGo(4, 4, 1.5, "simple", False, 1, 10**6), rng) for _ in range(count)]
    out, fast = np.empty(game.num_actions, np.int32), []
    for seed in range(20 * count):
        fast.append(game.random_rollout(game.initial_state(), out, np.uint64(seed)))
    share, expected = np.mean(np.array(plain) == 1), np.mean(np.array(fast) == 1)
    assert abs(share - expected) < 4.5 * np.sqrt(expected * (1 - expected) / count)
    assert 0.2 < expected < 0.8


# Positions drawn as boards: x is Black


def after(game, board: str, *moves: str):
    state = game.parse_state(board)
    for move in moves:
        game.play(state, game.parse_action(state, move))
    return state


KO = ".xo./x.xo/.xo./...."  # White takes at b3


@pytest.mark.parametrize("superko", WORDS)
def test_a_ko_cannot_be_taken_back_at_once(superko):
    game = make(4, 4, superko)
    state = after(game, f"{KO} o", "b3")
    assert game.state_text(state).startswith(".xo./xo.o/.xo./.... x")
    with pytest.raises(ValueError, match="it would bring an earlier position back"):
        game.parse_action(state, "c3")
    for move in ("a1", "d1"):  # a threat and its answer
        game.play(state, game.parse_action(state, move))
    assert game.parse_action(state, "c3") == 1 * 4 + 2


def test_several_stones_may_kill_themselves_where_suicide_is_allowed():
    board = "xxo./.xo./ooo. x"
    with pytest.raises(ValueError, match="the stone would have no liberty"):
        make(3, 4).parse_action(make(3, 4).parse_state(board), "a2")
    game = make(3, 4, suicide=1)
    assert game.state_text(after(game, board, "a2")) == "..o./..o./ooo. o"
    for superko in WORDS:  # a single stone's suicide changes nothing but who is to move
        single = make(3, 3, superko, suicide=1)
        assert (0 in single.legal(single.parse_state(".o./ooo/.o. x"))) == (superko == "situational")


def playable(game, board: str, moves: str) -> int:
    """Play moves as long as they are legal; return how many were."""
    state = game.parse_state(board)
    for count, move in enumerate(moves.split()):
        try:
            game.play(state, game.parse_action(state, move))
        except ValueError as error:
            assert "it would bring an earlier position back" in str(error)
            return count
    return len(moves.split())


@pytest.mark.parametrize("superko, expected", [("simple", 5), ("positional", 2), ("situational", 4)])
def test_sending_two_and_returning_one_brings_the_stones_back(superko, expected):
    # White adds a1 to b1, Black takes both at c1, White takes c1 at b1: the same stones, the other player to move.
    # Situational superko forbids it only when Black passes and White does it all again.
    board, moves = "..../xxoo/xxoo/.o.o o", "a1 c1 b1 pass a1"
    assert playable(make(4, 4, superko), board, moves) == expected


@pytest.mark.parametrize("superko, expected", [("simple", 12), ("positional", 5), ("situational", 5)])
def test_three_kos_go_round_under_simple_ko_alone(superko, expected):
    black, white = (".xo.", "x.xo", ".xo."), (".xo.", "xo.o", ".xo.")  # who has just taken
    board = "/".join(".".join(rows) for rows in zip(black, white, white, strict=True)) + " x"
    assert playable(make(3, 14, superko), board, "h2 b2 n2 g2 c2 m2 " * 2) == expected


def test_stones_territory_and_neutral_points_are_scored_by_area():
    for board, lead in (
        ("x.x/xxx/... x", 9),
        ("..../xxxx/oooo/.... x", 0),
        (".xo./.xo./.xo./.xo. x", 0),
        ("xx../oo../..../.... x", 0),
        (".o.o/xxoo/.xx./...x x", 4),
    ):
        rows = board.split()[0].split("/")
        outcomes = []
        for komi in (lead - 0.5, lead, lead + 0.5):
            game = make(len(rows), len(rows[0]), komi=float(komi))
            state = game.parse_state(f"{board} pass pass")
            assert game.is_over(state)
            outcomes.append(game.outcome(state))
        assert outcomes == [1, 0, -1], board


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_the_points_under_a_finished_board_are_those_that_decide_it(size):
    from games.go.notation import area

    rng = random.Random(size)
    for _ in range(20):
        game = games.make("go", size=size, komi=rng.choice((0.0, 0.5, 3.0, 7.5)), history=1)
        state = game.initial_state()
        while not game.is_over(state):
            game.play(state, rng.choice(game.legal(state).tolist()))
        black, white = area(game, state)
        assert np.sign(black - white - game.komi) == game.outcome(state), game.state_text(state)
        assert (
            game.render(state).splitlines()[-1]
            == f"X {black}  O {white} + {game.komi:g} = {white + game.komi:g}"
        )


def test_a_game_that_reaches_its_longest_length_is_scored_as_it_stands():
    game = make(3, 3, komi=0.5, max_plies=3)
    state = game.initial_state()
    for move in ("b2", "a1", "a2"):
        assert not game.is_over(state)
        game.play(state, game.parse_action(state, move))
    assert game.is_over(state) and game.outcome(state) == 1 and game.max_plies == 3


@pytest.mark.parametrize("size, stones, points", [
    (19, 2, "d4 q16"), (19, 9, "d4 q16 d16 q4 d10 q10 k4 k16 k10"), (9, 5, "c3 g7 c7 g3 e5"), (8, 4, "c3 f6 c6 f3"),
])  # fmt: skip
def test_handicap_stones_stand_on_star_points_and_white_begins(size, stones, points):
    game = games.make("go", size=size, handicap=stones)
    state = game.initial_state()
    named = {game.parse_action(make(size, size).initial_state(), point) for point in points.split()}
    board = np.array([list(row) for row in game.state_text(state).split()[0].split("/")])
    assert {int(cell) for cell in np.flatnonzero(board == "x")} == named and (board == "o").sum() == 0
    assert game.to_move(state) == 1


@pytest.mark.parametrize("text, why", [
    ("go:size=20", "from 1 to 19"), ("go:rows=5", "needs cols"), ("go:size=9,rows=3,cols=4", "exclude each other"),
    ("go:size=5,handicap=2", "at least 7 points a side"),
    ("go:size=8,handicap=5", "at most 4"),
    ("go:size=7,handicap=9", "at most 4"), ("go:superko=super", "one of simple, positional, situational"),
    ("go:komi=half", "rule komi='half'"), ("go:history=0", "from 1 to 16"),
])  # fmt: skip
def test_impossible_rules_are_refused(text, why):
    with pytest.raises(ValueError, match=why):
        games.parse(text)


@pytest.mark.parametrize("position, why", [
    ("xo/ox x", "a chain has no liberty"), ("x./..", "expected the rows, a blank, and x or o"), ("xx/.. x", None),
    (".x./x.x/.x. z", "expected the rows"), ("../.. x ko a1", "no point is forbidden by ko where superko is not"),
    ("../.. x hello", "cannot read 'hello'"), ("../.. x pass pass pass", "cannot read 'pass pass pass'"),
])  # fmt: skip
def test_impossible_positions_are_refused(position, why):
    game = make(2, 2)
    if why is None:
        assert game.state_text(game.parse_state(position)) == position
        return
    with pytest.raises(ValueError, match=why):
        game.parse_state(position)


@pytest.mark.parametrize("position, why", [
    (".xo./xo.o/.xo. x ko c2", None), (".xo./xo.o/.xo. x ko c2 pass", "a pass lifts the ko"),
    ("oooo/o.oo/oooo x ko b2", "no single stone can have been taken"),
    (".o../o.o./.o.. x ko b2", "no single stone can have been taken"),
    (".xo./xx.o/.xo. x ko c2", "no single stone can have been taken"),
])  # fmt: skip
def test_a_ko_is_where_a_lone_stone_can_have_taken_one(position, why):
    game = make(3, 4, "simple")
    if why is None:
        assert game.state_text(game.parse_state(position)) == position
        return
    with pytest.raises(ValueError, match=why):
        game.parse_state(position)


@pytest.mark.parametrize("move, why", [
    ("i1", "expected a square from a1 to d4"), ("e1", "expected a square"), ("a5", "expected a square"),
    ("a1", "that point is taken"), ("", "cannot read the move"),
])  # fmt: skip
def test_moves_that_cannot_be_are_refused(move, why):
    game = make(4, 4)
    with pytest.raises(ValueError, match=why):
        game.parse_action(game.parse_state("..../..../..../x... o"), move)


def test_the_letter_i_is_left_out():
    game = games.make("go", size=19)
    state = game.initial_state()
    assert [game.action_name(state, action) for action in (7, 8, 18, 361)] == ["h19", "j19", "t19", "pass"]
    assert game.render(state).splitlines()[-1].endswith("a b c d e f g h j k l m n o p q r s t")
