"""Losses of the AlphaGo Zero family, each seen by the player to move (Silver et al. 2017, eq. 1).

Illegal actions take no part in the policy: their logits are masked before the softmax.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from alphazero.network.model import expected_value

MASKED = -1e9

# planes -> what the network's heads answer, in the number format of training
Forward = Callable[[Tensor], tuple[Tensor, Tensor]]
# a batch of arrays that lie on the learner's device -> the loss, and what else was measured, means over the batch
Loss = Callable[[Forward, Any], tuple[Tensor, dict[str, Tensor]]]


@dataclass(frozen=True)
class PolicyValueLoss:
    """The loss policy_loss + value_weight * value_loss (Silver et al. 2017, eq. 1) of a batch of `Samples`.

    It also measures policy_loss (nats), value_loss, policy_entropy (nats), value_accuracy, the share of decided games
    whose winner the value's sign names, and policy_accuracy, the share of positions whose likeliest action is that of
    the target. It can be sent to other processes.
    """

    value_weight: float

    def __call__(self, forward: Forward, samples: Any) -> tuple[Tensor, dict[str, Tensor]]:
        logits, output = forward(samples.planes)
        log_policy = masked_log_policy(logits, samples.legal_mask)
        policy, value = policy_loss(log_policy, samples.policy), value_loss(output, samples.value)
        with torch.no_grad():
            measured = {
                "policy_loss": policy,
                "value_loss": value,
                "policy_entropy": policy_entropy(log_policy),
                "value_accuracy": winner_accuracy(expected_value(output.float()), samples.result),
                "policy_accuracy": (log_policy.argmax(dim=1) == samples.policy.argmax(dim=1)).float().mean(),
            }
        return policy + self.value_weight * value, measured


def policy_value_loss(value_weight: float) -> Loss:
    """Return `PolicyValueLoss` with this weight of the value."""
    return PolicyValueLoss(value_weight)


def winner_accuracy(values: Tensor, result: Tensor) -> Tensor:
    """Return the share of decided results int8[B] whose sign values float32[B] has; NaN when none is decided."""
    decided = result != 0
    return (torch.sign(values[decided]) == result[decided]).float().mean()


def masked_log_policy(logits: Tensor, legal_mask: Tensor) -> Tensor:
    """Return log pi float32[B, A] of logits [B, A]; illegal actions (legal_mask bool[B, A] false) are near -1e9."""
    return torch.log_softmax(logits.float().masked_fill(~legal_mask, MASKED), dim=1)


def policy_loss(log_policy: Tensor, target: Tensor) -> Tensor:
    """Return the mean cross-entropy -sum_a target(a) log pi(a), in nats, of target float32[B, A]."""
    return -(target * log_policy).sum(dim=1).mean()


def policy_entropy(log_policy: Tensor) -> Tensor:
    """Return the mean entropy of the policy, in nats."""
    return -(log_policy.exp() * log_policy).sum(dim=1).mean()


def value_loss(output: Tensor, target: Tensor) -> Tensor:
    """Return the mean loss of a value head's output against target float32[B] in [-1, 1].

    Scalar head, output [B]: squared error. Win/draw/loss head, logits [B, 3]: cross-entropy against `wdl_target`.
    """
    if output.dim() == 1:
        return functional.mse_loss(output.float(), target)
    return -(wdl_target(target) * torch.log_softmax(output.float(), dim=1)).sum(dim=1).mean()


def wdl_target(value: Tensor) -> Tensor:
    """Return win, draw, loss probabilities float32[B, 3] whose expectation is value float32[B].

    A value v counts as a draw with probability 1 - |v|, the rest as a win or a loss by its sign: results 1, 0, -1
    become sure wins, draws and losses.
    """
    return torch.stack([value.clamp(min=0.0), 1.0 - value.abs(), (-value).clamp(min=0.0)], dim=1)
