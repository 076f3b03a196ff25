"""Trunks and heads as parts: what each computes, folds to and lacks; networks and files of earlier versions."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import games
from alphazero.arena.players import make_player
from alphazero.config import NetworkConfig, build_config
from alphazero.network.file import load_model, save_model
from alphazero.network.inference import Inference
from alphazero.network.model import Network, for_game
from alphazero.network.symmetric import SymmetricInference
from alphazero.network.variants import available_variants
from alphazero.search import NetworkError, NetworkEvaluator, TwoNetworks

BEFORE = Path(__file__).parent / "written_before"
NAMES = [variant.name for variant in available_variants(torch.device("cpu"), "float32", compile=False)]
TINY = {"blocks": 1, "channels": 8, "policy_channels": 2, "value_channels": 2, "value_hidden": 4}


def inference(network: Network, name: str = "float32 plain", rows: int = 16) -> Inference:
    return Inference(network, "cpu", batch_size=rows, choice={"variant": name, "device": "cpu"})


def planes_for(network: Network, rows: int = 16) -> np.ndarray:
    return (np.random.default_rng(0).random((rows, *network.input_shape)) < 0.3).astype(np.float32)


@pytest.mark.parametrize("name", ["dense", "square"])
def test_a_model_of_an_earlier_version_answers_what_it_answered_then(name):
    model, then = load_model(BEFORE / f"{name}.safetensors"), np.load(BEFORE / f"{name}.npz")
    assert model.metadata["provenance"] == {"run": "before", "generation": 3}
    logits, values = inference(model.network, rows=6)(then["planes"].astype(np.float32))
    assert then["logits"].std() > 0.05 and then["values"].std() > 0.01
    np.testing.assert_allclose(logits, then["logits"], atol=2e-5)
    np.testing.assert_allclose(values, then["values"], atol=2e-5)


@pytest.mark.parametrize("name", json.loads((BEFORE / "new_networks.json").read_text()))
def test_a_new_network_has_the_names_and_the_random_weights_that_it_had_in_earlier_versions(name):
    then = json.loads((BEFORE / "new_networks.json").read_text())[name]
    (planes, policy, actions), config = then["shapes"], NetworkConfig(**then["settings"])
    torch.manual_seed(7)
    network = Network(tuple(planes), tuple(policy), config, actions)
    assert torch.rand(1).item() == pytest.approx(then["random_after"], abs=1e-7)
    found = network.state_dict()
    assert list(found) == list(then["tensors"])
    for key, (shape, total, last) in then["tensors"].items():
        assert list(found[key].shape) == shape
        assert found[key].double().sum().item() == pytest.approx(total, abs=1e-9)
        assert found[key].double().reshape(-1)[-1].item() == pytest.approx(last, abs=1e-12)


def test_a_plain_block_is_a_residual_one_without_the_way_around_it(trained):
    residual, plain = (trained(trunk=trunk, global_pooling=1) for trunk in ("residual", "plain"))
    plain.load_state_dict(residual.state_dict())
    x = torch.rand(3, 32, 6, 7)
    for ours, theirs in zip(plain.blocks, residual.blocks, strict=True):
        second = ours.both(x)
        assert second.abs().max() > 0.1
        assert torch.equal(ours(x), torch.relu(second)) and torch.equal(theirs(x), torch.relu(x + second))
    assert len(list(plain.parameters())) == len(list(residual.parameters()))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "settings", [{}, {"global_pooling": 2}, {"policy_head": "none"}, {"value_head": "none"}], ids=str
)
@pytest.mark.parametrize("trunk", ["residual", "plain"])
def test_every_trunk_with_every_head_folds_to_what_the_module_computes(trained, trunk, settings, name):
    network = trained(blocks=3, trunk=trunk, **settings)
    planes = planes_for(network)
    answers = inference(network, name)(planes)
    with torch.inference_mode():
        logits, output = network(torch.from_numpy(planes))
    for answer, expected in zip(answers, (logits, output), strict=True):
        if expected is None:
            assert np.isnan(answer).all()
        else:
            assert expected.std() > 0.005
            np.testing.assert_allclose(answer, expected, atol=2e-5, rtol=1e-5)
    assert answers[0].shape == (16, 7) and answers[1].shape == (16,)


@pytest.mark.parametrize("missing, left", [("policy_head", 1), ("value_head", 0)])
def test_a_head_answers_alone_what_it_answers_beside_the_other(trained, missing, left):
    both, alone = trained(), trained(**{missing: "none"})
    alone.load_state_dict({key: tensor for key, tensor in both.state_dict().items() if missing not in key})
    planes = planes_for(both)
    answers, expected = inference(alone)(planes), inference(both)(planes)
    np.testing.assert_allclose(answers[left], expected[left], atol=1e-6)
    assert np.isnan(answers[1 - left]).all()
    assert (alone.has_policy, alone.has_value) == (missing == "value_head", missing == "policy_head")


def test_a_network_without_any_head_is_refused_by_its_settings():
    with pytest.raises(ValueError, match="network: policy_head and value_head are both none"):
        build_config({}, ["network.policy_head=none", "network.value_head=none"])


def save_one_head(path: Path, missing: str) -> str:
    game = games.make("tic_tac_toe")
    save_model(path, for_game(game, NetworkConfig(**TINY, **{missing: "none"})), game)
    return str(path)


@pytest.mark.parametrize("missing, head, kinds", [
    ("value_head", "value", ("value", "model")), ("policy_head", "policy", ("policy", "model")),
])  # fmt: skip
def test_a_player_refuses_a_file_without_the_head_that_it_needs_by_one_line(tmp_path, missing, head, kinds):
    path, game = save_one_head(tmp_path / "one.safetensors", missing), games.make("tic_tac_toe")
    model = load_model(path)
    assert model.network.config.model_dump()[missing] == "none"
    for kind in kinds:
        with pytest.raises(NetworkError) as error:
            make_player(f"{kind}:path={path}", game, seed=0, device="cpu")
        assert str(error.value).startswith(f"{path}: a network without a {head} head") and "\n" not in str(
            error.value
        )
    other = {"value": "policy", "policy": "value"}[head]
    assert make_player(f"{other}:path={path}", game, seed=0, device="cpu").choose(
        np.array([game.initial_state()])
    ) in np.arange(9)


def test_two_networks_are_one_oracle_of_the_policy_of_one_and_the_value_of_the_other(trained):
    first, second = inference(trained(seed=1), rows=8), inference(trained(seed=2), rows=16)
    planes = planes_for(trained())
    (logits, own), (_, other) = first(planes), second(planes)
    assert not np.allclose(own, other, atol=0.01)
    for weight, expected in ((1.0, other), (0.0, own), (0.25, 0.75 * own + 0.25 * other)):
        both = TwoNetworks(first, second, weight)
        for answers in (
            both(planes),
            both.submit(planes).result(),
            NetworkEvaluator(both).submit(planes, planes)(),
        ):
            assert (answers[0] == logits).all() and answers[1].dtype == np.float32
            np.testing.assert_allclose(answers[1], expected, atol=1e-6)
        assert both.batch_size == 8 and both.has_policy and both.has_value


def test_a_network_with_a_policy_and_one_with_a_value_search_together(trained):
    policy, value = inference(trained(value_head="none")), inference(trained(policy_head="none"))
    planes = planes_for(trained())
    answers = NetworkEvaluator(TwoNetworks(policy, value)).evaluate(planes, planes)
    assert (answers[0] == policy(planes)[0]).all() and (answers[1] == value(planes)[1]).all()
    for first, second, weight, lacking in (
        (value, policy, 1.0, "policy"),
        (policy, policy, 1.0, "value"),
        (policy, value, 0.5, "value"),
    ):
        with pytest.raises(NetworkError, match=f"without a {lacking} head"):
            TwoNetworks(first, second, weight)
    for oracle in (policy, value):
        with pytest.raises(NetworkError, match="without a"):
            NetworkEvaluator(oracle)
    with pytest.raises(ValueError, match="weight 1.5"):
        TwoNetworks(policy, value, 1.5)


def test_means_over_symmetries_offer_what_the_network_offers(trained):
    network = trained((2, 3, 3), (1, 3, 3), value_head="none")
    mean = SymmetricInference(inference(network), games.make("tic_tac_toe").symmetries)
    assert mean.has_policy and not mean.has_value and mean.name == network.name
    logits, values = mean(planes_for(network))
    assert np.isfinite(logits).all() and np.isnan(values).all()
