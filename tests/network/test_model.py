import math

import pytest
import torch
import torch.nn.functional as F

import games
from alphazero.config import NetworkConfig
from alphazero.network.model import DenseHead, Network, SquareHead, expected_value, for_game

TINY = NetworkConfig(blocks=1, channels=16, policy_channels=4, value_channels=4, value_hidden=16)

SHAPES = [
    # input, policy, actions, head
    ((2, 6, 7), (7,), None, DenseHead),
    ((2, 3, 3), (1, 3, 3), None, SquareHead),
    ((17, 9, 9), (1, 9, 9), 82, SquareHead),
    ((5, 4, 6), (3, 4, 6), None, SquareHead),
    ((1, 1, 5), (11,), None, DenseHead),
]


@pytest.mark.parametrize("value_head", ["scalar", "wdl"])
@pytest.mark.parametrize("input_shape, policy_shape, num_actions, head", SHAPES)
def test_every_board_and_head_gives_one_logit_an_action(
    input_shape, policy_shape, num_actions, head, value_head
):
    config = TINY.model_copy(update={"value_head": value_head})
    network = Network(input_shape, policy_shape, config, num_actions)
    logits, value = network(torch.rand(4, *input_shape))
    assert isinstance(network.policy_head, head)
    assert logits.shape == (4, num_actions or math.prod(policy_shape))
    assert value.shape == ((4, 3) if value_head == "wdl" else (4,))
    assert network.value(value).shape == (4,)


def test_a_per_square_policy_can_be_asked_for_as_dense():
    network = Network((2, 9, 9), (1, 9, 9), TINY.model_copy(update={"policy_head": "dense"}), 82)
    assert isinstance(network.policy_head, DenseHead) and network.num_actions == 82


@pytest.mark.parametrize("name", ["connect_four", "tic_tac_toe"])
def test_for_game_takes_the_shapes_of_the_game(name):
    game = games.make(name)
    network = for_game(game, TINY)
    assert network.input_shape == (game.planes, *game.board_shape)
    assert network(torch.zeros(2, *network.input_shape))[0].shape == (2, game.num_actions)


def test_a_new_network_answers_the_uniform_policy_and_the_value_zero():
    for value_head in ("scalar", "wdl"):
        network = Network((2, 6, 7), (7,), TINY.model_copy(update={"value_head": value_head}))
        logits, value = network(torch.rand(8, 2, 6, 7))
        assert torch.equal(logits, torch.zeros(8, 7))
        assert torch.equal(network.value(value), torch.zeros(8))


def test_square_logits_stand_at_plane_times_squares_plus_square(trained):
    network = trained((2, 4, 5), (3, 4, 5), 61)
    x = network.trunk(torch.rand(2, 2, 4, 5))
    head = network.policy_head
    hidden = torch.relu(head.conv(x))
    logits = head(x)
    for plane, row, col in [(0, 0, 0), (1, 2, 3), (2, 3, 4)]:
        expected = hidden[:, :, row, col] @ head.linear.weight[plane] + head.linear.bias[plane]
        torch.testing.assert_close(logits[:, plane * 20 + row * 5 + col], expected)
    pooled = torch.cat([hidden.mean((2, 3)), hidden.amax((2, 3))], dim=1)
    torch.testing.assert_close(logits[:, 60], (pooled @ head.pass_move.weight[0]) + head.pass_move.bias[0])


def test_a_value_is_positive_when_the_mover_wins():
    torch.testing.assert_close(expected_value(torch.tensor([[0.0, 0.0, -1e9]])), torch.tensor([0.5]))
    torch.testing.assert_close(
        expected_value(torch.tensor([[9e9, 0.0, 0.0], [0.0, 0.0, 9e9]])), torch.tensor([1.0, -1.0])
    )
    # win 1/6, draw 2/6, loss 3/6: value -1/3
    odds = torch.tensor([[1.0, 2.0, 3.0]]).log()
    torch.testing.assert_close(expected_value(odds), torch.tensor([-1 / 3]))
    torch.testing.assert_close(expected_value(torch.tensor([0.25, -1.0])), torch.tensor([0.25, -1.0]))


