"""How a folded convolution is computed: by torch's plain operations, or by oneDNN's or cuDNN's fused ones.

Activations lie channels_last, [B, rows, cols, C] in memory. The fused kernels are no public interface of torch and may
refuse a shape; which of them work on a device is found out, not known here (`variants.py`).
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["KERNELS", "Kernel", "Layer", "Scales"]


class Scales(NamedTuple):
    """What the whole numbers of a quantised convolution stand for: a number is its whole number times its scale."""

    input: float
    weight: Tensor  # float32[out], one for each output channel
    zero_points: Tensor  # int64[out], all 0
    output: float = 0.0  # of the answer, where that is whole numbers too; 0: it is float32


class Layer(NamedTuple):
    """A convolution [out, in, k, k] or a linear layer [out, in], and its bias [out]."""

    weight: Tensor
    bias: Tensor
    exact: bool = False  # computed in float32 whatever the number format
    scales: Scales | None = None  # of a convolution of whole numbers

    @classmethod
    def of(cls, linear: nn.Linear, exact: bool = False) -> "Layer":
        """Return a linear layer as it is."""
        return cls(linear.weight, linear.bias, exact)


class Kernel(NamedTuple):
    """How convolutions are computed; each keeps the board's size, input and output channels_last."""

    # weight [out, in, k, k] and the input's shape -> the weight in the kernel's own layout
    pack: Callable[[Tensor, tuple[int, ...]], Tensor]
    # x, packed layer -> relu(conv(x))
    conv_relu: Callable[[Tensor, Layer], Tensor]
    # x, packed layer, residual -> relu(conv(x) + residual); may overwrite residual
    conv_add_relu: Callable[[Tensor, Layer, Tensor], Tensor]
    # whether packed weights can be overwritten by `copy_`
    in_place: bool


def _channels_last(weight: Tensor, input_shape: tuple[int, ...]) -> Tensor:
    return weight.contiguous(memory_format=torch.channels_last)


def _padding(weight: Tensor) -> list[int]:
    return [weight.shape[2] // 2, weight.shape[3] // 2]


def _plain_conv_relu(x: Tensor, layer: Layer) -> Tensor:
    return F.conv2d(x, layer.weight, layer.bias, padding=_padding(layer.weight)).relu_()


def _plain_conv_add_relu(x: Tensor, layer: Layer, residual: Tensor) -> Tensor:
    return F.conv2d(x, layer.weight, layer.bias, padding=_padding(layer.weight)).add_(residual).relu_()


def _onednn_pack(weight: Tensor, input_shape: tuple[int, ...]) -> Tensor:
    return torch.ops.mkldnn._reorder_convolution_weight(
        _channels_last(weight, input_shape), _padding(weight), [1, 1], [1, 1], 1, list(input_shape)
    )


def _onednn_conv_relu(x: Tensor, layer: Layer) -> Tensor:
    weight, bias = layer.weight, layer.bias
    return torch.ops.mkldnn._convolution_pointwise(
        x, weight, bias, _padding(weight), [1, 1], [1, 1], 1, "relu", [], ""
    )


def _onednn_conv_add_relu(x: Tensor, layer: Layer, residual: Tensor) -> Tensor:
    weight, bias = layer.weight, layer.bias
    return torch.ops.mkldnn._convolution_pointwise_.binary(
        residual, x, weight, bias, _padding(weight), [1, 1], [1, 1], 1, "add", None, "relu", [], None
    )


def _cudnn_conv_relu(x: Tensor, layer: Layer) -> Tensor:
    weight, bias = layer.weight, layer.bias
    if weight.shape[1] % 8:  # the fused kernels want aligned channels; only the first layer lacks them
        return _plain_conv_relu(x, layer)
    return torch.cudnn_convolution_relu(x, weight, bias, [1, 1], _padding(weight), [1, 1], 1)


def _cudnn_conv_add_relu(x: Tensor, layer: Layer, residual: Tensor) -> Tensor:
    weight, bias = layer.weight, layer.bias
    return torch.cudnn_convolution_add_relu(
        x, weight, residual, 1.0, bias, [1, 1], _padding(weight), [1, 1], 1
    )


KERNELS = {
    "plain": Kernel(_channels_last, _plain_conv_relu, _plain_conv_add_relu, True),
    "onednn": Kernel(_onednn_pack, _onednn_conv_relu, _onednn_conv_add_relu, False),
    "cudnn": Kernel(_channels_last, _cudnn_conv_relu, _cudnn_conv_add_relu, True),
}
