"""A folded network whose 3x3 convolutions multiply whole numbers of 8 bits, on a processor without bfloat16.

Between the convolutions everything is float32: a convolution rounds its input, which is never negative, to 0..255 times
one scale, multiplies with weights rounded to whole numbers times one scale an output channel, adds up exactly in 32
bits, and gives float32. So the residual sum, pooling and heads are not rounded. The scales of inputs are those of the
largest activation among the calibration positions; what lies above is cut.

Without VNNI the processor adds two products in 16 bits, which saturate: weights then go up to 64 only, as
2 * 255 * 64 < 2^15; otherwise to 127. Which of the two is exact is tried.

The stem, whose input is small, and the heads, whose rounding would reach the answers undiluted, stay float32.
"""

import functools
import warnings

import torch
import torch.nn.functional as F
from torch import Tensor

from alphazero.network.folded import HEADS, FoldedNetwork
from alphazero.network.kernels import KERNELS, Kernel, Layer, Scales
from alphazero.network.layers import Layers
from alphazero.network.model import Network

__all__ = ["MAX_POLICY_ERROR", "MAX_VALUE_ERROR", "QuantisedNetwork", "has_int8", "quantise"]

MAX_POLICY_ERROR = 0.05  # mean over the calibration positions of half the sum of |difference of probability|
MAX_VALUE_ERROR = 0.05  # mean of |difference|
MIN_CHANNELS = 16  # of the input of a quantised convolution
LARGEST_INPUT = 255
HALF = torch.tensor(0.5)
LARGEST_WEIGHTS = (127, 64)  # the first that is added up exactly


def has_int8() -> bool:
    """Return whether this torch has convolutions of whole numbers, fast on this kind of processor."""
    fused = hasattr(torch.ops.mkldnn, "_convolution_pointwise") and hasattr(torch.ops.onednn, "qconv_prepack")
    return (
        torch.backends.mkldnn.is_available()
        and fused
        and hasattr(torch.ops.onednn, "qconv2d_pointwise")
        and torch.cpu._is_avx2_supported()
    )


class QuantisedNetwork(FoldedNetwork):
    """A folded network with whole numbers in its 3x3 convolutions, calibrated anew whenever weights are loaded.

    Where its answers to the calibration planes float32 [n, planes, rows, cols] differ from those of float32 by more
    than MAX_POLICY_ERROR or MAX_VALUE_ERROR, a warning says so, and it computes in float32 until the next `load`.
    That depends on the weights and the planes alone.
    """

    def __init__(self, network: Network, batch_size: int, device: torch.device, calibration: Tensor):
        self._calibration = calibration.to(memory_format=torch.channels_last)
        self.exact = False  # whether it computes in float32
        super().__init__(network, batch_size, device, torch.float32, KERNEL)

    def load(self, network: Network) -> None:
        """Take over weights as `FoldedNetwork.load` does, and calibrate."""
        self._name = network.name
        super().load(network)

    def _packed(self, parts: dict[str, Layers]) -> dict[str, Layers]:
        exact = super()._packed(parts)
        inputs: dict[int, Tensor] = {}
        expected = self._answer(self._calibration, exact, _watching(inputs))
        quantised = dict(exact)
        for part in set(parts) - {HEADS}:
            scaled = {
                n: quantise(parts[part][n], inputs[id(la)], self.batch_size)
                for n, la in exact[part].items()
                if id(la) in inputs
            }
            quantised[part] = _linked(exact[part] | scaled)
        policy, value = _errors(self._answer(self._calibration, quantised, KERNEL), expected)
        self.exact = not (policy <= MAX_POLICY_ERROR and value <= MAX_VALUE_ERROR)
        if self.exact:
            warnings.warn(
                f"int8 is too coarse for the weights of {self._name}: on {len(self._calibration)} positions it moves "
                f"{policy:.1%} of the policy and the value by {value:.3f} in the mean (allowed: "
                f"{MAX_POLICY_ERROR:.0%}, {MAX_VALUE_ERROR}); float32 is used until other weights are loaded",
                RuntimeWarning,
                stacklevel=2,
            )
        return exact if self.exact else quantised


def _linked(layers: Layers) -> Layers:
    """Return the layers of a part; in a block whose second convolution alone reads the first, that answers rounded."""
    first, second = layers.get("first"), layers.get("second")
    if "pool" in layers or first is None or first.scales is None or second is None or second.scales is None:
        return layers
    return layers | {"first": first._replace(scales=first.scales._replace(output=second.scales.input))}


def quantise(layer: Layer, inputs: Tensor, batch_size: int) -> Layer:
    """Return a convolution float32 [out, in, k, k] in whole numbers, in oneDNN's layout, for a batch size.

    inputs: float32 [n, in, rows, cols], at least 0, what it is to be fed with. The mean of what rounding its weights
    does to its output on them goes into its bias.
    """
    weight, shape = layer.weight, (batch_size, *inputs.shape[1:])
    largest = largest_weight(tuple(weight.shape), shape)
    scale = weight.abs().amax((1, 2, 3)).clamp_min(1e-12) / largest
    whole = torch.round(weight / scale[:, None, None, None])
    lost = weight - whole * scale[:, None, None, None]
    shift = F.conv2d(inputs.mean(0, keepdim=True), lost, padding=_padding(weight)).mean((0, 2, 3))
    scales = Scales(
        max(float(inputs.max()), 1e-12) / LARGEST_INPUT, scale, torch.zeros(len(scale), dtype=torch.int64)
    )
    packed = _pack(whole.to(torch.int8), scales, shape)
    return Layer(packed, layer.bias + shift, scales=scales)


