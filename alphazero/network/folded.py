"""A network prepared for inference: batch norm folded away, one number format, the processor's own kernels.

In evaluation mode batch norm is a fixed scale and shift per channel, so it goes into the convolution before:
w' = w * gamma / sqrt(var + eps), b' = beta - mean * gamma / sqrt(var + eps). Both heads begin with a 1x1
convolution on the same features; they are done as one. Activations lie channels_last, [B, rows, cols, C] in
memory, so the linear layers behind a convolution read it as it lies and their columns are reordered instead.
The last layer of each head computes in float32: it costs 1 % and keeps logits and values from being rounded.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alphazero.network.model import (
    ConvNorm,
    ResidualNetwork,
    SquareHead,
    activate_value,
    expected_value,
    pool_squares,
    shift_channels,
)

__all__ = ["KERNELS", "FoldedNetwork", "Kernel", "fold"]


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


def fold(network: ResidualNetwork) -> dict[str, Tensor]:
    """Return the weights of a network in evaluation mode with batch norm folded in, float32, on its device.

    Convolutions [out, in, k, k] under "stem", "<block>.first", "<block>.second" and "heads" (policy channels
    first, then value channels), linear layers [out, in] under "<block>.pool", "policy", "pass", "hidden" and
    "value"; each as "<name>.weight" and "<name>.bias".
    """
    folded: dict[str, Tensor] = {}

    def put(name: str, weight: Tensor, bias: Tensor) -> None:
        folded[name + ".weight"], folded[name + ".bias"] = weight, bias

    put("stem", *_fold_conv(network.stem))
    for index, block in enumerate(network.blocks):
        put(f"{index}.first", *_fold_conv(block.first))  # type: ignore[arg-type]
        put(f"{index}.second", *_fold_conv(block.second))  # type: ignore[arg-type]
        if block.pool is not None:
            put(f"{index}.pool", block.pool.weight, block.pool.bias)  # type: ignore[union-attr, arg-type]
    policy, value = network.policy_head, network.value_head
    heads = zip(_fold_conv(policy.conv), _fold_conv(value.conv), strict=True)
    put("heads", *(torch.cat(parts) for parts in heads))
    _, rows, cols = network.input_shape
    if isinstance(policy, SquareHead):
        put("policy", policy.linear.weight, policy.linear.bias)
        if policy.pass_move is not None:
            put("pass", policy.pass_move.weight, policy.pass_move.bias)
    else:
        put("policy", _columns_last(policy.linear.weight, rows, cols), policy.linear.bias)
    scale, shift = _scale_and_shift(value.norm)
    hidden = value.hidden.weight if value.pooling else _columns_last(value.hidden.weight, rows, cols)
    put("hidden", hidden * scale[:, None], shift)
    put("value", value.linear.weight, value.linear.bias)
    return folded


def _scale_and_shift(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    assert norm.running_var is not None and norm.running_mean is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


def _fold_conv(layer: ConvNorm) -> tuple[Tensor, Tensor]:
    scale, shift = _scale_and_shift(layer.norm)
    return layer.conv.weight * scale[:, None, None, None], shift


def _columns_last(weight: Tensor, rows: int, cols: int) -> Tensor:
    """Reorder the columns of a linear weight from (channel, row, col) to (row, col, channel)."""
    return weight.unflatten(1, (-1, rows, cols)).permute(0, 2, 3, 1).flatten(1)


class FoldedNetwork:
    """A folded network on one device, in one number format, with one kernel; called on a fixed batch size.

    A row of the result depends on nothing but the same row of the input and the batch size.
    """

    FLOAT32_LAYERS = ("policy.", "pass.", "value.")

    def __init__(
        self,
        network: ResidualNetwork,
        batch_size: int,
        device: torch.device,
        dtype: torch.dtype,
        kernel: Kernel,
        compiled: bool = False,
    ):
        self.batch_size, self.device, self.dtype, self.kernel = batch_size, device, dtype, kernel
        self.input_shape, self.num_blocks = network.input_shape, len(network.blocks)
        self.num_actions, self.num_policy_channels = network.num_actions, network.config.policy_channels
        self.pools_value = network.value_head.pooling
        self.per_square = isinstance(network.policy_head, SquareHead)
        self.weights: dict[str, Tensor] = {}
        self.load(network)
        self.run = torch.compile(self.forward, dynamic=False) if compiled else self.forward

    @torch.inference_mode()
    def load(self, network: ResidualNetwork) -> None:
        """Take over the weights of a network of the same shapes; ValueError if they differ.

        Where the kernel allows it the old tensors are overwritten, so captured graphs see the new weights.
        """
        new = {name: self._convert(name, weight) for name, weight in fold(network).items()}
        if self.weights and _shapes(new) != _shapes(self.weights):
            raise ValueError(
                "the network's layers differ from those this Inference was made for: make a new one"
            )
        for name, weight in new.items():
            if name in self.weights and (self.kernel.in_place or weight.dim() < 4):
                self.weights[name].copy_(weight)
            else:
                self.weights[name] = weight

    def _convert(self, name: str, weight: Tensor) -> Tensor:
        final = name.startswith(self.FLOAT32_LAYERS)
        weight = weight.detach().to(self.device, torch.float32 if final else self.dtype, copy=True)
        if weight.dim() < 4:
            return weight.contiguous()
        return self.kernel.pack(weight, (self.batch_size, weight.shape[1], *self.input_shape[1:]))

    def new_input(self) -> Tensor:
        """Return a zeroed buffer [batch_size, planes, rows, cols] in the format that `run` wants."""
        shape = (self.batch_size, *self.input_shape)
        return torch.zeros(shape, dtype=self.dtype, device=self.device).to(memory_format=torch.channels_last)

    def trunk(self, x: Tensor) -> Tensor:
        """Return the features [batch_size, channels, rows, cols] that both heads read."""
        weights, kernel = self.weights, self.kernel
        x = kernel.conv_relu(x, weights["stem.weight"], weights["stem.bias"])
        for i in range(self.num_blocks):
            y = kernel.conv_relu(x, weights[f"{i}.first.weight"], weights[f"{i}.first.bias"])
            if f"{i}.pool.weight" in weights:
                y = shift_channels(y, weights[f"{i}.pool.weight"], weights[f"{i}.pool.bias"])
            x = kernel.conv_add_relu(y, weights[f"{i}.second.weight"], weights[f"{i}.second.bias"], x)
        return x

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits [batch_size, num_actions] and values [batch_size] for the mover, both float32."""
        heads = self.kernel.conv_relu(self.trunk(x), self.weights["heads.weight"], self.weights["heads.bias"])
        heads = heads.permute(0, 2, 3, 1).flatten(1, 2)  # [B, squares, channels], as it lies in memory
        split = self.num_policy_channels
        return self._policy(heads[:, :, :split].float()), self._value(heads[:, :, split:])

    def _policy(self, squares: Tensor) -> Tensor:
        weight, bias = self.weights["policy.weight"], self.weights["policy.bias"]
        if not self.per_square:
            return F.linear(squares.flatten(1), weight, bias)
        logits = F.linear(squares, weight, bias).transpose(1, 2).flatten(1)
        if "pass.weight" not in self.weights:
            return logits
        passes = F.linear(pool_squares(squares), self.weights["pass.weight"], self.weights["pass.bias"])
        return torch.cat([logits, passes], dim=1)

    def _value(self, squares: Tensor) -> Tensor:
        weights = self.weights
        squares = pool_squares(squares) if self.pools_value else squares.flatten(1)
        hidden = F.linear(squares, weights["hidden.weight"], weights["hidden.bias"]).relu_().float()
        return expected_value(
            activate_value(F.linear(hidden, weights["value.weight"], weights["value.bias"]))
        )


def _shapes(weights: dict[str, Tensor]) -> dict[str, torch.Size]:
    return {name: weight.shape for name, weight in weights.items()}
