"""The networks that come with the package: their cards are whole and true, and commands find them."""

from __future__ import annotations

import json

import numpy as np
import pytest

import games
from alphazero.arena.accuracy import count_errors, read_positions
from alphazero.arena.players import make_player
from alphazero.champions import FOLDER, cards, champion_of, require_champion
from alphazero.commands.accuracy import position_files
from games.options import format_spec
from tests.test_cli import error_line, run

CARDS = cards()
FIELDS = {"game", "network", "parameters", "hours", "hardware", "games", "positions", "seed", "config", "date", "elo",
          "accuracy"}  # fmt: skip


def test_there_is_a_champion_of_connect_four():
    assert champion_of("connect_four:rows=6,cols=7,connect=4") is not None


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card["name"])
def test_a_card_says_everything_and_its_model_is_that_of_the_game(card):
    from alphazero.network import load_model

    assert card.keys() >= FIELDS
    model = load_model(card["path"])
    assert model.metadata["game"] == card["game"]
    assert model.metadata["provenance"]["positions"] == card["positions"]
    assert sum(parameter.numel() for parameter in model.network.parameters()) == card["parameters"]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card["name"])
def test_every_model_is_small_and_has_its_card(card):
    assert sum(path.stat().st_size for path in FOLDER.glob("*.safetensors")) < 10e6
    assert {path.stem for path in FOLDER.glob("*.safetensors")} == {card["name"] for card in CARDS}


def test_the_network_alone_errs_as_often_as_its_card_says():
    game = games.make("connect_four")
    card = next(card for card in CARDS if card["name"] == "connect_four")
    told = {row["set"]: row for row in card["accuracy"]["network"]}
    player = make_player(
        format_spec("policy", {"path": card["path"], "temperature": 0, "precision": "float32"}), game
    )
    for path in position_files(None, game):
        errors = count_errors(player, read_positions(path, game))
        assert errors.positions == told[errors.name]["positions"]
        assert abs(errors.wrong - told[errors.name]["wrong"]) <= 8  # other processors round otherwise


def test_the_champion_is_a_player_of_its_game_and_of_no_other():
    game = games.make("connect_four")
    player = make_player("champion:simulations=20", game, seed=1)
    state = game.initial_state()
    assert player.choose(np.array([state] * 3)).tolist() == [3, 3, 3]
    with pytest.raises(
        ValueError, match="no champion of connect_four:rows=5.*there is one of connect_four:rows=6"
    ):
        require_champion("connect_four:rows=5,cols=7,connect=4")
    with pytest.raises(ValueError, match="no champion of tic_tac_toe: there are champions of connect_four"):
        require_champion("tic_tac_toe")


def test_champions_are_listed(capsys):
    status, out, _ = run(capsys, "champions")
    assert status == 0 and "connect_four:rows=6,cols=7,connect=4" in out and "opening-over-28" in out
    _, out, _ = run(capsys, "champions", "--json")
    assert [card["game"] for card in json.loads(out)] == [card["game"] for card in CARDS]


def test_analysis_uses_the_champion_unless_told_otherwise(capsys):
    arguments = ["analyze", "connect_four", "--moves", "4 1 4 1 4", "--simulations", "50", "--json"]
    priors = {}
    for more in ((), ("--rollouts",)):
        status, out, _ = run(capsys, *arguments, *more)
        assert status == 0
        priors[more] = [move["prior"] for move in json.loads(out)["moves"]]
    assert max(priors[()]) > 0.5 and priors[("--rollouts",)] == pytest.approx([1 / 7] * 7, rel=1e-4)


def test_a_champion_for_other_rules_is_one_clear_line(capsys):
    line = error_line(capsys, "match", "champion", "random", "--game", "connect_four:rows=5")
    assert "no champion of connect_four:rows=5,cols=7,connect=4" in line
