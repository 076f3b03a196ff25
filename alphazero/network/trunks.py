"""The parts of a trunk: the stem, and blocks of two 3x3 convolutions, with or without a way around them."""

from typing import Protocol

import torch
from torch import Tensor, nn

from alphazero.network.kernels import Kernel
from alphazero.network.layers import ConvNorm, FoldedPart, Layer, Layers, shift_channels, zero_

__all__ = ["BLOCKS", "PlainBlock", "ResidualBlock", "Stem", "TrunkPart"]


class TrunkPart(Protocol):
    """What a trunk is a list of: features [B, C, rows, cols] in and out, and its folded form."""

    def __call__(self, x: Tensor) -> Tensor:
        """Return the features that the next part reads."""
        ...

    def fold(self) -> FoldedPart:
        """Return the part as it is now, in evaluation mode, for inference."""
        ...


class Stem(ConvNorm):
    """relu of a convolution: from the planes of a position to features."""

    def forward(self, x: Tensor) -> Tensor:
        """Return features [B, C, rows, cols] of planes [B, P, rows, cols]."""
        return torch.relu(super().forward(x))

    def fold(self) -> FoldedPart:
        """Return the stem for inference."""
        return FoldedPart({"conv": self.layer()}, _run_stem)


class _Block(nn.Module):
    """Two 3x3 convolutions, y = relu(first(x)) and second(y), and what both kinds of blocks share.

    With global pooling y becomes relu(y + b), b a linear layer, zero at first, of the means and maxima over the board
    of y's channels: so each square knows of all others (after Wu 2019, section 4.1; there b comes before the relu).
    """

    def __init__(self, channels: int, global_pooling: bool = False):
        super().__init__()
        self.pool = zero_(nn.Linear(2 * channels, channels)) if global_pooling else None
        self.first = ConvNorm(channels, channels, 3)
        self.second = ConvNorm(channels, channels, 3)

    def both(self, x: Tensor) -> Tensor:
        """Return second(y), without an activation."""
        y = torch.relu(self.first(x))
        if self.pool is not None:
            y = shift_channels(y, self.pool.weight, self.pool.bias)
        return self.second(y)

    def layers(self) -> Layers:
        """Return the block's layers for inference."""
        layers = {"first": self.first.layer(), "second": self.second.layer()}
        return layers if self.pool is None else {**layers, "pool": Layer.of(self.pool)}


class ResidualBlock(_Block):
    """relu(x + second(y)): what a residual trunk is made of (He et al. 2016; AlphaGo Zero)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return features [B, C, rows, cols]."""
        return torch.relu(x + self.both(x))

    def fold(self) -> FoldedPart:
        """Return the block for inference."""
        return FoldedPart(self.layers(), _run_residual)


class PlainBlock(_Block):
    """relu(second(y)): as many convolutions as in a residual block, one after the other (AlphaGo)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return features [B, C, rows, cols]."""
        return torch.relu(self.both(x))

    def fold(self) -> FoldedPart:
        """Return the block for inference."""
        return FoldedPart(self.layers(), _run_plain)


BLOCKS: dict[str, type[ResidualBlock] | type[PlainBlock]] = {"residual": ResidualBlock, "plain": PlainBlock}


def _run_stem(x: Tensor, layers: Layers, kernel: Kernel) -> Tensor:
    return kernel.conv_relu(x, layers["conv"])


def _run_first(x: Tensor, layers: Layers, kernel: Kernel) -> Tensor:
    y = kernel.conv_relu(x, layers["first"])
    return shift_channels(y, layers["pool"].weight, layers["pool"].bias) if "pool" in layers else y


def _run_residual(x: Tensor, layers: Layers, kernel: Kernel) -> Tensor:
    y = _run_first(x, layers, kernel)
    return kernel.conv_add_relu(y, layers["second"], x)


def _run_plain(x: Tensor, layers: Layers, kernel: Kernel) -> Tensor:
    return kernel.conv_relu(_run_first(x, layers, kernel), layers["second"])