@pytest.mark.parametrize("value_head", ["scalar", "wdl"])
def test_values_stay_between_minus_one_and_one(trained, value_head):
    network = trained(value_head=value_head)
    values = network.value(network(100 * torch.randn(64, 2, 6, 7))[1])
    assert values.abs().max() <= 1
    assert values.std() > 0.01


def batch_to_learn(size=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    planes = (torch.rand(size, 2, 6, 7, generator=generator) < 0.3).float()
    actions = torch.randint(7, (size,), generator=generator)
    results = torch.randint(0, 2, (size,), generator=generator).float() * 2 - 1
    return planes, actions, results


@pytest.mark.parametrize("value_head", ["scalar", "wdl"])
def test_overfits_one_batch(value_head):
    torch.manual_seed(0)
    network = Network((2, 6, 7), (7,), TINY.model_copy(update={"value_head": value_head}))
    planes, actions, results = batch_to_learn()
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    for _ in range(150):
        logits, output = network(planes)
        policy_loss = F.cross_entropy(logits, actions)
        if value_head == "wdl":
            value_loss = F.cross_entropy(output, (1 - results).long())
        else:
            value_loss = F.mse_loss(output, results)
        optimizer.zero_grad()
        (policy_loss + value_loss).backward()
        optimizer.step()
    assert policy_loss < 0.05
    assert value_loss < 0.05
    values = network.eval().value(network(planes)[1])
    assert torch.equal(values.sign(), results)


def test_ten_steps_at_a_high_learning_rate_do_not_saturate_the_value():
    torch.manual_seed(0)
    network = Network((2, 6, 7), (7,), NetworkConfig(blocks=5, channels=32))
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    for step in range(10):
        planes, actions, results = batch_to_learn(64, seed=step)
        logits, values = network(planes)
        loss = F.cross_entropy(logits, actions) + F.mse_loss(values, results)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    fresh = batch_to_learn(256, seed=99)[0]
    for mode in (True, False):
        values = network.train(mode)(fresh)[1].detach()
        assert (values.abs() < 0.95).float().mean() > 0.95  # the slope of tanh at 0.95 is still a tenth


@pytest.mark.parametrize(
    "arguments, words",
    [
        (((2, 6, 7), (7,), TINY.model_copy(update={"policy_head": "square"})), "'dense'"),
        (((2, 6, 7), (1, 7, 6), TINY), "(6, 7)"),
        (((2, 6, 7), (6, 7), TINY), "(planes, rows, cols)"),
        (((2, 9, 9), (1, 9, 9), TINY, 83), "81 or, with a pass, 82"),
        (((2, 6, 7), (7,), TINY, 8), "makes 7"),
        (((2, 6), (7,), TINY), "(planes, rows, cols)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(arguments, words):
    with pytest.raises(ValueError) as error:
        Network(*arguments)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_global_pooling_tells_every_square_of_all_others():
    torch.manual_seed(0)
    config = TINY.model_copy(update={"blocks": 1, "global_pooling": 1})
    network = Network((2, 9, 9), (1, 9, 9), config).eval()
    torch.nn.init.normal_(network.blocks[0].pool.weight, std=0.3)
    planes = torch.zeros(2, 2, 9, 9)
    planes[1, 0, 8, 8] = 1.0
    with torch.no_grad():
        near, far = network.trunk(planes)[:, :, 0, 0]
        assert not torch.allclose(near, far)
        network.blocks[0].pool = None
        near, far = network.trunk(planes)[:, :, 0, 0]
        assert torch.equal(near, far)


@pytest.mark.parametrize("every, pooled", [(0, []), (1, [0, 1, 2, 3, 4, 5, 6]), (3, [2, 5])])
def test_every_so_many_blocks_pool(every, pooled):
    network = Network((2, 3, 3), (9,), TINY.model_copy(update={"blocks": 7, "global_pooling": every}))
    assert [index for index, block in enumerate(network.blocks) if block.pool is not None] == pooled
