"""`alphazero solve` and `alphazero accuracy` as their user meets them."""

from __future__ import annotations

import json

import pytest

import games
from alphazero.exact import make_solver
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
    arguments = [
        "accuracy",
        "connect_four",
        "--positions",
        str(tmp_path),
        "--player",
        "alphabeta:depth=2",
        "--player",
        "random",
    ]
    status, out, _ = run(capsys, *arguments)
    assert status == 0 and out.count("positions  wrong moves") == 2
    _, out, _ = run(capsys, *arguments, "--json")
    rows = json.loads(out)["players"]["alphabeta:depth=2"]
    assert [(row["set"], row["positions"], row["wrong"]) for row in rows] == [
        ("a", 4, 0),
        ("b", 1, 0),
        ("all", 5, 0),
    ]


def test_a_match_begins_from_the_openings_of_a_file(capsys, monkeypatch, tmp_path):
    from alphazero.arena import match

    path = tmp_path / "openings.txt"
    path.write_text("# two\n4453\n\n12 -1 0 1 ignored\n")
    begun, play_match = [], match.play_match

    def watched(*arguments, **settings):
        result = play_match(*arguments, **settings)
        begun.extend("".join(str(a + 1) for a in game.actions[: game.opening_plies]) for game in result.games)
        return result

    monkeypatch.setattr(match, "play_match", watched)
    status, out, _ = run(
        capsys,
        "match",
        "random",
        "random",
        "--game",
        "connect_four",
        "--games",
        "6",
        "--openings",
        str(path),
        "--json",
    )
    assert status == 0 and json.loads(out)["games"] == 6
    assert begun == ["4453", "4453", "12", "12", "4453", "4453"]


def drawn_openings(seed):
    from alphazero.commands.match import openings_of

    game = games.make("connect_four")
    return game, openings_of("drawn", game, seed)


def position_after(game, moves):
    state = game.initial_state()
    for action in moves:
        game.play(state, action)
    return state


def test_drawn_openings_are_distinct_up_to_mirror_images_and_the_seed_orders_them():
    game, found = drawn_openings(1)
    assert len(found) > 100 and {len(moves) for moves in found} == {2, 3, 4, 5, 6}
    mirrored = [[6 - action for action in moves] for moves in found]
    hashes = [
        {int(game.input_hash(position_after(game, moves))) for moves in both}
        for both in zip(found, mirrored, strict=True)
    ]
    assert len({min(pair) for pair in hashes}) == len(found)
    other = drawn_openings(2)[1]
    assert sorted(found) == sorted(other) and found != other


def test_drawn_openings_are_draws():
    game, found = drawn_openings(1)
    solver = make_solver(game, 64.0)
    longest = next(moves for moves in found if len(moves) == 6)
    assert solver.solve(position_after(game, longest)).value == 0


@pytest.mark.slow
def test_all_drawn_openings_are_draws():
    game, found = drawn_openings(1)
    solver = make_solver(game, 2048.0)
    for moves in sorted(found, key=len, reverse=True):
        assert solver.solve(position_after(game, moves)).value == 0


@pytest.mark.parametrize(("text", "words"), [
    ("4444444\n", "line 1: "), ("12\n\nxyz\n", "line 3: "), ("# none\n", "no openings"),
    ("1212121\n", "the game is over"), (None, "No such file"),
])  # fmt: skip
def test_bad_openings_are_named_by_their_line(capsys, tmp_path, text, words):
    path = tmp_path / "openings.txt"
    if text is not None:
        path.write_text(text)
    line = error_line(capsys, "match", "random", "random", "--game", "connect_four", "--openings", str(path))
    assert words in line and str(path) in line or "opening 0" in line


def test_no_drawn_openings_come_with_other_games(capsys):
    line = error_line(capsys, "match", "random", "random", "--game", "tic_tac_toe", "--openings", "drawn")
    assert "no drawn openings of tic_tac_toe" in line


@pytest.mark.parametrize(("game", "text", "message"), [
    ("chess", "e4,e5\ne4, e5", "line 2: a blank after 'e4,'"), ("chess", "e4e5", "joined by commas"),
    ("chess", "f3,e5,g4,Qh4", "line 1: the game is over"), ("connect_four", "448", "line 1: move 3: illegal move '8'"),
    ("chess", "# nothing", "no openings"),
])  # fmt: skip
def test_a_file_of_openings_is_refused_with_its_line(capsys, tmp_path, game, text, message):
    path = tmp_path / "openings.txt"
    path.write_text(text)
    status, _, error = run(
        capsys, "match", "random", "random", "--game", game, "--games", "2", "--openings", str(path)
    )
    assert status == 2 and str(path) in error and message in error, error


def test_an_opening_of_one_move_and_a_byte_order_mark_are_read(tmp_path):
    from alphazero.arena.openings import read_openings

    path = tmp_path / "openings.txt"
    path.write_text("\ufeffe4\n e4,e5 0.3\n", encoding="utf-8")
    assert [len(opening) for opening in read_openings(path, games.make("chess"))] == [1, 2]


def test_players_whose_text_ends_like_a_file_are_players(tmp_path):
    from alphazero.commands.options import player_spec

    for text in ("value:path=x.safetensors", "policy:path=runs/x/model.safetensors", "mcts:simulations=5"):
        assert player_spec(text) == text
    (tmp_path / "x.safetensors").touch()
    assert player_spec(str(tmp_path / "x.safetensors")).startswith("model:path=")


def test_a_position_is_analysed_from_its_text(capsys):
    fen = "6k1/5ppp/8/8/8/8/8/R5K1 w - - 0 1"
    status, out, _ = run(capsys, "analyze", "chess", "--state", fen, "--simulations", "300", "--json")
    found = json.loads(out)
    assert status == 0 and found["state"] == fen and found["moves"][0]["move"] == "Ra8#"
    status, _, error = run(capsys, "analyze", "chess", "--state", "6k1/8/8/8/8/8/8/R7 w - - 0 1")
    assert status == 2 and "White has no king" in error
