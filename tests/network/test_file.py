import os

import pytest
import safetensors.torch
import torch

import games
from alphazero.config import NetworkConfig
from alphazero.network.file import load_model, save_model
from alphazero.network.model import Network, for_game
from tests.network.forging import forge

CONFIG = NetworkConfig(
    blocks=1, channels=8, policy_channels=2, value_channels=2, value_hidden=4, value_head="wdl"
)


@pytest.fixture
def game():
    return games.make("connect_four", rows=5, cols=6)


@pytest.fixture
def saved(tmp_path, game):
    """A model file and the network in it."""
    torch.manual_seed(0)
    network = for_game(game, CONFIG)
    network(torch.rand(4, *network.input_shape))  # so that batch norm has statistics
    for parameter in network.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    path = tmp_path / "model.safetensors"
    save_model(path, network, game, {"generation": 7, "run": "a", "numbers": [1, 0.5]})
    return path, network


def refusal(path, **arguments):
    """Return the one line with which a file is refused."""
    with pytest.raises(ValueError) as error:
        load_model(path, **arguments)
    line = str(error.value)
    assert str(path) in line and "\n" not in line
    return line


def test_a_saved_model_comes_back_bit_for_bit(saved, game):
    path, network = saved
    model = load_model(path, game=game)
    assert games.spec(model.game) == games.spec(game)
    assert model.network.config == CONFIG and not model.network.training
    assert model.metadata["provenance"] == {"generation": 7, "run": "a", "numbers": [1, 0.5]}
    assert model.metadata["game"] == games.spec(game) and model.metadata["encoding_version"] == 1
    states = network.state_dict(), model.network.state_dict()
    assert states[0].keys() == states[1].keys()
    for name, tensor in states[0].items():
        assert torch.equal(tensor, states[1][name]) and tensor.dtype == states[1][name].dtype
    planes = torch.rand(3, *network.input_shape)
    assert torch.equal(network.eval()(planes)[0], model.network(planes)[0])


def test_the_same_model_gives_the_same_bytes(saved, game, tmp_path):
    path, network = saved
    save_model(tmp_path / "again", network, game, {"generation": 7, "run": "a", "numbers": [1, 0.5]})
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_a_truncated_file_is_refused(saved):
    path, _ = saved
    data = path.read_bytes()
    for length in [0, 1, 7, 8, 100, len(data) // 2, len(data) - 1]:
        path.write_bytes(data[:length])
        refusal(path)
    path.write_bytes(data + b"\0")
    refusal(path)


def test_one_flipped_bit_anywhere_is_refused(saved):
    path, _ = saved
    data = path.read_bytes()
    header_size = int.from_bytes(data[:8], "little")
    places = [*range(8), *range(8, 8 + header_size, 7), *range(8 + header_size, len(data), 41), len(data) - 1]
    with path.open("r+b", buffering=0) as file:
        for place in places:
            os.pwrite(file.fileno(), bytes([data[place] ^ 1 << (place % 8)]), place)
            refusal(path)
            os.pwrite(file.fileno(), data[place : place + 1], place)
    load_model(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"PK\x03\x04" + bytes(500),
        b"\x02" + bytes(7) + b"{}",
        b"\x02" + bytes(7) + b"[]",
    ],
)
def test_a_foreign_file_is_refused(tmp_path, content):
    path = tmp_path / "foreign"
    path.write_bytes(content)
    refusal(path)


def test_a_pickle_is_refused_and_not_run(tmp_path):
    path = tmp_path / "model.pt"
    torch.save({"weight": torch.zeros(3)}, path)
    refusal(path)


def test_the_safetensors_of_another_program_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    safetensors.torch.save_file({"weight": torch.zeros(3)}, path)
    assert "no alphazero model" in refusal(path)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"game": "conect_four:rows=5,cols=6"}, "connect_four"),
        ({"input_shape": [3, 5, 6]}, "[3, 5, 6]"),
        ({"encoding_version": 2}, "version 2 of the planes"),
        ({"network": {"blocks": -1}}, "blocks"),
        ({"network": CONFIG.model_dump() | {"channels": 9}}, "weights do not fit"),
        ({"format_version": 99}, "format 99, this version reads 1"),
    ],
)
def test_metadata_that_does_not_hold_is_refused(saved, changes, words):
    path, _ = saved
    forge(path, changes)
    assert words in refusal(path)


def test_a_model_for_another_game_or_size_is_refused(saved):
    path, _ = saved
    assert "not for connect_four:rows=6,cols=7" in refusal(path, game=games.make("connect_four"))
    assert "not for tic_tac_toe" in refusal(path, game=games.make("tic_tac_toe"))


def test_a_network_is_not_saved_under_a_game_it_does_not_fit(tmp_path, game):
    network = Network((2, 6, 7), (7,), CONFIG)
    with pytest.raises(ValueError, match="not made for connect_four:rows=5"):
        save_model(tmp_path / "model", network, game)
    assert os.listdir(tmp_path) == []


def test_provenance_that_is_not_json_is_refused_and_nothing_is_written(tmp_path, game):
    for provenance in ({"loss": float("nan")}, {"when": object()}):
        with pytest.raises(ValueError, match="provenance"):
            save_model(tmp_path / "model", for_game(game, CONFIG), game, provenance)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(saved, game, monkeypatch, step):
    path, network = saved
    before = path.read_bytes()
    with monkeypatch.context() as patch:

        def full(*arguments):
            patch.undo()  # fails once: the error must not be lost
            raise OSError(28, "No space left on device")

        patch.setattr(os, step, full)
        with pytest.raises(OSError, match="No space left"):
            save_model(path, network, game, {"other": 1})
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "none.safetensors")


def save_go(path, size: int, **settings):
    config = CONFIG.model_copy(update={"value_pooling": True, "global_pooling": 1, **settings})
    go = games.make("go", size=size, history=1)
    network = for_game(go, config).eval()
    for parameter in network.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    save_model(path, network, go)
    return network


def test_a_network_that_fits_every_board_is_read_for_another_size(tmp_path):
    path = tmp_path / "go.safetensors"
    network = save_go(path, 5)
    larger = games.make("go", size=7, history=1, komi=0.5)
    loaded = load_model(path, game=larger)
    assert loaded.game == larger and loaded.network.input_shape == (3, 7, 7)
    planes = torch.rand(2, 3, 7, 7)
    for ours, theirs in zip(loaded.network(planes), network(planes), strict=True):
        assert torch.equal(ours, theirs)
    assert loaded.network(planes)[0].shape == (2, 50)
    assert load_model(path).game == games.make("go", size=5, history=1)
    go = (games.make("go", size=7), games.make("go", size=7, history=1, suicide=1))
    for other in (*go, games.make("othello", size=6), games.make("hex", size=5)):
        assert "a model for go:size=5" in refusal(path, game=other)


@pytest.mark.parametrize("settings", [{"value_pooling": False}, {"policy_head": "dense"}], ids=str)
def test_a_network_with_weights_for_every_square_is_not(tmp_path, settings):
    path = tmp_path / "go.safetensors"
    save_go(path, 5, **settings)
    assert "a model for go:size=5" in refusal(path, game=games.make("go", size=7, history=1))
