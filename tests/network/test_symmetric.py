"""Asked for all symmetries at once, a network answers alike for a position and its mirror image."""

import numpy as np
import pytest
import torch

import games
from alphazero.config import NetworkConfig
from alphazero.network import Inference
from alphazero.network.model import for_game
from alphazero.network.symmetric import SymmetricInference


@pytest.mark.parametrize("name", ["tic_tac_toe", "connect_four"])
def test_the_mean_turns_with_the_position_and_is_that_of_the_turned_answers(name):
    game = games.make(name)
    torch.manual_seed(0)
    network = for_game(game, NetworkConfig(blocks=1, channels=8))
    with torch.no_grad():
        for parameter in network.parameters():  # the last layers begin at zero
            parameter.add_(0.3 * torch.randn_like(parameter))
    plain = Inference(network, "cpu", batch_size=48, precision="float32")
    mean = SymmetricInference(plain, game.symmetries)
    planes = (np.random.default_rng(0).random((5, game.planes, *game.board_shape)) < 0.4).astype(np.float32)
    logits, values = mean(planes)
    assert logits.shape == (5, game.num_actions) and values.shape == (5,)
    expected, turned_values = np.zeros_like(logits), []
    for cells, actions in zip(game.symmetries.cells, game.symmetries.actions, strict=True):
        turned = planes.reshape(5, game.planes, -1)[:, :, cells].reshape(planes.shape)
        other, value = mean(turned)
        assert np.allclose(other, logits[:, actions], atol=1e-5) and np.allclose(value, values, atol=1e-5)
        own, own_value = plain(turned)
        expected += own[:, np.argsort(actions)]
        turned_values.append(own_value)
    assert np.allclose(logits, expected / len(turned_values), atol=1e-5)
    assert np.allclose(values, np.mean(turned_values, axis=0), atol=1e-5)
    assert not np.allclose(plain(planes)[0], logits, atol=1e-2)
