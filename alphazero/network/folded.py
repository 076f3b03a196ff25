"""A network prepared for inference: batch norm folded away, one number format, the processor's own kernels.

Each part of the network says what is left of it (`layers.py`); here that is brought into the number format and run. All
heads begin with a 1x1 convolution on the same features; these are done as one. Activations lie channels_last,
[B, rows, cols, C] in memory, so the linear layers behind a convolution read it as it lies.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from alphazero.network.finite import require_finite_weights, require_moderate_activations
from alphazero.network.kernels import Kernel
from alphazero.network.layers import FoldedHead, Layer, Layers
from alphazero.network.model import Network

__all__ = ["FoldedNetwork"]

PROBE_SHARE = 0.3
HEADS = "heads"  # the part with the heads' first convolutions


class FoldedNetwork:
    """A folded network on one device, in one number format, with one kernel; called on a fixed batch size.

    A row of the result depends on nothing but the same row of the input and the batch size. Raises NetworkError when
    a weight is NaN or infinite, or becomes so in the number format.
    """

    def __init__(
        self,
        network: Network,
        batch_size: int,
        device: torch.device,
        dtype: torch.dtype,
        kernel: Kernel,
        compiled: bool = False,
    ):
        self.batch_size, self.device, self.dtype, self.kernel = batch_size, device, dtype, kernel
        self.input_shape, self.num_actions = network.input_shape, network.num_actions
        self.layers: dict[str, Layers] = {}
        self._shapes: dict[str, torch.Size] = {}
        self._trunk: list[tuple[str, Callable[[Tensor, Layers, Kernel], Tensor]]] = []
        self.load(network)
        self.run = torch.compile(self.forward, dynamic=False) if compiled else self.forward

    @torch.inference_mode()
    def load(self, network: Network) -> None:
        """Take over the weights of a network of the same shapes; ValueError if they differ, or are not finite.

        Where the kernel allows it the old tensors are overwritten, so captured graphs see the new weights.
        """
        trunk, heads = network.fold_trunk(), network.fold_heads()
        parts = {name: part.layers for name, part in (trunk | heads).items()} | {HEADS: _joined(heads)}
        converted = {
            part: {n: self._convert(la) for n, la in layers.items()} for part, layers in parts.items()
        }
        require_finite_weights(
            _tensors(converted), f"{network.name} in {str(self.dtype).removeprefix('torch.')}"
        )
        require_moderate_activations(trunk, heads, self._probe(network), network.name)
        shapes, runs = _shapes(converted), [(name, part.run) for name, part in trunk.items()]
        if self.layers and (shapes, runs) != (self._shapes, self._trunk):
            raise ValueError(
                "the network's layers differ from those this Inference was made for: make a new one"
            )
        self._shapes, self._trunk = shapes, runs
        self._heads = {name: (head.run, len(head.conv.bias)) for name, head in heads.items()}
        self._replace(self._packed(converted))

    def _convert(self, layer: Layer) -> Layer:
        """Copy a layer to the device, in the number format."""
        dtype = torch.float32 if layer.exact else self.dtype
        weight, bias = (tensor.detach().to(self.device, dtype, copy=True) for tensor in layer[:2])
        return Layer(weight, bias, layer.exact)

    def _packed(self, parts: dict[str, Layers]) -> dict[str, Layers]:
        """Return layers as the kernel wants them."""
        return {part: {n: self._pack(layer) for n, layer in layers.items()} for part, layers in parts.items()}

    def _pack(self, layer: Layer) -> Layer:
        """Bring a convolution into the kernel's own layout."""
        if layer.weight.dim() < 4:
            return layer._replace(weight=layer.weight.contiguous())
        shape = (self.batch_size, layer.weight.shape[1], *self.input_shape[1:])
        return layer._replace(weight=self.kernel.pack(layer.weight, shape))

    def _replace(self, new: dict[str, Layers]) -> None:
        if not self.layers:
            self.layers = new
            return
        for part, layers in new.items():
            for name, layer in layers.items():
                if self.kernel.in_place or layer.weight.dim() < 4:
                    self.layers[part][name].bias.copy_(layer.bias)
                    self.layers[part][name].weight.copy_(layer.weight)
                else:
                    self.layers[part][name] = layer

    def _probe(self, network: Network) -> Tensor:
        """Return planes [2, planes, rows, cols] to try new weights on: some squares set at random, and all of them."""
        some = torch.rand(self.input_shape, generator=torch.Generator().manual_seed(0)) < PROBE_SHARE
        return torch.stack([some.float(), torch.ones(self.input_shape)]).to(next(network.parameters()).device)

    def new_input(self) -> Tensor:
        """Return a zeroed buffer [batch_size, planes, rows, cols] in the format that `run` wants."""
        shape = (self.batch_size, *self.input_shape)
        return torch.zeros(shape, dtype=self.dtype, device=self.device).to(memory_format=torch.channels_last)

    def trunk(self, x: Tensor) -> Tensor:
        """Return the features [batch_size, channels, rows, cols] that all heads read."""
        return self._run_trunk(x, self.layers, self.kernel)

    def _run_trunk(self, x: Tensor, parts: dict[str, Layers], kernel: Kernel) -> Tensor:
        for name, run in self._trunk:
            x = run(x, parts[name], kernel)
        return x

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits [batch_size, num_actions] and values [batch_size] for the mover, both float32.

        What the network has no head for is NaN.
        """
        return self._answer(x, self.layers, self.kernel)

    def _answer(self, x: Tensor, parts: dict[str, Layers], kernel: Kernel) -> tuple[Tensor, Tensor]:
        squares = kernel.conv_relu(self._run_trunk(x, parts, kernel), parts[HEADS]["conv"])
        squares = squares.permute(0, 2, 3, 1).flatten(1, 2)  # [B, squares, channels], as it lies in memory
        answers, first = {}, 0
        for name, (run, channels) in self._heads.items():
            answers[name] = run(squares[:, :, first : first + channels], parts[name])
            first += channels
        return self._or_nan(answers.get("policy"), (len(x), self.num_actions)), self._or_nan(
            answers.get("value"), (len(x),)
        )

    def _or_nan(self, answer: Tensor | None, shape: tuple[int, ...]) -> Tensor:
        return torch.full(shape, torch.nan, device=self.device) if answer is None else answer


def _joined(heads: dict[str, FoldedHead]) -> Layers:
    """Return the first convolutions of all heads as one, in their order."""
    convs = [head.conv for head in heads.values()]
    return {
        "conv": Layer(torch.cat([conv.weight for conv in convs]), torch.cat([conv.bias for conv in convs]))
    }


def _tensors(parts: dict[str, Layers]) -> dict[str, Tensor]:
    """Return every weight and bias by name."""
    return {
        f"{part}.{name}.{kind}": tensor
        for part, layers in parts.items()
        for name, layer in layers.items()
        for kind, tensor in (("weight", layer.weight), ("bias", layer.bias))
    }


def _shapes(parts: dict[str, Layers]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in _tensors(parts).items()}
