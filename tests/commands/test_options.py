"""The game that a command is about is told by the model where it is not named."""

from __future__ import annotations

import json

import pytest
import torch

import games
from alphazero import load_model
from alphazero.commands.options import game_of, models_of
from alphazero.config import NetworkConfig
from alphazero.network import for_game, save_model
from tests.test_cli import error_line, run


@pytest.fixture
def runs(tmp_path):
    """The folders of a run of tic-tac-toe and of one of Connect Four, with models in them."""
    folders = {}
    for text in ("tic_tac_toe", "connect_four:rows=4,cols=4"):
        torch.manual_seed(0)
        game, folder = games.parse(text), tmp_path / text.partition(":")[0]
        folder.mkdir()
        save_model(folder / "model.safetensors", for_game(game, NetworkConfig(blocks=1, channels=4)), game)
        folders[text.partition(":")[0]] = str(folder)
    return folders


def test_a_model_is_loaded_by_the_folder_of_its_run(runs):
    assert load_model(runs["tic_tac_toe"]).game == games.make("tic_tac_toe")
    with pytest.raises(FileNotFoundError, match="no such model"):
        load_model("/no/such/run")


def test_the_models_tell_the_game_where_none_is_given(runs):
    four = games.parse("connect_four:rows=4,cols=4")
    assert game_of(None, [None, runs["connect_four"]]) == four
    assert game_of("tic_tac_toe", ["never looked at"]) == games.make("tic_tac_toe")
    with pytest.raises(ValueError, match="the models are of tic_tac_toe and connect_four:rows=4"):
        game_of(None, list(runs.values()))


def test_the_models_of_players_are_found_in_whatever_form_they_are_named(runs):
    folder = runs["tic_tac_toe"]
    players = ["random", folder, f'policy:path="{folder}",temperature=0']
    assert [path.removesuffix("/model.safetensors") for path in models_of(players)] == [folder, folder]


def test_a_match_an_accuracy_and_a_selfplay_need_no_game_with_a_model(capsys, runs, tmp_path, monkeypatch):
    folder = runs["tic_tac_toe"]
    status, out, _ = run(capsys, "match", f"policy:path={folder}", "random", "--games", "2", "--json")
    assert status == 0 and json.loads(out)["game"] == games.spec(games.make("tic_tac_toe"))
    assert "labelled positions of tic_tac_toe" in error_line(capsys, "accuracy", "--player", folder)
    made = []
    monkeypatch.setattr("alphazero.selfplay.generate", lambda game, *_, **__: made.append(game) or tmp_path)
    status, _, _ = run(capsys, "selfplay", "--model", folder, "--games", "2", "--out", "x")
    assert status == 0 and made == [games.make("tic_tac_toe")]


def test_without_a_model_the_game_must_be_named(capsys):
    line = error_line(capsys, "match", "random", "mcts:simulations=2")
    assert "which game? no model tells it: name it with --game" in line
