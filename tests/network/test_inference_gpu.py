"""The same claims as for the CPU, on a GPU: graphs, pinned buffers, groups of batches under way at once."""

import numpy as np
import pytest
import torch

from alphazero.network.inference import Inference
from alphazero.network.variants import available_variants

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")]

NAMES = (
    [variant.name for variant in available_variants(torch.device("cuda"), "auto", compile=False)]
    if (torch.cuda.is_available())
    else ["none"]
)


def positions(network, n, seed=0):
    return (np.random.default_rng(seed).random((n, *network.input_shape)) < 0.3).astype(np.float32)


def make(network, name, **arguments):
    return Inference(network, device="cuda", choice={"variant": name, "device": "cuda"}, **arguments)


def on_cpu(network):
    return Inference(
        network, device="cpu", batch_size=64, choice={"variant": "float32 plain", "device": "cpu"}
    )


def assert_close(actual, expected):
    np.testing.assert_allclose(actual[0], expected[0], atol=0.1)
    np.testing.assert_allclose(actual[1], expected[1], atol=0.05)


def assert_same_bits(actual, expected):
    for ours, theirs in zip(actual, expected, strict=True):
        assert ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize(
    "shapes", [{}, {"input_shape": (3, 5, 5), "policy_shape": (1, 5, 5), "num_actions": 26}]
)
@pytest.mark.parametrize("name", NAMES)
def test_the_gpu_agrees_with_float32_on_the_cpu(trained, name, shapes):
    network = trained(**shapes)
    planes = positions(network, 64)
    assert_close(make(network, name, batch_size=64)(planes), on_cpu(network)(planes))


@pytest.mark.parametrize("name", NAMES)
def test_a_row_does_not_depend_on_its_company_or_how_many_rows_come(trained, name):
    network = trained()
    inference = make(network, name, batch_size=64)
    planes = positions(network, 64)
    together = inference(planes)
    for n in (1, 5, 64):
        assert_same_bits(inference(planes[:n]), [part[:n] for part in together])
    other = np.concatenate([planes[:7], 1 - planes[7:]])
    assert_same_bits([part[:7] for part in inference(other)], [part[:7] for part in together])


@pytest.mark.parametrize("name", NAMES)
def test_groups_under_way_at_once_do_not_disturb_each_other(trained, name):
    network = trained()
    inference = make(network, name, batch_size=64, groups=2)
    batches = [positions(network, 64, seed) for seed in range(6)]
    alone = [inference(batch) for batch in batches]
    handles = [inference.submit(batch) for batch in batches]  # four more than there are groups
    for handle, expected in zip(reversed(handles), reversed(alone), strict=True):
        assert_same_bits(handle.result(), expected)


@pytest.mark.parametrize("name", NAMES)
def test_load_reaches_the_captured_graphs_and_not_what_is_under_way(trained, name):
    first, second = trained(seed=0), trained(seed=1)
    inference = make(first, name, batch_size=64, groups=2)
    planes = positions(first, 64)
    before = inference(planes)
    handle = inference.submit(planes)
    inference.load(second)
    assert_same_bits(handle.result(), before)
    for _ in range(2):  # each group
        assert_close(inference(planes), on_cpu(second)(planes))


def test_a_choice_is_measured_and_restored(trained):
    network = trained()
    first = Inference(network, device="auto", batch_size=64)
    assert first.choice["variant"] in NAMES and first.choice["device"] == "cuda"
    planes = positions(network, 64)
    restored = Inference(network, device="auto", batch_size=64, choice=first.choice)
    assert_same_bits(restored(planes), first(planes))


@pytest.mark.slow
def test_compiled_inference_agrees_and_takes_new_weights(trained):
    first, second = trained(seed=0), trained(seed=1)
    inference = make(first, "bfloat16 plain compiled", batch_size=64, precision="bfloat16", compile=True)
    assert inference.choice["variant"] == "bfloat16 plain compiled"
    planes = positions(first, 64)
    assert_close(inference(planes), on_cpu(first)(planes))
    inference.load(second)
    assert_close(inference(planes), on_cpu(second)(planes))
