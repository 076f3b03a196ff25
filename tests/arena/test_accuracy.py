"""Labelled positions are read as they are written, bad ones named by line, and wrong moves counted."""

import numpy as np
import pytest

import games
from alphazero.arena.accuracy import (
    Errors,
    PositionSet,
    count_errors,
    read_positions,
    total,
)
from alphazero.arena.players import make_player
from alphazero.exact import make_solver
from alphazero.play.player import Decisions, Player, Turns
from tests.exact.common import after

CONNECT_FOUR = games.make("connect_four")
WINS = "121212 1 -1 -1 -1 -1 -1 -1\n"  # made up but for the win: the first player completes the column


class FixedPlayer(Player):
    """Always plays the same column."""

    def __init__(self, game, action: int):
        super().__init__(game, f"column {action + 1}")
        self.action = action

    def decide(self, turns: Turns) -> Decisions:
        """Return the column for each turn."""
        return Decisions(np.full(len(turns.states), self.action))


def write(tmp_path, text: str):
    path = tmp_path / "some-set.txt"
    path.write_text(text)
    return path


def test_scores_and_positions_are_read_and_comments_left_out(tmp_path):
    text = "# two positions\n\n" + WINS + "111111 . 0 0 2 0 0 -3\n0 0 0 1 0 0 0\n"
    found = read_positions(write(tmp_path, text), CONNECT_FOUR)
    assert found.name == "some-set" and found.states["plies"].tolist() == [6, 6, 0]
    assert np.isnan(found.scores[1, 0]) and found.scores[1, 3] == 2.0
    assert found.correct.tolist() == [
        [True] + [False] * 6,
        [False] * 3 + [True] + [False] * 3,
        [False] * 3 + [True] + [False] * 3,
    ]


@pytest.mark.parametrize(("text", "words"), [
    ("", "no positions"),
    ("# nothing\n", "no positions"),
    (WINS + "1234 0 0 0\n", "line 2: 3 words|line 2: 4 scores|line 2: .*scores: expected 7"),
    (WINS + "\n12x4 0 0 0 0 0 0 0\n", "line 3: move 3: cannot read the move 'x'"),
    ("1111111 0 0 0 0 0 0 0\n", "line 1: move 7: illegal move '1'"),
    ("1212121 0 0 0 0 0 0 0\n", "line 1: the game is over"),
    ("12 0 0 0 0 0 0 a\n", "line 1: score 'a' of action 6"),
    ("12 . 0 0 0 0 0 0\n", "line 1: score '.' of action 0: expected a number, for it is legal"),
    ("111111 1 0 0 0 0 0 0\n", "line 1: score '1' of action 0: expected . for it is illegal"),
    ("12 nan 0 0 0 0 0 0\n", "line 1: score 'nan' of action 0"),
    ("4453 1 0 1 1 1 1\n", "line 1: 6 scores after '4453': expected 7"),
    ("12 34 0 0 0 0 0 0 0\n", "line 1: 2 words before the last 7"),
])  # fmt: skip
def test_bad_lines_are_named(tmp_path, text, words):
    with pytest.raises(ValueError, match=words):
        read_positions(write(tmp_path, text), CONNECT_FOUR)


def test_files_that_are_no_text_or_missing_are_errors(tmp_path):
    path = tmp_path / "bytes.txt"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ValueError, match="not a text file"):
        read_positions(path, CONNECT_FOUR)
    with pytest.raises(FileNotFoundError):
        read_positions(tmp_path / "missing.txt", CONNECT_FOUR)


def test_a_wrong_move_is_one_whose_result_is_not_the_best(tmp_path):
    # With column 1 a quicker win than with column 2: both are right.
    text = WINS + "112233 3 1 -1 18 -1 -1 -2\n12 -1 -1 0 0 0 -1 -2\n"
    found = read_positions(write(tmp_path, text), CONNECT_FOUR)
    for action, wrong in enumerate([1, 2, 2, 1, 2, 3, 3]):
        assert count_errors(FixedPlayer(CONNECT_FOUR, action), found).wrong == wrong, action


def test_many_positions_are_asked_for_in_parts(tmp_path):
    found = read_positions(write(tmp_path, WINS * 600), CONNECT_FOUR)
    done: list[tuple[str, int, int]] = []
    errors = count_errors(FixedPlayer(CONNECT_FOUR, 0), found, lambda *now: done.append(now))
    assert (errors.wrong, errors.positions) == (0, 600)
    assert len(done) > 1 and done[-1] == (found.name, 600, 600)


def test_interval_of_wilson_by_hand():
    # 10 wrong of 100: Wilson's interval is 5.52 % to 17.44 %; none wrong of 20: 0 to 16.11 %.
    few, none = Errors("a", 100, 10).interval, Errors("b", 20, 0).interval
    assert (few.value, few.low, few.high) == pytest.approx((0.1, 0.0552, 0.1744), abs=1e-4)
    assert (none.low, none.high) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert total([Errors("a", 100, 10), Errors("b", 20, 0)]) == Errors("all", 120, 10)


def test_the_solver_never_errs_and_random_play_does():
    game = games.make("connect_four", rows=4, cols=5)
    solver, rng = make_solver(game, 4.0), np.random.default_rng(0)
    states, scores = [], []
    while len(states) < 60:
        state = game.initial_state()
        for _ in range(rng.integers(4, 12)):
            if not game.is_over(state):
                game.play(state, int(rng.choice(game.legal(state))))
        if not game.is_over(state):
            solution = solver.solve(state)
            states.append(state)
            scores.append(np.where(solution.legal, solution.scores, np.nan))
    found = PositionSet("own", [[]] * 60, np.array(states, game.state_dtype), np.array(scores))
    assert count_errors(make_player("solver", game), found).wrong == 0
    assert count_errors(make_player("solver:distance=true,memory_mb=0.01", game), found).wrong == 0
    assert count_errors(make_player("random", game), found).wrong > 10


def test_with_distance_the_solver_wins_at_once_and_without_it_some_time():
    game = games.make("connect_four", rows=4, cols=5)
    states = np.array([after(game, "112233")] * 60, game.state_dtype)  # 4 wins at once
    fast = make_player("solver:distance=true", game, seed=1).choose(states)
    assert set(fast) == {3}
    any_win = make_player("solver", game, seed=1).choose(states)
    assert set(any_win) == set(make_solver(game, 1.0).solve(states[0]).best)