@functools.lru_cache(maxsize=64)
def largest_weight(weight_shape: tuple[int, ...], input_shape: tuple[int, ...]) -> int:
    """Return the largest whole weight whose products with the largest inputs are added up exactly here.

    RuntimeError when none is.
    """
    out, channels, size, _ = weight_shape
    scales = Scales(1.0, torch.ones(out), torch.zeros(out, dtype=torch.int64))
    ones = torch.ones(input_shape).contiguous(memory_format=torch.channels_last)
    for largest in LARGEST_WEIGHTS:
        weight = torch.full(weight_shape, largest, dtype=torch.int8)
        layer = Layer(_pack(weight, scales, input_shape), torch.zeros(out), scales=scales)
        expected = F.conv2d(ones[:1, :1].double(), torch.ones(1, 1, size, size).double(), padding=size // 2)
        expected = (expected * (channels * largest * LARGEST_INPUT)).expand(*input_shape[:1], out, -1, -1)
        actual = _conv_relu(ones * LARGEST_INPUT, layer).double()
        if torch.allclose(actual, expected, rtol=1e-5):
            return largest
    raise RuntimeError("oneDNN does not add up products of whole numbers exactly here")


def _watching(inputs: dict[int, Tensor]) -> Kernel:
    """Return a kernel that computes in float32 and keeps a copy of what each quantisable convolution is fed with."""
    onednn = KERNELS["onednn"]

    def watch(x: Tensor, layer: Layer) -> None:
        if layer.weight.shape[1] >= MIN_CHANNELS:
            inputs[id(layer)] = x.clone()

    def conv_relu(x: Tensor, layer: Layer) -> Tensor:
        watch(x, layer)
        return onednn.conv_relu(x, layer)

    def conv_add_relu(x: Tensor, layer: Layer, residual: Tensor) -> Tensor:
        watch(x, layer)
        return onednn.conv_add_relu(x, layer, residual)

    return onednn._replace(conv_relu=conv_relu, conv_add_relu=conv_add_relu)


def _errors(actual: tuple[Tensor, Tensor], expected: tuple[Tensor, Tensor]) -> tuple[float, float]:
    """Return how far policies and values are apart in the mean; 0 for a head that is missing."""
    policy = (actual[0].softmax(1) - expected[0].softmax(1)).abs().sum(1).mean() / 2
    value = (actual[1] - expected[1]).abs().mean()
    no_policy, no_value = (bool(answer.isnan().all()) for answer in expected)
    return 0.0 if no_policy else float(policy), 0.0 if no_value else float(value)


def _padding(weight: Tensor) -> list[int]:
    return [weight.shape[2] // 2, weight.shape[3] // 2]


def _pack(whole: Tensor, scales: Scales, input_shape: tuple[int, ...]) -> Tensor:
    return torch.ops.onednn.qconv_prepack(
        whole, scales.weight, scales.input, 0, [1, 1], _padding(whole), [1, 1], 1, list(input_shape)
    )


def _rounded(x: Tensor, scale: float) -> Tensor:
    if x.dtype == torch.uint8:
        return x
    return torch.add(HALF, x, alpha=1.0 / scale).clamp_max_(LARGEST_INPUT).to(torch.uint8)  # which cuts off


def _conv_relu(x: Tensor, layer: Layer) -> Tensor:
    if layer.scales is None:
        return KERNELS["onednn"].conv_relu(x, layer)
    weight, scales = layer.weight, layer.scales
    return torch.ops.onednn.qconv2d_pointwise.default(
        _rounded(x, scales.input), scales.input, 0, weight, scales.weight, scales.zero_points, layer.bias,
        [1, 1], _padding(weight), [1, 1], 1, scales.output or 1.0, 0,
        torch.uint8 if scales.output else torch.float32, "relu", [], "",
    )  # fmt: skip


def _conv_add_relu(x: Tensor, layer: Layer, residual: Tensor) -> Tensor:
    if layer.scales is None:
        return KERNELS["onednn"].conv_add_relu(x, layer, residual)
    weight, scales = layer.weight, layer.scales
    return torch.ops.onednn.qconv2d_pointwise.binary(
        _rounded(x, scales.input), scales.input, 0, weight, scales.weight, scales.zero_points, residual, layer.bias,
        [1, 1], _padding(weight), [1, 1], 1, 1.0, 0, torch.float32, 1.0, 0, "sum", 1.0, "relu", [], "",
    )  # fmt: skip


KERNEL = KERNELS["onednn"]._replace(conv_relu=_conv_relu, conv_add_relu=_conv_add_relu)
