"""The heads: what a network answers from the features of its trunk. Their last layers start at zero.

The last layer of each computes in float32 in every number format: it costs 1 % and keeps logits and values from being
rounded.
"""

import functools
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alphazero.network.layers import (
    ConvNorm,
    FoldedHead,
    Layer,
    Layers,
    columns_last,
    pool_squares,
    scale_and_shift,
    zero_,
)

__all__ = ["DenseHead", "Head", "SquareHead", "ValueHead", "activate_value", "expected_value"]


class Head(Protocol):
    """What reads the features of a trunk: one answer for each position, and its folded form."""

    @property
    def fits_every_board(self) -> bool:
        """Whether no weight depends on the size of the board."""
        ...

    def __call__(self, x: Tensor) -> Tensor:
        """Return the answer to features [B, C, rows, cols]."""
        ...

    def fold(self) -> FoldedHead:
        """Return the head as it is now, in evaluation mode, for inference."""
        ...


class DenseHead(nn.Module):
    """Policy head for any set of actions: 1x1 convolution, then one linear layer over all squares."""

    fits_every_board = False

    def __init__(self, channels: int, hidden: int, num_squares: int, num_actions: int):
        super().__init__()
        self.conv = ConvNorm(channels, hidden, 1)
        self.linear = zero_(nn.Linear(hidden * num_squares, num_actions))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [B, A] of a trunk [B, C, rows, cols]."""
        return self.linear(torch.relu(self.conv(x)).flatten(1))

    def fold(self) -> FoldedHead:
        """Return the head for inference."""
        weight = columns_last(self.linear.weight, self.conv.conv.out_channels)
        return FoldedHead(
            self.conv.layer(), {"policy": Layer(weight, self.linear.bias, exact=True)}, _run_dense
        )


class SquareHead(nn.Module):
    """Policy head with some actions per square, action = plane * rows * cols + square, and perhaps a pass.

    Two 1x1 convolutions, so its size does not grow with the board; the pass, which stands on no square, is
    read from the mean and the maximum of each hidden channel over the board.
    """

    fits_every_board = True

    def __init__(self, channels: int, hidden: int, planes: int, has_pass: bool):
        super().__init__()
        self.conv = ConvNorm(channels, hidden, 1)
        self.linear = zero_(nn.Linear(hidden, planes))
        self.pass_move = zero_(nn.Linear(2 * hidden, 1)) if has_pass else None

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [B, A] of a trunk [B, C, rows, cols]; a pass is the last action."""
        squares = torch.relu(self.conv(x)).flatten(2).transpose(1, 2)
        logits = self.linear(squares).transpose(1, 2).flatten(1)
        if self.pass_move is None:
            return logits
        return torch.cat([logits, self.pass_move(pool_squares(squares))], dim=1)

    def fold(self) -> FoldedHead:
        """Return the head for inference."""
        layers = {"policy": Layer.of(self.linear, exact=True)}
        if self.pass_move is not None:
            layers["pass"] = Layer.of(self.pass_move, exact=True)
        return FoldedHead(self.conv.layer(), layers, _run_squares)


class ValueHead(nn.Module):
    """Value head: 1x1 convolution, a hidden layer over all squares, or their mean and maximum, then 1 output or 3."""

    def __init__(
        self,
        channels: int,
        hidden_channels: int,
        num_squares: int,
        hidden: int,
        num_outputs: int,
        pooling: bool,
    ):
        super().__init__()
        self.pooling = pooling
        self.conv = ConvNorm(channels, hidden_channels, 1)
        self.hidden = nn.Linear(hidden_channels * (2 if pooling else num_squares), hidden, bias=False)
        self.norm = nn.BatchNorm1d(hidden)
        self.linear = zero_(nn.Linear(hidden, num_outputs))

    @property
    def fits_every_board(self) -> bool:
        """Whether it reads means and maxima instead of squares."""
        return self.pooling

    def forward(self, x: Tensor) -> Tensor:
        """Return a value output: [B] in (-1, 1), or logits [B, 3] of win, draw and loss, for the player to move."""
        squares = torch.relu(self.conv(x))
        squares = pool_squares(squares.flatten(2).transpose(1, 2)) if self.pooling else squares.flatten(1)
        return activate_value(self.linear(torch.relu(self.norm(self.hidden(squares)))))

    def fold(self) -> FoldedHead:
        """Return the head for inference."""
        scale, shift = scale_and_shift(self.norm)
        weight = self.hidden.weight
        weight = weight if self.pooling else columns_last(weight, self.conv.conv.out_channels)
        layers = {"hidden": Layer(weight * scale[:, None], shift), "value": Layer.of(self.linear, exact=True)}
        return FoldedHead(self.conv.layer(), layers, functools.partial(_run_value, pooling=self.pooling))


def activate_value(outputs: Tensor) -> Tensor:
    """Return [B] = tanh of outputs [B, 1], or outputs [B, 3] unchanged (win, draw, loss logits)."""
    return torch.tanh(outputs).squeeze(1) if outputs.shape[1] == 1 else outputs


def expected_value(value_output: Tensor) -> Tensor:
    """Return [B] in [-1, 1] for the mover: values [B] themselves, or P(win) - P(loss) of logits [B, 3]."""
    if value_output.dim() == 1:
        return value_output
    probabilities = torch.softmax(value_output, dim=1)
    return probabilities[:, 0] - probabilities[:, 2]


def _run_dense(squares: Tensor, layers: Layers) -> Tensor:
    return F.linear(squares.float().flatten(1), layers["policy"].weight, layers["policy"].bias)


def _run_squares(squares: Tensor, layers: Layers) -> Tensor:
    squares = squares.float()
    logits = F.linear(squares, layers["policy"].weight, layers["policy"].bias).transpose(1, 2).flatten(1)
    if "pass" not in layers:
        return logits
    passes = F.linear(pool_squares(squares), layers["pass"].weight, layers["pass"].bias)
    return torch.cat([logits, passes], dim=1)


def _run_value(squares: Tensor, layers: Layers, pooling: bool) -> Tensor:
    squares = pool_squares(squares) if pooling else squares.flatten(1)
    hidden = F.linear(squares, layers["hidden"].weight, layers["hidden"].bias).relu_().float()
    return expected_value(activate_value(F.linear(hidden, layers["value"].weight, layers["value"].bias)))
