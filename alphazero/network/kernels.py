"""How a folded convolution is computed: by torch's plain operations, or by oneDNN's or cuDNN's fused ones.

Activations lie channels_last, [B, rows, cols, C] in memory. The fused kernels are no public interface of torch and may
refuse a shape; which of them work on a device is found out, not known here (`variants.py`).
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["KERNELS", "Kernel"]


class Kernel(NamedTuple):
    """How convolutions are computed; each keeps the board's size, input and output channels_last."""

    # weight [out, in, k, k] and the input's shape -> the weight in the kernel's own layout
    pack: Callable[[Tensor, tuple[int, ...]], Tensor]
    # x, weight, bias -> relu(conv(x))
    conv_relu: Callable[[Tensor, Tensor, Tensor], Tensor]
    # x, weight, bias, residual -> relu(conv(x) + residual); may overwrite residual
    conv_add_relu: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
    # whether packed weights can be overwritten by `copy_`
    in_place: bool


def _channels_last(weight: Tensor, input_shape: tuple[int, ...]) -> Tensor:
    return weight.contiguous(memory_format=torch.channels_last)


def _padding(weight: Tensor) -> list[int]:
    return [weight.shape[2] // 2, weight.shape[3] // 2]


def _plain_conv_relu(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return F.conv2d(x, weight, bias, padding=_padding(weight)).relu_()


def _plain_conv_add_relu(x: Tensor, weight: Tensor, bias: Tensor, residual: Tensor) -> Tensor:
    return F.conv2d(x, weight, bias, padding=_padding(weight)).add_(residual).relu_()


def _onednn_pack(weight: Tensor, input_shape: tuple[int, ...]) -> Tensor:
    return torch.ops.mkldnn._reorder_convolution_weight(
        _channels_last(weight, input_shape), _padding(weight), [1, 1], [1, 1], 1, list(input_shape)
    )


def _onednn_conv_relu(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.ops.mkldnn._convolution_pointwise(
        x, weight, bias, _padding(weight), [1, 1], [1, 1], 1, "relu", [], ""
    )


def _onednn_conv_add_relu(x: Tensor, weight: Tensor, bias: Tensor, residual: Tensor) -> Tensor:
    return torch.ops.mkldnn._convolution_pointwise_.binary(
        residual, x, weight, bias, _padding(weight), [1, 1], [1, 1], 1, "add", None, "relu", [], None
    )


def _cudnn_conv_relu(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if weight.shape[1] % 8:  # the fused kernels want aligned channels; only the first layer lacks them
        return _plain_conv_relu(x, weight, bias)
    return torch.cudnn_convolution_relu(x, weight, bias, [1, 1], _padding(weight), [1, 1], 1)


def _cudnn_conv_add_relu(x: Tensor, weight: Tensor, bias: Tensor, residual: Tensor) -> Tensor:
    return torch.cudnn_convolution_add_relu(
        x, weight, residual, 1.0, bias, [1, 1], _padding(weight), [1, 1], 1
    )


KERNELS = {
    "plain": Kernel(_channels_last, _plain_conv_relu, _plain_conv_add_relu, True),
    "onednn": Kernel(_onednn_pack, _onednn_conv_relu, _onednn_conv_add_relu, False),
    "cudnn": Kernel(_channels_last, _cudnn_conv_relu, _cudnn_conv_add_relu, True),
}
