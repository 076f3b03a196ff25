"""Learning from parts of a batch side by side: the gradient of the whole, whatever the number of threads."""

from typing import NamedTuple

import numpy as np
import pytest
import torch

from alphazero.config import LearnerConfig, NetworkConfig
from alphazero.learning.learner import Learner
from alphazero.network.model import for_game
from alphazero.threads import use_threads
from games import make

GAME = make("tic_tac_toe")


class Batch(NamedTuple):
    planes: np.ndarray
    target: np.ndarray


def batch(size, seed=0):
    rng = np.random.default_rng(seed)
    return Batch(
        rng.random((size, GAME.planes, *GAME.board_shape)).astype(np.float32),
        rng.random((size, GAME.num_actions)).astype(np.float32),
    )


def loss(forward, samples):
    logits, values = forward(samples.planes)
    policy = ((logits - samples.target) ** 2).mean()
    decided = samples.target[:, 0] > 0.5
    return policy + values.pow(2).mean(), {"policy": policy, "decided": samples.target[decided, 0].mean()}


def learner(parts, frozen=False, **settings):
    torch.manual_seed(3)
    network = for_game(GAME, NetworkConfig(blocks=1, channels=8))
    if frozen:  # normalisation without the batch: then the parts add up to the whole exactly
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.train = lambda mode=True, module=module: module
                module.training = False
    return Learner(network, LearnerConfig(parts=parts, warmup_steps=0, **settings), torch.device("cpu"))


@pytest.fixture(autouse=True)
def all_cores():
    yield
    use_threads(0)


def weights(found):
    return [parameter.detach().clone() for parameter in found.network.parameters()]


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_without_normalisation_by_parts_the_gradient_is_that_of_the_whole_batch(parts):
    whole, split = learner(1, frozen=True, optimizer="sgd"), learner(parts, frozen=True, optimizer="sgd")
    for step in range(4):
        one, other = (found.step(loss, batch(23, step)) for found in (whole, split))
        assert one["policy"] == pytest.approx(other["policy"], rel=1e-5)
        assert one["gradient_norm"] == pytest.approx(other["gradient_norm"], rel=1e-4)
    for mine, theirs in zip(weights(whole), weights(split), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-6)


def test_any_number_of_threads_gives_the_same_weights_and_statistics_to_the_bit():
    found = []
    for threads in (1, 2, 4):
        use_threads(threads)
        own = learner(3)
        told = [own.step(loss, batch(24, step)) for step in range(3)]
        found.append((told, own.network.state_dict()))
    for told, state in found[1:]:
        assert told == found[0][0]
        assert all(torch.equal(state[name], found[0][1][name]) for name in state)


def test_statistics_are_the_means_of_those_of_the_parts():
    split = learner(2)
    samples = batch(16)
    halves = [learner(1), learner(1)]
    for half, part in zip(halves, (slice(0, 8), slice(8, 16)), strict=True):
        half.step(loss, Batch(*(array[part] for array in samples)))
    split.step(loss, samples)
    states = [half.network.state_dict() for half in halves]
    for name, value in split.network.state_dict().items():
        if "running" in name:
            torch.testing.assert_close(value, (states[0][name] + states[1][name]) / 2)


def test_a_bad_step_leaves_everything_as_it_was():
    split = learner(2)
    split.step(loss, batch(16))
    before = {name: value.clone() for name, value in split.network.state_dict().items()}
    bad = batch(16)
    bad.planes[15] = np.nan
    assert split.step(loss, bad) is None and split.bad_steps == 1
    assert all(torch.equal(value, before[name]) for name, value in split.network.state_dict().items())


def test_what_one_part_cannot_measure_is_the_mean_of_the_others():
    split = learner(2)
    samples = batch(16)
    samples.target[:8, 0] = 0.0  # nothing decided in the first half
    expected = samples.target[8:, 0][samples.target[8:, 0] > 0.5].mean()
    assert split.step(loss, samples)["decided"] == pytest.approx(expected)


def test_a_saved_learner_goes_on_with_the_same_weights():
    whole, first, second = learner(2), learner(2), learner(2)
    for step in range(4):
        whole.step(loss, batch(16, step))
    for step in range(2):
        first.step(loss, batch(16, step))
    second.restore(first.state())
    for step in range(2, 4):
        second.step(loss, batch(16, step))
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(second), strict=True))
