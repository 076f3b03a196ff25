"""The command `play`: who plays whom, from where, and what a saved game remembers of it."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

import games
from alphazero import cli
from alphazero.arena.engines import make_engine
from alphazero.config import NetworkConfig
from alphazero.terminal import load_record
from tests.test_cli import error_line, run


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def typed(monkeypatch, capsys):
    """Return a function that plays with lines, `|` between them, and returns the output."""

    def play(lines: str, *arguments: str) -> str:
        data = io.BytesIO("".join(f"{line}\n" for line in lines.split("|")).encode())
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data, encoding="utf-8"))
        status, out, error = run(capsys, "play", *arguments)
        assert status == 0, error
        return out

    return play


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """The folder of a run with an untrained network for tic-tac-toe."""
    from alphazero.network import for_game, save_model

    folder = tmp_path_factory.mktemp("runs") / "noughts"
    folder.mkdir()
    game = games.make("tic_tac_toe")
    config = NetworkConfig(blocks=1, channels=8, policy_channels=4, value_channels=4, value_hidden=8)
    save_model(folder / "model.safetensors", for_game(game, config), game)
    return folder


def test_a_model_alone_tells_the_game(typed, model):
    out = typed("a1|quit", "--model", str(model), "--simulations", "8", "--device", "cpu")
    assert "tic_tac_toe: you move first, against noughts (8 simulations)." in out
    assert len(re.findall("^Move ", out, re.MULTILINE)) == 1


def test_two_people_play_and_the_saved_game_remembers_that_they_do(typed):
    typed("a1|b2|save x.txt|quit", "tic_tac_toe", "--opponent", "human")
    assert (load_record("x.txt").human, load_record("x.txt").opponent) == ("both", "human")
    out = typed("c3|moves|quit", "--load", "x.txt")
    assert "you play both sides" in out and "1. a1  2. b2  3. c3" in out


def test_a_saved_game_goes_on_against_the_same_opponent_as_strong_as_it_was(typed):
    typed("4|save x.txt|quit", "connect_four", "--opponent", "mcts:simulations=30,c=1.5")
    assert load_record("x.txt").opponent == "mcts:simulations=30,c=1.5"
    assert "against mcts:simulations=30,c=1.5." in typed("quit", "--load", "x.txt")
    out = typed("save y.txt|quit", "--load", "x.txt", "--seconds", "0.1")  # unless it is told otherwise
    assert "it goes on against mcts:c=1.5,seconds=0.1." in out
    assert load_record("y.txt").opponent == "mcts:c=1.5,seconds=0.1"
    assert "it goes on against random." in typed("quit", "--load", "x.txt", "--opponent", "random")


def test_the_champion_is_saved_by_a_text_that_every_machine_can_read(typed):
    out = typed("4|save x.txt|quit", "connect_four", "--simulations", "8", "--device", "cpu")
    assert "against the champion (8 simulations)" in out
    assert load_record("x.txt").opponent == "champion:simulations=8"
    old = Path("x.txt").read_text().replace("champion:simulations=8", "the champion (9 simulations)")
    Path("x.txt").write_text(old)  # as earlier versions wrote it
    out = typed("quit", "--load", "x.txt", "--device", "cpu")
    assert "against the champion (9 simulations)" in out and "The saved game was against" not in out


def test_an_opponent_that_cannot_be_made_again_is_named_without_acting_on_the_terminal(typed):
    typed("a1|save x.txt|quit", "tic_tac_toe", "--opponent", "random")
    Path("x.txt").write_text(
        Path("x.txt").read_text().replace("opponent: random", "opponent: \x1b]0;x\x07me")
    )
    out = typed("quit", "--load", "x.txt", "--simulations", "5")
    assert "\x1b" not in out and "\x07" not in out
    assert "The saved game was against \\x1b]0;x\\x07me; it goes on against mcts:simulations=5." in out


def test_a_game_begins_from_moves_or_from_a_position(typed):
    out = typed("moves|undo|moves|quit", "connect_four", "--opponent", "random", "--moves", "4453")
    assert "1. 4  2. 4  3. 5  4. 3" in out and "1. 4  2. 4\n" in out
    out = typed("quit", "chess", "--opponent", "random", "--moves", "1. e4 e5 2. Nf3 Nc6")
    assert "Move 4: Nc6" in out
    fen = "r1bqkbnr/pppp1ppp/2n5/4p3/2B1P3/5Q2/PPPP1PPP/RNB1K1NR w KQkq - 0 1"
    out = typed("f3f7|moves|save x.txt|quit", "chess", "--opponent", "random", "--state", fen)
    assert "You win! Checkmate." in out and "1. Qxf7#" in out
    assert "You win! Checkmate." in typed("quit", "--load", "x.txt") and load_record("x.txt").start == fen


def test_a_game_that_was_resigned_is_so_when_it_is_loaded(typed):
    typed("a1|resign|save x.txt|quit", "tic_tac_toe", "--opponent", "random")
    assert "You resigned: random wins." in typed("quit", "--load", "x.txt")


def test_a_second_person_who_resigned_is_not_you_when_a_player_takes_that_place(typed):
    typed("a1|resign|save x.txt|quit", "tic_tac_toe", "--opponent", "human")
    out = typed("quit", "--load", "x.txt", "--opponent", "random")
    assert "The second player resigned: you win!" in out and "You resigned" not in out


def test_a_loaded_game_is_saved_to_its_own_file_and_another_one_is_loaded_with_its_own_opponent(typed):
    typed("a1|save x.txt|quit", "tic_tac_toe", "--opponent", "random")
    typed("4|save y.txt|quit", "connect_four", "--opponent", "mcts:simulations=9")
    out = typed(
        "load y.txt|5|save|load x.txt|quit", "tic_tac_toe", "--opponent", "alphabeta:depth=1", "--seed", "3"
    )
    assert "connect_four:rows=6,cols=7,connect=4: you move first, against mcts:simulations=9." in out
    assert out.count("tic_tac_toe: you move first, against random.") == 1
    assert len(load_record("y.txt").moves) == 4


@pytest.mark.parametrize(("arguments", "words"), [
    (["tic_tac_toe", "--opponent", "human", "--side", "first"], "--side first: both players are people"),
    (["tic_tac_toe", "--opponent", "random", "--seconds", "3"], "--seconds does not change --opponent"),
    (["tic_tac_toe", "--seconds", "0"], "'0' is not a number above 0"),
    (["tic_tac_toe", "--moves", "a1 a1"], "move 2"),
    (["tic_tac_toe", "--moves", "a1", "--state", "..."], "not allowed with"),
    (["tic_tac_toe", "--load", "x.txt", "--moves", "a1"], "--load has its own moves"),
    (["tic_tac_toe", "--state", "nonsense"], "nonsense"),
])  # fmt: skip
def test_what_cannot_be_played_is_one_line(capsys, arguments, words):
    assert words in error_line(capsys, "play", *arguments)


def test_the_strength_of_a_saved_opponent_without_a_search_is_not_changed_in_silence(capsys, typed):
    typed("a1|save x.txt|quit", "tic_tac_toe", "--opponent", "alphabeta:depth=2")
    line = error_line(capsys, "play", "--load", "x.txt", "--simulations", "5")
    assert "x.txt: --simulations and --seconds do not change the saved opponent alphabeta" in line


def test_analysis_takes_seconds_and_the_game_of_its_model(capsys, model):
    arguments = ("analyze", "--model", str(model), "--device", "cpu")
    status, out, _ = run(capsys, *arguments, "--moves", "a1b2", "--simulations", "20")
    assert status == 0 and "(20 simulations)" in out
    started = time.perf_counter()
    status, out, _ = run(capsys, "analyze", "tic_tac_toe", "--seconds", "0.7")
    assert status == 0 and 0.7 <= time.perf_counter() - started
    assert int(re.search(r"\((\d+) simulations\)", out)[1]) not in (400, 1000)


def test_an_error_shows_escape_sequences_as_letters(capsys):
    line = error_line(capsys, "play", "tic_tac_toe", "--load", "\x1b[2Jx.txt")
    assert "\x1b" not in line and "\\x1b[2Jx.txt: No such file" in line


def read_until(terminal: int, words: str, seconds: float) -> str:
    """Return what a program writes to a terminal until these words come."""
    text, deadline = "", time.monotonic() + seconds
    while words not in text:
        ready, _, _ = select.select([terminal], [], [], max(deadline - time.monotonic(), 0.0))
        assert ready, f"{words!r} did not come in {seconds} s: {text!r}"
        try:
            text += os.read(terminal, 4096).decode(errors="replace")
        except OSError:  # the program has ended
            break
    return text


def test_ctrl_c_in_a_long_search_is_heard_at_once_and_keeps_the_game(tmp_path):
    with make_engine("mcts:simulations=9", games.make("tic_tac_toe")) as engine:
        engine.think()  # what is compiled here need not be compiled there
    terminal, other = pty.openpty()
    command = [sys.executable, "-m", "alphazero", "play", "tic_tac_toe", "--opponent", "mcts:seconds=100"]
    path = f"{Path(cli.__file__).parent.parent}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    program = subprocess.Popen(
        command,
        stdin=other,
        stdout=other,
        stderr=other,
        cwd=tmp_path,
        start_new_session=True,
        preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0),
        env={**os.environ, "PYTHONPATH": path, "TERM": "dumb"},
    )
    try:
        os.close(other)
        read_until(terminal, "your move> ", 120)
        os.write(terminal, b"b2\n")
        time.sleep(3.0)  # it thinks
        started = time.monotonic()
        os.write(terminal, b"\x03")
        text = read_until(terminal, "interrupted", 10)
        seconds = time.monotonic() - started
        assert program.wait(30) == 130
        assert "Traceback" not in text and "The game is kept" in text, text
    finally:
        program.kill()
        program.wait()
        os.close(terminal)
    (file,) = tmp_path.glob("*.txt")
    assert load_record(file).moves == ("b2",) and seconds < 2.0
