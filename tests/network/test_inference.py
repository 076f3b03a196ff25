import json
import time

import numpy as np
import pytest
import torch

from alphazero.network import variants
from alphazero.network.inference import Inference, resolve_device, set_threads
from alphazero.network.variants import available_variants

CPU = torch.device("cpu")
NAMES = [variant.name for variant in available_variants(CPU, "auto", compile=False)]
HEADS = {
    "dense": {},
    "wdl": {"value_head": "wdl"},
    "square": {"input_shape": (3, 5, 4), "policy_shape": (2, 5, 4)},
    "pass": {"input_shape": (1, 5, 5), "policy_shape": (1, 5, 5), "num_actions": 26},
    "no blocks": {"blocks": 0},
    "pooling": {"blocks": 3, "global_pooling": 2},
    "pooled value": {"input_shape": (3, 5, 4), "policy_shape": (2, 5, 4), "value_pooling": True},
}


def positions(network, n, seed=0):
    return (np.random.default_rng(seed).random((n, *network.input_shape)) < 0.3).astype(np.float32)


def make(network, name="float32 plain", **arguments):
    return Inference(network, device="cpu", choice={"variant": name, "device": "cpu"}, **arguments)


def module_results(network, planes):
    with torch.inference_mode():
        logits, output = network(torch.from_numpy(planes))
        return logits.numpy(), network.value(output).numpy()


def assert_same_bits(actual, expected):
    for ours, theirs in zip(actual, expected, strict=True):
        assert ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", [name for name in NAMES if "float32" in name])
def test_float32_equals_the_module_in_evaluation_mode(trained, name, head):
    network = trained(**HEADS[head])
    planes = positions(network, 16)
    logits, values = make(network, name, batch_size=16)(planes)
    expected_logits, expected_values = module_results(network, planes)
    assert logits.dtype == values.dtype == np.float32
    assert expected_logits.std() > 0.05 and expected_values.std() > 0.01
    np.testing.assert_allclose(logits, expected_logits, atol=2e-5, rtol=1e-5)
    np.testing.assert_allclose(values, expected_values, atol=2e-5)


