"""NaN and infinity: refused in weights when they are loaded and in answers when they are given, by one line."""

import numpy as np
import pytest
import torch

import games
from alphazero import cli
from alphazero.arena.network_players import PolicyPlayer, ValuePlayer
from alphazero.arena.search_players import ModelPlayer
from alphazero.config import NetworkConfig, SearchConfig, build_config
from alphazero.network.file import save_model
from alphazero.network.inference import Inference
from alphazero.network.model import for_game
from alphazero.network.variants import Variant, available_variants
from alphazero.search import NetworkError, NetworkEvaluator, Oracle
from alphazero.selfplay.selfplay import SelfPlay

NAMES = [variant.name for variant in available_variants(torch.device("cpu"), "auto", compile=False)]
GAME = games.make("tic_tac_toe")
TINY = NetworkConfig(blocks=2, channels=8, policy_channels=2, value_channels=2, value_hidden=4)


def make(network, name="float32 plain"):
    return Inference(network, "cpu", batch_size=4, choice={"variant": name, "device": "cpu"})


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    "place", ["stem.conv.weight", "blocks.1.second.norm.running_var", "value_head.linear.bias"]
)
@pytest.mark.parametrize("name", NAMES)
def test_weights_that_are_no_numbers_are_refused_and_the_old_ones_stay(trained, name, place, number):
    network, bad = trained(), trained(seed=1)
    bad.name = "runs/a/model.safetensors"
    bad.state_dict()[place].view(-1)[0] = number
    expected = f"runs/a/model.safetensors: its weights are damaged: {place} holds NaN or infinity"
    inference = make(network, name)
    planes = np.ones((4, 2, 6, 7), np.float32)
    before = inference(planes)
    for load in (lambda: make(bad, name), lambda: inference.load(bad)):
        with pytest.raises(NetworkError) as error:
            load()
        assert str(error.value).startswith(expected) and "\n" not in str(error.value)
    for ours, theirs in zip(inference(planes), before, strict=True):
        assert (ours == theirs).all()
    assert inference.name == network.name


def test_weights_that_become_infinite_in_the_number_format_or_in_folding_are_refused(trained):
    for place, number, name in (
        ("blocks.1.pool.weight", 3.4e38, "bfloat16 plain"),  # rounds up to infinity
        ("stem.norm.running_var", -1.0, "float32 plain"),
        ("stem.norm.weight", 3e38, "float32 plain"),
    ):
        network = trained(global_pooling=2)
        network.state_dict()["stem.conv.weight"][0] = 100.0
        network.state_dict()[place].view(-1)[0] = number
        with pytest.raises(
            NetworkError, match=f"in {name.split()[0]}: its weights are damaged: .* NaN or infinity"
        ):
            Variant(getattr(torch, name.split()[0]), "plain").build(network, 4, torch.device("cpu"))


@pytest.mark.parametrize("name", NAMES)
def test_activations_that_overflow_are_refused_though_a_kernel_may_hide_them(trained, name):
    network = trained(blocks=3)
    for block in network.blocks:
        block.first.conv.weight.data.mul_(1e30)
    with pytest.raises(
        NetworkError, match=r"the network: its weights are too large .* more than 1e\+30 \(0\)"
    ):
        make(network, name)
    inference = make(trained(blocks=3), name)
    with pytest.raises(NetworkError, match="its weights are too large"):
        inference.load(network)
    assert np.isfinite(inference(np.ones((4, 2, 6, 7), np.float32))[0]).all()


def overflowing(path):
    """Write a model whose weights are numbers and whose activations are not."""
    game = games.make("tic_tac_toe")
    network = for_game(game, TINY)
    for part in (network.stem, network.blocks[0].first, network.blocks[0].second):
        part.conv.weight.data.mul_(1e20)
    save_model(path, network, game)
    return str(path)


@pytest.mark.parametrize("command", [
    "analyze tic_tac_toe --model {model}",
    "analyze tic_tac_toe --model {model} --json",
    "match model:path={model} random --game tic_tac_toe --games 2",
    "match policy:path={model} random --game tic_tac_toe --games 2",
    "match value:path={model} random --game tic_tac_toe --games 2",
    "selfplay tic_tac_toe --model {model} --out {folder} --games 4",
])  # fmt: skip
def test_commands_end_with_one_line_that_names_the_file_and_write_nothing(tmp_path, capsys, command):
    path, folder = overflowing(tmp_path / "model.safetensors"), tmp_path / "games"
    status = cli.main(command.format(model=path, folder=folder).split())
    out, err = capsys.readouterr()
    assert status == 2 and out == ""
    assert err.startswith(f"alphazero: error: {path}: its weights are too large") and err.count("\n") == 1
    assert not folder.exists()


class Diverged(Oracle):
    """A network that answers well, until it is `broken`; `place` says what is no number then."""

    name = "runs/a/model.safetensors"

    def __init__(self, place: str, number: float):
        self.place, self.number, self.broken = place, number, False

    def __call__(self, planes):
        logits, values = np.zeros((len(planes), 9), np.float32), np.zeros(len(planes), np.float32)
        if self.broken:
            (logits if self.place == "logits" else values)[-1] = self.number
        return logits, values


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("make_player", [
    lambda oracle: PolicyPlayer(GAME, oracle), lambda oracle: ValuePlayer(GAME, oracle),
    lambda oracle: ModelPlayer(GAME, oracle, SearchConfig(simulations=20)),
], ids=["logits", "values", "both"])  # fmt: skip
def test_a_player_refuses_answers_that_are_no_numbers_and_names_the_network(request, make_player, number):
    needed = request.node.callspec.id.split("-")[0]
    states = np.array([GAME.initial_state()])
    for place in ("logits", "values"):
        oracle = Diverged(place, number)
        player = make_player(oracle)
        player.choose(states)
        player.new_games()
        oracle.broken = True
        if needed not in (place, "both"):
            player.choose(states)
            continue
        with pytest.raises(
            NetworkError, match=r"^runs/a/model.safetensors: answers NaN or infinity for a position"
        ):
            player.choose(states)


def test_self_play_stops_at_answers_that_are_no_numbers_with_no_game_finished():
    config = build_config({}, ["selfplay.parallel_games=4", "search.simulations=4"])
    for place in ("logits", "values"):
        oracle = Diverged(place, np.nan)
        worker = SelfPlay(GAME, NetworkEvaluator(oracle), config.search, config.selfplay, seed=0)
        oracle.broken = True
        with pytest.raises(NetworkError, match="answers NaN or infinity"):
            worker.play(4)
