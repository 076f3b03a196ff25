"""What the parts of a network are made of, and what they become for inference.

In evaluation mode batch norm is a fixed scale and shift per channel, so it goes into the layer before:
w' = w * gamma / sqrt(var + eps), b' = beta - mean * gamma / sqrt(var + eps). Every part of a network folds itself
(`fold`) into layers and a function that computes it from them; that function keeps nothing of the part, so a network
can be trained on while its folded copy plays.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from alphazero.network.kernels import Kernel, Layer

__all__ = [
    "ConvNorm",
    "FoldedHead",
    "FoldedPart",
    "Layer",
    "Layers",
    "pool_squares",
    "shift_channels",
    "zero_",
]


Layers = dict[str, Layer]


class FoldedPart(NamedTuple):
    """A part of a trunk for inference: its layers, and features of the part before -> features, channels_last."""

    layers: Layers
    run: Callable[[Tensor, Layers, Kernel], Tensor]


class FoldedHead(NamedTuple):
    """A head for inference. It begins with a 1x1 convolution and relu, done as one with those of the other heads."""

    conv: Layer
    layers: Layers
    # [B, squares, channels] after that relu, in the number format -> the answer, float32 [B, ...]
    run: Callable[[Tensor, Layers], Tensor]


class ConvNorm(nn.Module):
    """A convolution without bias that keeps the board's size, then batch norm; no activation."""

    def __init__(self, in_channels: int, out_channels: int, size: int):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, size, padding=size // 2, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return [B, out, rows, cols] of [B, in, rows, cols]."""
        return self.norm(self.conv(x))

    def layer(self) -> Layer:
        """Return the convolution with batch norm folded in."""
        scale, shift = scale_and_shift(self.norm)
        return Layer(self.conv.weight * scale[:, None, None, None], shift)


def scale_and_shift(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return what batch norm in evaluation mode multiplies each channel with and then adds to it."""
    assert norm.running_var is not None and norm.running_mean is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


def columns_last(weight: Tensor, channels: int) -> Tensor:
    """Reorder the columns of a linear weight from (channel, square) to (square, channel), as features lie in memory."""
    return weight.unflatten(1, (channels, -1)).transpose(1, 2).flatten(1)


def pool_squares(squares: Tensor) -> Tensor:
    """Return [B, 2C]: mean and maximum over the squares of [B, squares, C]."""
    return torch.cat([squares.mean(dim=1), squares.amax(dim=1)], dim=1)


def shift_channels(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return relu(features + b) of features [B, C, rows, cols], b a linear layer of `pool_squares`, one per channel."""
    pooled = pool_squares(features.permute(0, 2, 3, 1).flatten(1, 2))
    return torch.relu(features + functional.linear(pooled, weight, bias)[:, :, None, None])


def zero_(layer: nn.Linear) -> nn.Linear:
    """Set a layer's weight and bias to zero, in place, and return it."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