def test_a_channel_that_never_varies_folds_as_batch_norm_computes_it(trained):
    network = trained()
    network.stem.norm.running_var[0] = 0  # then only epsilon is under the root
    network.stem.conv.weight.data[0] *= 1e-3
    planes = positions(network, 16)
    logits, _ = make(network, batch_size=16)(planes)
    np.testing.assert_allclose(logits, module_results(network, planes)[0], atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", [name for name in NAMES if "bfloat16" in name])
def test_bfloat16_comes_close_to_float32(trained, name, head):
    network = trained(**{"blocks": 5} | HEADS[head])
    planes = positions(network, 64)
    logits, values = make(network, name, batch_size=64)(planes)
    expected_logits, expected_values = module_results(network, planes)
    log_ours, log_theirs = (torch.from_numpy(x).log_softmax(1) for x in (logits, expected_logits))
    divergence = (log_theirs.exp() * (log_theirs - log_ours)).sum(1)
    assert divergence.mean() < 1e-3 and divergence.max() < 1e-2
    assert np.abs(values - expected_values).mean() < 0.01 and np.abs(values - expected_values).max() < 0.05


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("head", ["dense", "pass"])
def test_a_row_does_not_depend_on_its_company_its_place_or_how_many_rows_come(trained, head, name):
    network = trained(**HEADS[head])
    inference = make(network, name, batch_size=24)
    planes = positions(network, 24)
    together = [part.copy() for part in inference(planes)]
    for n in (1, 5, 24):
        assert_same_bits(inference(planes[:n]), [part[:n] for part in together])
    other = np.concatenate([planes[:7], 1 - planes[7:]])
    assert_same_bits([part[:7] for part in inference(other)], [part[:7] for part in together])
    assert_same_bits(inference(planes[::-1]), [part[::-1] for part in together])
    many = inference(np.concatenate([planes, planes, planes[:3]]))  # cut into three batches
    assert_same_bits(many, [np.concatenate([part, part, part[:3]]) for part in together])


@pytest.mark.parametrize("name", NAMES)
def test_the_number_of_threads_does_not_change_the_bits(trained, name):
    network = trained()
    planes = positions(network, 64)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = make(network, name, batch_size=64)(planes)
        torch.set_num_threads(2)
        assert_same_bits(make(network, name, batch_size=64)(planes), alone)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("name", NAMES)
def test_results_are_kept_when_the_next_batch_is_evaluated(trained, name):
    network = trained()
    inference = make(network, name, batch_size=8)
    first = inference(positions(network, 8))
    copies = [part.copy() for part in first]
    inference(positions(network, 8, seed=1))
    assert_same_bits(first, copies)


@pytest.mark.parametrize("name", NAMES)
def test_load_takes_new_weights_and_only_load_does(trained, name):
    network = trained()
    inference = make(network, name, batch_size=8)
    planes = positions(network, 8)
    before = inference(planes)
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    network(torch.from_numpy(planes))[0].square().sum().backward()
    optimizer.step()
    network.eval()
    assert_same_bits(inference(planes), before)
    inference.load(network)
    after = inference(planes)
    assert np.abs(after[0] - before[0]).max() > 1e-3
    assert_same_bits(after, make(network, name, batch_size=8)(planes))


def test_load_of_a_full_sized_network_takes_less_than_50_ms_of_the_processor(trained):
    network = trained(blocks=5, channels=64, policy_channels=32, value_channels=32, value_hidden=64)
    inference = make(network, NAMES[-1])
    times = []
    for _ in range(5):
        start = time.process_time()
        inference.load(network)
        times.append(time.process_time() - start)
    assert min(times) < 0.05


def test_the_choice_survives_json_and_gives_the_same_bits(trained, monkeypatch):
    network = trained()
    planes = positions(network, 8)
    first = Inference(network, device="cpu", batch_size=8)
    assert first.choice["variant"] in NAMES
    monkeypatch.setattr(variants, "measure", None)  # restoring must not measure
    second = Inference(network, device="cpu", batch_size=8, choice=json.loads(json.dumps(first.choice)))
    assert second.choice == first.choice
    assert_same_bits(second(planes), first(planes))


def test_the_fastest_variant_is_chosen(trained, monkeypatch):
    from alphazero.network import variants as module

    rates = {name: 1000.0 + 10 * i for i, name in enumerate(reversed(NAMES))}
    monkeypatch.setattr(module, "measure", lambda runners, seconds, summary: rates)
    assert Inference(trained(), device="cpu", batch_size=8).choice["variant"] == NAMES[0]


def test_a_choice_that_is_not_allowed_here_is_measured_anew(trained):
    network = trained()
    for choice in (
        {"variant": "bfloat16 cudnn", "device": "cuda"},
        {"variant": "bfloat16 plain", "device": "cpu"},
    ):
        inference = Inference(network, device="cpu", batch_size=8, precision="float32", choice=choice)
        assert inference.choice["variant"].startswith("float32")
        assert inference.choice["device"] == "cpu"


def test_a_kernel_that_raises_or_computes_nonsense_is_left_out(trained, monkeypatch):
    plain = variants.KERNELS["plain"]
    broken = {
        "nonsense": plain._replace(conv_relu=lambda x, layer: plain.conv_relu(x, layer) + 1),
        "not a number": plain._replace(conv_relu=lambda x, layer: plain.conv_relu(x, layer) * float("nan")),
        "raises": plain._replace(conv_relu=lambda x, layer: torch.conv2d(x, layer.weight[:, :1], layer.bias)),
    }
    for name, kernel in broken.items():
        monkeypatch.setitem(variants.KERNELS, name, kernel)
    names = ["plain", *broken]
    asked = [variants.Variant(torch.float32, name) for name in names]
    assert [v.kernel for v in variants.working_runners(trained(), asked, 4, CPU)] == ["plain"]
    with pytest.raises(RuntimeError, match="disagrees.*float32 raises"):
        variants.working_runners(trained(), asked[1:], 4, CPU)


def test_benchmark_gives_the_rate_of_every_variant(trained):
    rates = Inference(trained(), device="cpu", batch_size=4).benchmark(seconds=0.01)
    assert set(rates) == set(NAMES) and min(rates.values()) > 0


def test_submit_and_result_are_the_same_as_a_call(trained):
    network = trained()
    inference = make(network, batch_size=8, groups=2)
    planes = positions(network, 20)
    handles = [inference.submit(planes[:8]), inference.submit(planes[8:11]), inference.submit(planes)]
    planes_before, planes[:] = planes.copy(), 0  # a handle owns what it was given
    for handle, part in zip(handles, (slice(0, 8), slice(8, 11), slice(0, 20)), strict=True):
        assert_same_bits(handle.result(), inference(planes_before[part]))
        assert handle.result()[0] is handle.result()[0]


def test_no_rows_and_read_only_or_strided_planes_are_welcome(trained):
    network = trained()
    inference = make(network, batch_size=8)
    planes = positions(network, 8)
    expected = inference(planes)
    frozen = planes.copy()
    frozen.flags.writeable = False
    assert_same_bits(inference(frozen), expected)
    assert_same_bits(inference(planes[::-1]), [part[::-1] for part in expected])
    logits, values = inference(planes[:0])
    assert logits.shape == (0, 7) and values.shape == (0,)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda i, n: i(np.zeros((3, 2, 6, 7))), "float64[3, 2, 6, 7]: expected float32[n, 2, 6, 7]"),
        (lambda i, n: i(np.zeros((3, 2, 7, 6), np.float32)), "expected float32[n, 2, 6, 7]"),
        (lambda i, n: i(np.zeros((2, 6, 7), np.float32)), "expected float32[n, 2, 6, 7]"),
        (lambda i, n: Inference(n, precision="float16"), "'float16'"),
        (lambda i, n: Inference(n, batch_size=0), "batch_size 0"),
        (lambda i, n: Inference(n, device="gpu"), "'gpu'"),
        (lambda i, n: set_threads(-1), "threads -1"),
    ],
)
def test_bad_input_is_one_clear_line(trained, call, words):
    network = trained()
    with pytest.raises(ValueError) as error:
        call(make(network, batch_size=4), network)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_a_network_of_other_shapes_is_refused(trained):
    inference = make(trained(), batch_size=4)
    for other in (trained(input_shape=(2, 5, 6)), trained(blocks=1), trained(channels=16)):
        with pytest.raises(ValueError, match="expected|make a new one"):
            inference.load(other)


