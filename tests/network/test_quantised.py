"""Convolutions of whole numbers: exact, calibrated from the weights alone, and not used where they are too coarse."""

import json

import numpy as np
import pytest
import torch

import games
from alphazero.network import Inference, calibration_planes, load_model, quantised
from alphazero.network.kernels import KERNELS, Layer, Scales
from alphazero.network.loading import load_inference
from alphazero.network.quantised import KERNEL, has_int8, largest_weight, quantise
from alphazero.network.variants import available_variants

CHAMPION = "alphazero/champions/connect_four.safetensors"
CPU = torch.device("cpu")
CHOICE = {"variant": "int8 onednn", "device": "cpu"}
PLANES = calibration_planes(games.make("connect_four"))
pytestmark = pytest.mark.skipif(not has_int8(), reason="no AVX2, or no int8 in this torch")


def make(network, **arguments):
    arguments = {"batch_size": 16, "calibration": PLANES, "choice": CHOICE, "precision": "int8"} | arguments
    return Inference(network, device="cpu", **arguments)


def bits(answers):
    return [part.tobytes() for part in answers]


def wide(trained, **arguments):
    return trained(**{"blocks": 3, "channels": 32} | arguments)


def whole_convolution(x, weight):
    """Return the sums of products of int64 [n, in, rows, cols] and [out, in, 3, 3], by definition."""
    n, _, rows, cols = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    total = np.zeros((n, len(weight), rows, cols), np.int64)
    for row in range(3):
        for col in range(3):
            seen = padded[:, :, row : row + rows, col : col + cols]
            total += np.einsum("nchw,oc->nohw", seen, weight[:, :, row, col])
    return total


@pytest.mark.parametrize("kind", ["random", "largest", "alternating"])
@pytest.mark.parametrize("channels, out, board", [(64, 64, (6, 7)), (48, 48, (6, 7)), (20, 36, (5, 4))])
def test_products_are_added_up_exactly_up_to_the_largest_numbers(channels, out, board, kind):
    random = np.random.default_rng(0)
    largest = largest_weight((out, channels, 3, 3), (4, channels, *board))
    assert largest in (64, 127)
    x = random.integers(0, 256, (4, channels, *board))
    weight = random.integers(-largest, largest + 1, (out, channels, 3, 3))
    if kind != "random":
        x[:], weight[:] = 255, largest
    if kind == "alternating":
        weight[::2] *= -1
        weight[1::2, ::2] *= -1
    step = 2.0**-12  # a power of two: float32 then rounds nothing that it can hold
    scales = Scales(step, torch.full((out,), step), torch.zeros(out, dtype=torch.int64))
    packed = quantised._pack(torch.from_numpy(weight).to(torch.int8), scales, x.shape)
    bias = torch.from_numpy(random.normal(size=out).astype(np.float32))
    layer = Layer(packed, bias, scales=scales)
    expected = whole_convolution(x, weight) * step**2 + bias.numpy()[:, None, None]
    floats = torch.from_numpy(x * step).float().contiguous(memory_format=torch.channels_last)
    np.testing.assert_allclose(KERNEL.conv_relu(floats, layer), np.maximum(expected, 0), rtol=1e-6, atol=1e-6)
    residual = torch.from_numpy(random.normal(size=expected.shape)).float()
    summed = np.maximum(expected + residual.numpy(), 0)
    residual = residual.contiguous(memory_format=torch.channels_last)
    np.testing.assert_allclose(KERNEL.conv_add_relu(floats, layer, residual), summed, rtol=1e-6, atol=1e-6)
    rounded = layer._replace(scales=scales._replace(output=0.05))
    expected = np.clip(expected / 0.05, 0, 255)  # a half may go either way
    assert np.abs(KERNEL.conv_relu(floats, rounded).numpy() - expected).max() < 0.501


def test_saturated_sums_are_noticed_and_smaller_weights_used(monkeypatch):
    def saturating(x, layer):
        return actual(x, layer) * (0.9 if layer.tag == 127 else 1.0)

    class Tagged(Layer):
        tag = 0

    actual = quantised._conv_relu
    pack = quantised._pack

    def tagging(whole, scales, shape):
        Tagged.tag = int(whole.max())
        return pack(whole, scales, shape)

    monkeypatch.setattr(quantised, "_pack", tagging)
    monkeypatch.setattr(quantised, "_conv_relu", saturating)
    monkeypatch.setattr(quantised, "Layer", Tagged)
    largest_weight.cache_clear()
    try:
        assert largest_weight((16, 16, 3, 3), (2, 16, 6, 7)) == 64
        monkeypatch.setattr(quantised, "_conv_relu", lambda x, layer: 0.9 * actual(x, layer))
        largest_weight.cache_clear()
        with pytest.raises(RuntimeError, match="exactly"):
            largest_weight((16, 16, 3, 3), (2, 16, 6, 7))
    finally:
        largest_weight.cache_clear()


