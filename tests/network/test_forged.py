"""Model files whose digest is right and whose content is wrong: each refused by one line, nothing built before."""

import json
import os
import random
import resource
import time

import pytest
import torch

import games
from alphazero.config import NetworkConfig
from alphazero.network.file import load_model, save_model
from alphazero.network.model import for_game
from alphazero.search import NetworkError
from tests.network.forging import contents, forge, forge_header, forge_text

CONFIG = NetworkConfig(blocks=1, channels=4, policy_channels=2, value_channels=2, value_hidden=4)
HUGE = {"blocks": 200, "channels": 4096, "policy_channels": 4096, "value_hidden": 65536}
NUMBERS = (0, -1, 7, 10**30, 1.5, True)
OTHERS = (
    None,
    [],
    {},
    "",
    "3",
    [1.0, 2, 3],
    [True, 3, 3],
    [[]],
    {"a": 1},
    "\x1b[31mred\x07",
    "\ud800",
    "x" * 5000,
)


@pytest.fixture
def saved(tmp_path):
    game = games.make("tic_tac_toe")
    path = tmp_path / "model.safetensors"
    save_model(path, for_game(game, CONFIG), game, {"run": "forged"})
    return path


def refusal(path, **arguments) -> str:
    """Return the one line, of printable characters and not too long, with which a file is refused."""
    with pytest.raises(ValueError) as error:
        load_model(path, **arguments)
    line = str(error.value)
    assert str(path) in line and "\n" not in line and line.isprintable() and len(line) < 1000
    return line


def wrong_fields(rng: random.Random, metadata: dict):
    """Return other metadata: a field of another type, or another value of its own."""
    field = rng.choice(sorted(set(metadata) - {"sha256", "provenance"}))
    value = rng.choice([*NUMBERS, *OTHERS])
    return (
        {field: value}
        if value != metadata[field] or type(value) is not type(metadata[field])
        else {field: None}
    )


def wrong_settings(rng: random.Random, metadata: dict):
    """Return settings of another network, huge ones among them, or of none."""
    network = dict(metadata["network"])
    field = rng.choice(sorted(set(network) - {"precision", "compile", "global_pooling"}))
    network[field] = rng.choice([*NUMBERS, *OTHERS, 3, 4096, "plain", "wdl", "none", "dense"])
    changes = [{"network": HUGE}, {"network": {field: network[field]}}, {"network": network | {"layers": 3}}]
    return rng.choice([{"network": network}, *changes])


def wrong_tensors(rng: random.Random, tensors: dict[str, torch.Tensor]):
    """Return one tensor that is missing, too many, of another type or shape, or NaN or infinite somewhere."""
    name = rng.choice(sorted(name for name, tensor in tensors.items() if tensor.is_floating_point()))
    tensor = tensors[name].clone()
    tensor.view(-1)[rng.randrange(tensor.numel())] = rng.choice([float("nan"), float("inf"), -float("inf")])
    kinds = [torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.int64, torch.uint8, torch.bool]
    return rng.choice(
        [
            {name: None},
            {name + ".more": tensors[name].clone()},
            {name: None, "\x1b[2J": tensors[name]},
            {name: tensors[name].to(rng.choice(kinds))},
            {name: tensors[name].repeat(*[2] * tensors[name].dim())},
            {name: tensors[name][None]},
            {name: torch.zeros(0)},
            {name: tensor},
            {name: tensor},
        ]
    )


def test_three_hundred_forged_files_are_refused_by_one_line_each(saved):
    rng = random.Random(1)
    tensors, metadata = before = contents(saved)
    slowest, memory = 0.0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(300):
        if number % 3 == 0:
            forge(saved, wrong_fields(rng, metadata), before=before)
        elif number % 3 == 1:
            changes = wrong_settings(rng, metadata)
            while describes_the_same(changes):
                changes = wrong_settings(rng, metadata)
            forge(saved, changes, before=before)
        else:
            forge(saved, {}, wrong_tensors(rng, tensors), before)
        start = time.perf_counter()
        refusal(saved)
        slowest = max(slowest, time.perf_counter() - start)
    assert slowest < 5.0  # well under a second on a machine that does nothing else
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 500_000  # kB


def describes_the_same(changes: dict) -> bool:
    """Whether settings make the very same tensors, such as another name for the same head."""
    try:
        config = NetworkConfig.model_validate_json(json.dumps(changes["network"]))
    except ValueError:
        return False
    if (config.blocks, config.channels) != (CONFIG.blocks, CONFIG.channels):
        return False
    networks = [for_game(games.make("tic_tac_toe"), each).state_dict() for each in (CONFIG, config)]
    first, second = ({name: tensor.shape for name, tensor in network.items()} for network in networks)
    return first == second


def test_a_small_file_that_describes_a_huge_network_is_refused_before_anything_is_built(saved):
    forge(saved, {"network": HUGE})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "40 tensors, which are too few for 200 blocks" in refusal(saved)
    forge(saved, {"network": HUGE | {"blocks": 1}})
    assert "stem.conv.weight is float32[4, 2, 3, 3], expected float32[4096, 2, 3, 3] and" in refusal(saved)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB, of hundreds of GB