def test_a_missing_gpu_is_said_so(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == CPU
    with pytest.raises(ValueError, match="no CUDA GPU"):
        resolve_device("cuda")


def test_set_threads_bounds_both_pools():
    import numba

    before = torch.get_num_threads(), numba.get_num_threads()
    try:
        assert set_threads(1) == 1
        assert (torch.get_num_threads(), numba.get_num_threads()) == (1, 1)
        assert set_threads(0) == torch.get_num_threads() >= 1
    finally:
        torch.set_num_threads(before[0])
        numba.set_num_threads(before[1])


@pytest.mark.slow
def test_compiled_inference_agrees_and_takes_new_weights_without_compiling_again(trained):
    network = trained()
    choice = {"variant": "float32 plain compiled", "device": "cpu"}
    inference = Inference(
        network, device="cpu", batch_size=8, precision="float32", compile=True, choice=choice
    )
    assert inference.choice == choice
    planes = positions(network, 8)
    np.testing.assert_allclose(inference(planes)[0], make(network, batch_size=8)(planes)[0], atol=2e-5)
    other = trained(seed=1)
    start = time.perf_counter()
    inference.load(other)
    logits = inference(planes)[0]
    assert time.perf_counter() - start < 0.5
    np.testing.assert_allclose(logits, make(other, batch_size=8)(planes)[0], atol=2e-5)
