"""Networks to test with: small, and with weights as after training, so that a mistake in any layer shows."""

import pytest
import torch
from torch import nn

from alphazero.config import NetworkConfig
from alphazero.network.model import Network


def randomize(network: Network, seed: int = 0) -> Network:
    """Give every layer random weights, last layers and batch norm too; return it in evaluation mode."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(tensor, low, high):
        tensor.copy_(torch.rand(tensor.shape, generator=generator) * (high - low) + low)

    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                uniform(module.weight, 0.5, 1.5)
                uniform(module.bias, -0.3, 0.3)
                uniform(module.running_mean, -0.3, 0.3)
                uniform(module.running_var, 0.5, 1.5)
            elif isinstance(module, nn.Linear | nn.Conv2d):
                bound = 1.7 * module.weight[0].numel() ** -0.5
                uniform(module.weight, -bound, bound)
                if module.bias is not None:
                    uniform(module.bias, -0.2, 0.2)
    return network.eval()


@pytest.fixture(autouse=True)
def one_thread():
    """One torch thread: faster for tiny layers, by far so while other processes keep the cores busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def trained():
    """A function that makes a network with random weights in every layer."""

    def make(input_shape=(2, 6, 7), policy_shape=(7,), num_actions=None, seed=0, **settings) -> Network:
        settings = {
            "blocks": 2,
            "channels": 32,
            "policy_channels": 8,
            "value_channels": 4,
            "value_hidden": 16,
        } | settings
        network = Network(input_shape, policy_shape, NetworkConfig(**settings), num_actions)
        return randomize(network, seed)

    return make
