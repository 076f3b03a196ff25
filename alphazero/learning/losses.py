"""Losses of the AlphaGo Zero family, each seen by the player to move (Silver et al. 2017, eq. 1).

Illegal actions take no part in the policy: their logits are masked before the softmax.
"""

import torch
from torch import Tensor
from torch.nn import functional

MASKED = -1e9


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