@pytest.mark.parametrize("field, value, words", [
    ("game", 7, "game is 7, expected a text"),
    ("game", ["tic_tac_toe"], "game is ['tic_tac_toe'], expected a text"),
    ("game", "\x1b[31mgo\x07", "cannot be used"),
    ("game", "factored-" * 1000 + "chess", "a game of 9,005 characters"),
    ("network", [1], "network is [1], expected a mapping"),
    ("network", {"channels": 8.5}, "channels: got 8.5"),
    ("network", {"trunk": "rezidual"}, "did you mean 'residual'"),
    ("network", {"policy_head": "none", "value_head": "none"}, "both none"),
    ("num_actions", True, "num_actions is True, expected a whole number"),
    ("input_shape", [2.0, 3, 3], "expected a list of whole numbers"),
    ("encoding_version", "1", "encoding_version is '1', expected a whole number"),
    ("provenance", "a run", "provenance is 'a run', expected a mapping"),
    ("format_version", "\x1b[0m", "model format"),
])  # fmt: skip
def test_a_field_of_another_type_is_named(saved, field, value, words):
    forge(saved, {field: value})
    assert words in refusal(saved)


def test_a_tensor_of_another_kind_is_named(saved):
    original, (tensors, _) = saved.read_bytes(), contents(saved)
    weight = tensors["stem.conv.weight"]
    for changes, words in (
        ({"stem.conv.weight": None}, "stem.conv.weight is missing"),
        ({"stem.conv.bias": weight[0].clone()}, "'stem.conv.bias' is too many"),
        ({"stem.conv.weight": weight[:, :1].clone()}, "is float32[4, 1, 3, 3], expected float32[4, 2, 3, 3]"),
        ({"stem.conv.weight": weight.long()}, "is int64[4, 2, 3, 3], expected float32[4, 2, 3, 3]"),
        ({"stem.conv.weight": weight.double()}, "'stem.conv.weight' is of type 'F64', expected F32 or I64"),
    ):
        saved.write_bytes(original)
        forge(saved, {}, changes)
        assert words in refusal(saved)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_no_numbers_are_refused_with_the_name_of_their_tensor(saved, number):
    original, (tensors, _) = saved.read_bytes(), contents(saved)
    for name in ("blocks.0.first.conv.weight", "stem.norm.running_mean", "value_head.linear.bias"):
        saved.write_bytes(original)
        bad = tensors[name].clone()
        bad.view(-1)[-1] = number
        forge(saved, {}, {name: bad})
        assert f"{name} holds NaN or infinity" in refusal(saved)
        with pytest.raises(NetworkError):
            load_model(saved)


def test_a_variance_below_zero_is_refused(saved):
    forge(saved, {}, {"stem.norm.running_var": torch.tensor([1.0, -1.0, 1.0, 1.0])})
    assert "stem.norm.running_var holds a variance below 0" in refusal(saved)


def test_weights_that_are_no_numbers_are_not_written(tmp_path):
    game = games.make("tic_tac_toe")
    network = for_game(game, CONFIG)
    network.blocks[0].second.norm.bias.data[1] = float("nan")
    with pytest.raises(NetworkError, match=r"model: its weights are damaged: blocks.0.second.norm.bias"):
        save_model(tmp_path / "model", network, game)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("text", [
    "[" * 100_000, "{}", "[]", "7", '"text"', "null", "", "{", '{"format_version": NaN}', '{"a": 1e999}',
    '{"a": ' + "9" * 10_000 + "}", "\ud800",
])  # fmt: skip
def test_metadata_that_is_no_metadata_is_refused(saved, text):
    forge_text(saved, text.encode("utf-8", "replace").decode())
    refusal(saved)


def test_numbers_that_are_none_in_metadata_are_refused(saved):
    _, metadata = contents(saved)
    for text in ("NaN", "Infinity", "-Infinity", "1e999"):
        forge_text(saved, json.dumps(metadata)[:-1] + f', "more": {text}}}')
        refusal(saved)


@pytest.mark.parametrize("header", [
    b"[]", b"7", b"{", b"[" * 100_000, b"\xff\xfe", b'{"a": 3}', b'{"a": {"dtype": "F32"}}', b'{"__metadata__": 3}',
    b'{"__metadata__": {"alphazero": 3}}', b'{"a": {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}}',
    b'{"a": {"dtype": "F32", "shape": [1099511627776, 1099511627776], "data_offsets": [0, 4]}}',
    b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}',
    b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4000000000000]}}',
])  # fmt: skip
def test_a_header_that_is_none_is_refused(saved, header):
    forge_header(saved, header)
    refusal(saved)


@pytest.mark.parametrize("size", [2**64 - 1, 2**63, 2**40, 10**6])
def test_a_header_longer_than_its_file_is_refused(saved, size):
    forge_header(saved, b"{}", size)
    assert "end before its header does" in refusal(saved)


def test_a_header_too_long_to_be_one_is_refused_unread(saved):
    forge_header(saved, b"[" + b"[]," * 2_000_000 + b"[]]")
    assert "a header of 6,000,004 bytes, expected at most 4,194,304" in refusal(saved)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/urandom"])
def test_a_device_is_no_model_and_refused_at_once(tmp_path, device):
    link = tmp_path / "model.safetensors"
    link.symlink_to(device)
    assert "a device, pipe or socket, expected a file" in refusal(link)


def test_a_pipe_is_no_model_and_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "model.safetensors")
    assert "a device, pipe or socket" in refusal(tmp_path / "model.safetensors")


def test_a_file_larger_than_the_machine_can_take_is_refused_unread(tmp_path):
    path = tmp_path / "model.safetensors"
    with path.open("wb") as file:
        file.truncate(2**43)  # holes: nothing on the disk
    assert "expected at most" in refusal(path)