def test_a_quantised_convolution_is_near_the_one_it_came_from():
    generator = torch.Generator().manual_seed(0)
    weight = (
        torch.randn((32, 32, 3, 3), generator=generator)
        * torch.rand(32, generator=generator)[:, None, None, None]
    )
    inputs = torch.rand((64, 32, 6, 7), generator=generator).contiguous(memory_format=torch.channels_last)
    layer = Layer(weight, torch.full((32,), 200.0))  # so that relu cuts nothing
    with torch.inference_mode():
        expected = KERNELS["plain"].conv_relu(inputs, layer)
        off = KERNEL.conv_relu(inputs, quantise(layer, inputs, 64)) - expected
    assert 0 < off.norm() < 0.03 * (expected - 200).norm()
    assert (
        off.mean(dim=(0, 2, 3)).abs().max() < 0.1 * off.std()
    )  # what rounding does in the mean is corrected


@pytest.mark.parametrize(
    "heads", [{}, {"value_head": "wdl"}, {"global_pooling": 2}, {"trunk": "plain"}, {"value_head": "none"}]
)
def test_the_answers_are_near_those_of_float32(trained, heads):
    network = wide(trained, **heads)
    logits, values = make(network)(PLANES)
    expected, expected_values = make(network, precision="float32", choice=None)(PLANES)
    policy, other = (torch.from_numpy(x).softmax(1).numpy() for x in (logits, expected))
    assert 0 < np.abs(policy - other).max() < 0.03
    if network.has_value:
        assert np.abs(values - expected_values).mean() < 0.02


def test_the_champion_stays_within_the_documented_errors():
    with torch.inference_mode():
        int8, float32 = (
            load_inference(CHAMPION, precision=precision)(PLANES) for precision in ("int8", "float32")
        )
    policy, other = (torch.from_numpy(x[0]).softmax(1).numpy() for x in (int8, float32))
    assert np.abs(policy - other).sum(1).mean() / 2 < 0.02
    assert np.abs(int8[1] - float32[1]).mean() < 0.02


def test_loading_twice_a_twin_and_a_stored_choice_give_the_same_bits(trained):
    network = wide(trained)
    inference = make(network)
    before = bits(inference(PLANES))
    assert bits(make(network, choice=json.loads(json.dumps(inference.choice)))(PLANES)) == before
    inference.load(wide(trained, seed=1))
    twin = inference.twin()
    assert bits(twin(PLANES)) == bits(inference(PLANES)) != before
    twin.load(network)
    assert bits(twin(PLANES)) == bits(inference(PLANES)) == before


def test_a_row_does_not_depend_on_its_company_and_threads_change_nothing(trained):
    inference = make(wide(trained))
    logits, values = inference(PLANES[:16])
    assert bits(inference(PLANES[:5])) == bits((logits[:5], values[:5]))
    assert bits(inference(PLANES[:16][::-1])) == bits((logits[::-1].copy(), values[::-1].copy()))
    before = torch.get_num_threads()
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            assert bits(make(wide(trained))(PLANES[:16])) == bits((logits, values))
    finally:
        torch.set_num_threads(before)


def test_the_calibration_depends_on_the_game_alone():
    for name in ("connect_four", "tic_tac_toe", "go:size=5"):
        game = games.parse(name) if hasattr(games, "parse") else games.make(name)
        planes = calibration_planes(game)
        quantised_again = type(game)(*game)
        from alphazero.network import calibration

        calibration._planes.cache_clear()
        assert calibration_planes(quantised_again).tobytes() == planes.tobytes()
        assert planes.shape[1:] == (game.planes, *game.board_shape) and not planes.flags.writeable
    stones = PLANES.sum((1, 2, 3))
    assert len(PLANES) == 256 and len(np.unique(stones)) > 20


def test_too_coarse_a_network_is_computed_in_float32_and_said_so(trained, monkeypatch):
    network = wide(trained)
    monkeypatch.setattr(quantised, "MAX_VALUE_ERROR", 1e-9)
    with pytest.warns(RuntimeWarning, match="too coarse.*float32 is used") as caught:
        inference = make(network)
    assert "\n" not in str(caught[0].message)
    exact = Inference(
        network, "cpu", 16, precision="float32", choice={"variant": "float32 onednn", "device": "cpu"}
    )
    assert bits(inference(PLANES)) == bits(exact(PLANES))
    monkeypatch.undo()
    inference.load(network)  # and int8 again as soon as it is near enough
    assert bits(inference(PLANES)) == bits(make(network)(PLANES)) != bits(exact(PLANES))


def test_auto_has_int8_only_where_there_is_no_bfloat16(monkeypatch):
    from alphazero.network import variants

    for bfloat16 in (True, False):
        monkeypatch.setattr(variants, "_has_bfloat16", lambda device, answer=bfloat16: answer)
        names = {variant.name for variant in available_variants(CPU, "auto", False, calibrated=True)}
        assert ("int8 onednn" in names) is not bfloat16
        assert "int8 onednn" not in {v.name for v in available_variants(CPU, "auto", False)}


def test_int8_is_refused_by_one_line_where_it_cannot_be(trained, monkeypatch):
    with pytest.raises(ValueError, match="'int8' needs positions to calibrate on") as error:
        make(trained(), calibration=None)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="'int8' is for processors, the device is cuda"):
        available_variants(torch.device("cuda"), "int8", False, calibrated=True)
    monkeypatch.setattr("alphazero.network.variants.has_int8", lambda: False)
    with pytest.raises(ValueError, match="'int8' needs a processor with AVX2"):
        make(trained())


def test_a_model_file_is_loaded_in_int8():
    assert load_inference(CHAMPION, precision="int8").choice["variant"] == "int8 onednn"
    assert load_model(CHAMPION).network.name
