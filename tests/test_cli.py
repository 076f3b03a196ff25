"""The command line as its user meets it: help at once, one line for every error, exit status 0, 2 or 130."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys

import pytest

from alphazero import cli
from alphazero.arena.players import KINDS, find_kind
from alphazero.commands import train as train_command
from alphazero.commands.options import model_spec, player_spec
from games.options import parse_spec

MODULES_CODE = """
import sys
from alphazero.cli import main
try:
    status = main(sys.argv[1:])
except SystemExit as exit:
    status = exit.code
heavy = {"torch", "numba", "pydantic", "numpy", "matplotlib", "scipy"} & sys.modules.keys()
print("status", status, "heavy", *heavy)
"""


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    """Return exit status, stdout and stderr of one command."""
    try:
        status = cli.main(arguments)
    except SystemExit as error:
        status = int(error.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def error_line(capsys, *arguments: str) -> str:
    """Return the error of a command that fails with one line on stderr, status 2, nothing on stdout."""
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("alphazero: error: ") and err.count("\n") == 1, err
    return err.removeprefix("alphazero: error: ").rstrip("\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["train", "--help"],
        ["play", "--help"],
        ["games"],
        ["games", "connect_four"],
        ["champions"],
        ["players", "--help"],
        ["trian"],
    ],
)
def test_help_and_lists_load_neither_torch_nor_numba_nor_pydantic(run_python, arguments):
    result = run_python(MODULES_CODE, *arguments)
    status = "2" if arguments == ["trian"] else "0"
    assert result.stdout.splitlines()[-1] == f"status {status} heavy", result.stdout + result.stderr


def test_help_names_every_command(capsys):
    status, out, _ = run(capsys, "--help")
    assert status == 0 and all(f"    {name} " in out for name in cli.COMMANDS)


def test_games_are_listed_and_their_rules_shown(capsys):
    status, out, _ = run(capsys, "games")
    assert status == 0 and "connect_four" in out and "tic_tac_toe" in out
    status, out, _ = run(capsys, "games", "connect_four")
    assert status == 0 and "rows" in out and "default 6" in out


def test_kinds_of_players_are_listed_and_their_options_shown(capsys):
    status, out, _ = run(capsys, "players")
    assert status == 0 and [line.split()[0] for line in out.splitlines()] == list(KINDS)
    for name in KINDS:
        status, out, _ = run(capsys, "players", name)
        assert status == 0 and out.startswith(f"{name}: ")
        for option in find_kind(name).options:
            assert f"  {option.name} " in out and f"{option.meaning} ({option.allowed}; " in out
    status, out, _ = run(capsys, "players", "mcts:c=0.5")
    assert status == 0 and out.startswith("mcts:c=0.5 can be played")
    assert "c=-1 is not possible: expected a number from 0 to 1000" in error_line(
        capsys, "players", "mcts:c=-1"
    )


def test_listing_players_loads_neither_torch_nor_numba(run_python):
    result = run_python(MODULES_CODE, "players", "champion")
    assert not {"torch", "numba"} & set(result.stdout.splitlines()[-1].split()), result.stdout + result.stderr


def test_an_illegal_move_in_a_saved_game_names_the_file(capsys, tmp_path):
    path = tmp_path / "saved.txt"
    path.write_text(
        "alphazero game record 1\ngame: tic_tac_toe\nhuman: first\nopponent: random\nresult:\nmoves: zz\n"
    )
    line = error_line(capsys, "play", "--load", str(path), "--opponent", "random")
    assert f"{path}: move 1 of the saved game" in line


@pytest.mark.parametrize(("arguments", "words"), [
    ([], "COMMAND"),
    (["trian"], "unknown command 'trian', did you mean 'train'?"),
    (["--foo"], "unknown option '--foo'; expected a command: games"),
    (["--versoin"], "did you mean '--version'?"),
    (["play", "connect_four", "--simulatons", "3"], "'--simulatons', did you mean '--simulations'?"),
    (["games", "conect_four"], "did you mean 'connect_four'?"),
    (["games", "go:size=20"], "size"),
    (["match", "runs/typo", "random", "--game", "connect_four"], "runs/typo: no such run or model"),
    (["play", "connect_for"], "unknown game 'connect_for', did you mean 'connect_four'?"),
    (["play", "connect_four:rows=0"], "rows=0"),
    (["play", "connect_four:rws=6"], "did you mean 'rows'?"),
    (["play"], "play needs a game"),
    (["play", "tic_tac_toe", "--load", "missing.txt"], "missing.txt: No such file"),
    (["play", "tic_tac_toe", "--model", "missing.safetensors"], "missing.safetensors: no such model"),
    (["play", "tic_tac_toe", "--opponent", "random", "--simulations", "3"], "--simulations does not change"),
    (["play", "tic_tac_toe", "--side", "third"], "invalid choice: 'third'"),
    (["play", "tic_tac_toe", "--device", "gpu"], "invalid choice: 'gpu'"),
    (["analyze", "tic_tac_toe", "--moves", "zz"], "move 1: "),
    (["analyze", "tic_tac_toe", "--simulations", "0"], "'0' is not a whole number of at least 1"),
    (["match", "rndom", "random", "--game", "tic_tac_toe"], "did you mean 'random'?"),
    (["match", "random", "random", "--game", "tic_tac_toe", "--games", "3"], "3 games: expected an even number"),
    (["train"], "given: none"),
    (["train", "a.toml", "b.toml"], "given: a.toml and b.toml"),
    (["train", "missing.toml"], "missing.toml: no such settings file"),
    (["train", "--resume", "runs/x", "a.toml"], "leave out a.toml"),
    (["train", "a.toml", "--device", "cpu", "--simulations=3"], "unknown argument '--simulations=3'"),
    (["selfplay", "tic_tac_toe"], "--model, --games, --out"),
    (["bench", "serach"], "invalid choice: 'serach'"),
])  # fmt: skip
def test_bad_input_is_one_line_and_status_2(capsys, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert words in error_line(capsys, *arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("raised", "status", "words"), [
    (ValueError("first line\nsecond"), 2, "alphazero: error: first line second"),
    (OSError(errno.ENOSPC, "No space left on device", "runs/x"), 2,
     "alphazero: error: runs/x: the disk is full"),
    (FileNotFoundError(errno.ENOENT, "No such file or directory", "x"), 2,
     "alphazero: error: x: No such file or directory"),
    (OSError("only a text"), 2, "alphazero: error: only a text"),
    (MemoryError(), 2, "alphazero: error: out of memory"),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), 2,
     "alphazero: error: out of memory"),
    (KeyboardInterrupt(), 130, "alphazero: interrupted"),
])  # fmt: skip
def test_what_a_command_raises_becomes_one_line(capsys, monkeypatch, raised, status, words):
    def fail(args):
        raise raised

    monkeypatch.setattr("alphazero.commands.games.run", fail)
    result, _, err = run(capsys, "games")
    assert result == status and err.startswith(words) and err.count("\n") == 1


def test_a_mistake_in_the_program_is_not_hidden(monkeypatch):
    def fail(args):
        raise TypeError("a bug")

    monkeypatch.setattr("alphazero.commands.games.run", fail)
    with pytest.raises(TypeError):
        cli.main(["games"])


@pytest.mark.parametrize("arguments", [
    ["c.toml", "search.simulations=3", "seed=2"],
    ["c.toml", "search.simulations=3", "--device", "cpu", "seed=2"],
    ["--device", "cpu", "c.toml", "search.simulations=3", "seed=2"],
])  # fmt: skip
def test_overrides_of_train_may_stand_before_and_after_options(monkeypatch, arguments):
    calls = []
    monkeypatch.setattr("alphazero.api.train", lambda path, overrides: calls.append((path, overrides)))
    assert cli.main(["train", *arguments]) == 0
    device = ["device=cpu"] if "--device" in arguments else []
    assert calls == [("c.toml", ["search.simulations=3", "seed=2", *device])]


@pytest.mark.parametrize("overrides", [
    ["game=othello:size=3"], ["evaluation.anchors=['nobody']"], ["game=no_game"], ["search.memory_mb=0.001"],
])  # fmt: skip
def test_a_refused_run_leaves_no_folder_behind(capsys, tmp_path, monkeypatch, overrides):
    monkeypatch.chdir(tmp_path)
    error_line(capsys, "train", "tic_tac_toe", "run.minutes=0.01", *overrides)
    error_line(capsys, "train", "tic_tac_toe", "run.minutes=0.01", "run.folder=a/b/c", *overrides)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["champions"], ["games", "chess"], ["--help"], ["train", "--help"]])
def test_a_closed_pipe_ends_a_command_quietly_with_the_status_of_a_broken_pipe(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "alphazero", *arguments]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("arguments", [["games"], ["--help"]])
def test_output_that_finds_no_place_is_one_line_of_error(arguments):
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "alphazero", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 2 and "disk is full" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(("command", "arguments"), [
    ("champions", []), ("match", ["random", "random", "--game", "tic_tac_toe", "--games", "2"]),
    ("analyze", ["tic_tac_toe", "--simulations", "9"]), ("solve", ["tic_tac_toe", "--moves", "a1 b2 c3"]),
    ("accuracy", ["connect_four", "--player", "random", "--positions", "{}"]),
    ("bench", ["games", "tic_tac_toe", "--rounds", "1"]),
])  # fmt: skip
def test_the_help_of_json_says_what_is_printed(capsys, tmp_path, command, arguments):
    (tmp_path / "set.txt").write_text("112233 -1 -1 -1 1 -1 -1 -1\n")
    _, out, _ = run(capsys, command, *(word.format(tmp_path / "set.txt") for word in arguments), "--json")
    _, told, _ = run(capsys, command, "--help")
    told = " ".join(told.split())
    kind = {dict: "print one JSON object", list: "print a JSON array"}[type(json.loads(out))]
    assert out.count("\n") == 1 and kind in told


def test_resume_goes_on_with_the_run_and_takes_overrides(monkeypatch):
    calls = []
    monkeypatch.setattr("alphazero.api.resume", lambda folder, overrides: calls.append((folder, overrides)))
    assert cli.main(["train", "--resume", "runs/x", "run.minutes=30"]) == 0
    assert calls == [("runs/x", ["run.minutes=30"])]


def test_a_match_is_told_in_words_and_as_json(capsys):
    arguments = ("match", "random", "random", "--game", "tic_tac_toe", "--games", "10", "--seed", "3")
    status, out, _ = run(capsys, *arguments)
    assert status == 0 and "of 10 games" in out
    status, out, _ = run(capsys, *arguments, "--json")
    told = json.loads(out)
    assert status == 0 and told["wins"] + told["draws"] + told["losses"] == told["games"] == 10


def test_analysis_as_json_finds_the_winning_move_and_its_numbers_add_up(capsys):
    arguments = ("analyze", "connect_four", "--moves", "1 2 1 2 1 2", "--simulations", "300", "--json")
    status, out, _ = run(capsys, *arguments)
    told = json.loads(out)
    assert status == 0 and told["to_move"] == 0 and told["value"] > 0.5
    best = told["moves"][0]
    assert best["move"] == "1" and best["q"] == 1.0 and best["principal_variation"] == ["1"]
    assert abs(sum(move["prior"] for move in told["moves"]) - 1.0) < 1e-3
    assert sum(move["visits"] for move in told["moves"]) in (299, 300)


def test_analysis_as_text_shows_board_and_table(capsys):
    status, out, _ = run(capsys, "analyze", "connect_four", "--moves", "4", "--simulations", "50")
    assert status == 0 and "X" in out and "principal variation" in out and "second player, to move" in out


def test_a_model_is_named_by_its_file_or_its_run(tmp_path):
    file = tmp_path / "model.safetensors"
    file.touch()
    assert parse_spec(model_spec(str(tmp_path), 7)) == ("model", {"path": str(file), "simulations": "7"})
    assert parse_spec(player_spec(str(file))) == ("model", {"path": str(file)})
    assert player_spec("mcts:simulations=7") == "mcts:simulations=7"


def test_selfplay_passes_on_what_was_asked_for(capsys, tmp_path, monkeypatch):
    calls = []

    def generate(game, model, num_games, out, **options):
        calls.append((game.name, model, num_games, out, options))
        return out

    monkeypatch.setattr("alphazero.selfplay.generate", generate)
    file = tmp_path / "m.safetensors"
    file.touch()
    arguments = ("--model", str(file), "--games", "5", "--out", "x", "--simulations", "9", "--seed", "3")
    status, out, _ = run(capsys, "selfplay", "connect_four", *arguments, "--device", "cpu", "--workers", "2")
    assert status == 0 and "alphazero.load_games('x')" in out
    options = {"simulations": 9, "seed": 3, "device": "cpu", "progress": False}
    assert [(name, games, folder) for name, _, games, folder, _ in calls] == [("connect_four", 5, "x")]
    assert calls[0][-1].pop("config").selfplay.workers == 2
    assert {**calls[0][-1], "progress": False} == options and calls[0][1] == file


def test_a_run_gets_a_new_folder_each_time(tmp_path, monkeypatch):
    from alphazero import api

    monkeypatch.setattr(api, "RUNS", tmp_path)
    assert api.new_folder("x") == tmp_path / "x"
    (tmp_path / "x").mkdir()
    (tmp_path / "x-2").mkdir()
    assert api.new_folder("x") == tmp_path / "x-3"


def test_the_public_names_are_there_and_unknown_ones_are_not():
    import alphazero

    assert callable(alphazero.make_player) and alphazero.load_config is not None
    assert "train" in dir(alphazero)
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = alphazero.trian
    assert train_command.SUMMARY


@pytest.mark.parametrize(("given", "expected"), [({}, "5000"), ({"GOMP_SPINCOUNT": "7"}, "7")])
def test_waiting_threads_soon_sleep_unless_the_user_says_otherwise(given, expected):
    environment = {key: value for key, value in os.environ.items() if key != "GOMP_SPINCOUNT"} | given
    show = "import alphazero, os; print(os.environ['GOMP_SPINCOUNT'])"
    done = subprocess.run(
        [sys.executable, "-c", show], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == expected
