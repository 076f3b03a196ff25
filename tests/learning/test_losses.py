"""Losses against numbers worked by hand."""

import math

import pytest
import torch

from alphazero.learning import losses

INF = math.inf


def test_illegal_actions_take_no_part_in_the_softmax():
    logits, mask = torch.tensor([[1.0, 9.0, 3.0]]), torch.tensor([[True, False, True]])
    log_policy = losses.masked_log_policy(logits, mask)[0]
    assert log_policy[0].item() == pytest.approx(-math.log(1 + math.e**2))
    assert log_policy[2].item() == pytest.approx(-math.log(1 + math.e**-2))
    assert log_policy[1].exp().item() == 0.0


@pytest.mark.parametrize("logit", [1e30, INF, -INF, math.nan])
def test_whatever_an_illegal_logit_is_the_loss_and_its_gradient_do_not_see_it(logit):
    logits = torch.tensor([[0.5, logit, -0.5]], requires_grad=True)
    mask, target = torch.tensor([[True, False, True]]), torch.tensor([[0.25, 0.0, 0.75]])
    losses.policy_loss(losses.masked_log_policy(logits, mask), target).backward()
    p = 1 / (1 + math.exp(-1.0))
    assert logits.grad[0].tolist() == pytest.approx([p - 0.25, 0.0, (1 - p) - 0.75])
    assert logits.grad[0, 1].item() == 0.0


def test_the_policy_loss_is_the_mean_cross_entropy_in_nats():
    log_policy = torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.9, 1e-30]]).log()
    target = torch.tensor([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]])
    expected = (0.5 * math.log(2) + 0.5 * math.log(4) + math.log(1 / 0.9)) / 2
    assert losses.policy_loss(log_policy, target).item() == pytest.approx(expected)


def test_entropy_is_counted_over_legal_actions_only():
    logits, mask = torch.zeros(2, 5), torch.tensor([[True] * 5, [True, True, False, False, False]])
    entropy = losses.policy_entropy(losses.masked_log_policy(logits, mask)).item()
    assert entropy == pytest.approx((math.log(5) + math.log(2)) / 2)


def test_logits_of_half_precision_are_computed_in_float32():
    mask = torch.ones(1, 3, dtype=torch.bool)
    assert losses.masked_log_policy(torch.zeros(1, 3, dtype=torch.bfloat16), mask).dtype == torch.float32
    assert losses.value_loss(torch.zeros(1, dtype=torch.bfloat16), torch.ones(1)).dtype == torch.float32


def test_a_scalar_value_is_trained_by_its_squared_error():
    loss = losses.value_loss(torch.tensor([0.5, -1.0]), torch.tensor([1.0, 0.5]))
    assert loss.item() == pytest.approx((0.25 + 2.25) / 2)


@pytest.mark.parametrize("value, expected", [
    (1.0, [1.0, 0.0, 0.0]), (0.0, [0.0, 1.0, 0.0]), (-1.0, [0.0, 0.0, 1.0]),
    (0.5, [0.5, 0.5, 0.0]), (-0.25, [0.0, 0.75, 0.25]),
])  # fmt: skip
def test_a_value_becomes_win_draw_and_loss_with_that_expectation(value, expected):
    target = losses.wdl_target(torch.tensor([value]))[0].tolist()
    assert target == expected and target[0] - target[2] == value


def test_win_draw_loss_is_trained_by_cross_entropy():
    logits = torch.tensor([[0.0, math.log(2), 0.0]])  # 1/4, 1/2, 1/4
    loss = losses.value_loss(logits, torch.tensor([0.5])).item()
    assert loss == pytest.approx(0.5 * math.log(4) + 0.5 * math.log(2))
    assert losses.value_loss(logits, torch.tensor([-1.0])).item() == pytest.approx(math.log(4))
