"""`alphazero solve` and `alphazero accuracy` as their user meets them."""

from __future__ import annotations

import json

import pytest

from tests.test_cli import error_line, run


def test_solve_shows_the_board_the_value_and_every_move(capsys):
    status, out, _ = run(capsys, "solve", "connect_four:rows=4,cols=6", "--moves", "3 3 4 4", "--distance")
    assert status == 0
    assert "Win for the first player, to move; best: 2 5" in out and "win in 3 plies" in out


def test_solve_as_json_reads_a_state_as_text(capsys):
    status, out, _ = run(capsys, "solve", "tic_tac_toe", "--state", "x.o/.x./..o", "--json")
    found = json.loads(out)
    assert status == 0 and found["value"] == 0 or found["value"] in (1, -1)
    assert {move["move"] for move in found["moves"]} >= set(found["best"])
    assert "plies" not in found["moves"][0]


def test_solved_tic_tac_toe_is_a_draw_with_nine_drawing_moves(capsys):
    _, out, _ = run(capsys, "solve", "tic_tac_toe", "--distance", "--json")
    found = json.loads(out)
    assert found["value"] == 0 and len(found["best"]) == 9 == len(found["moves"])


@pytest.mark.parametrize(("arguments", "words"), [
    (["solve", "connect_four", "--moves", "1 9"], "move 2"),
    (["solve", "connect_four", "--moves", "1 2 1 2 1 2 1"], "the game is over"),
    (["solve", "connect_four", "--state", "nonsense"], "nonsense"),
    (["solve", "connect_four", "--moves", "1", "--state", "x"], "not allowed with"),
    (["solve", "connect_four", "--seconds", "0"], "'0' is not a number above 0"),
    (["solve", "gomoku", "--seconds", "0.1"], "is not solved after 0.1 seconds"),
    (["accuracy", "connect_four"], "--player"),
    (["accuracy", "tic_tac_toe", "--player", "random"], "no labelled positions of tic_tac_toe come with the package"),
    (["accuracy", "connect_four:connect=5", "--player", "random"], "no labelled positions of connect_four:rows=6"),
    (["accuracy", "connect_four", "--player", "random", "--positions", "missing.txt"], "missing.txt: No such file"),
    (["accuracy", "connect_four", "--player", "perfect"], "unknown kind of player 'perfect'"),
])  # fmt: skip
def test_errors_are_one_line(capsys, arguments, words):
    assert words in error_line(capsys, *arguments)


def test_accuracy_counts_by_set_and_player(capsys, tmp_path):
    (tmp_path / "a.txt").write_text("112233 -1 -1 -1 1 -1 -1 -1\n" * 4)
    (tmp_path / "b.txt").write_text("11223 -1 -1 -1 0 -1 -1 -1\n")
    arguments = ["accuracy", "connect_four", "--positions", str(tmp_path), "--player", "alphabeta:depth=2",
                 "--player", "random"]
    status, out, _ = run(capsys, *arguments)
    assert status == 0 and out.count("positions  wrong moves") == 2
    _, out, _ = run(capsys, *arguments, "--json")
    rows = json.loads(out)["players"]["alphabeta:depth=2"]
    assert [(row["set"], row["positions"], row["wrong"]) for row in rows] == [("a", 4, 0), ("b", 1, 0), ("all", 5, 0)]
