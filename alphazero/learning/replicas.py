"""The gradient of a batch from its parts, side by side, each through a copy of the network that shares its weights.

The gradients of the parts are added in their order, so they are the same for any number of threads. Batch normalisation
sees one part at a time ("ghost batch normalisation", Hoffer et al. 2017); its running statistics are the means of those
of the parts.
"""

import copy
import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from alphazero.learning.losses import Loss
from alphazero.network.model import Network
from alphazero.threads import shares, side_by_side

Measured = dict[str, float]
# network, loss, batch of arrays -> the loss and what it measured
Losses = Callable[[Network, Loss, tuple[np.ndarray, ...]], tuple[Tensor, dict[str, Tensor]]]


class Found(NamedTuple):
    """What was found of a part of a batch: its positions, its mean loss, and what else was measured, means too."""

    size: int
    total: float
    measured: Measured


class Replicas:
    """A network and its copies, one for each of `count` parts of a batch; parameters are shared, buffers are not.

    wrapped: what stands for the network itself in the forward pass, such as DistributedDataParallel.
    """

    def __init__(self, network: Network, count: int, wrapped: torch.nn.Module | None = None):
        self.networks = [network] + [copy.deepcopy(network) for _ in range(count - 1)]
        for replica in self.networks[1:]:
            for parameter, shared in zip(replica.parameters(), network.parameters(), strict=True):
                parameter.data = shared.data
        self._callable: list[Any] = [wrapped or network, *self.networks[1:]]

    def backward(self, loss: Loss, batch: tuple[np.ndarray, ...], losses: Losses) -> tuple[float, Measured]:
        """Put the gradient of the mean loss over a batch into the network; return the loss and what else it measured.

        What is measured is the mean over the positions, of parts that measured nothing (NaN) left out.
        """
        return means_of(self.gradients(loss, batch, losses, len(batch[0])))

    def gradients(
        self, loss: Loss, batch: tuple[np.ndarray, ...], losses: Losses, whole: float
    ) -> list[Found]:
        """Put the gradient of the sum of the losses of a batch's positions, divided by `whole`, into the network."""
        self._prepare()
        sizes = [size for size in shares(len(batch[0]), len(self.networks)) if size]
        ends = np.cumsum(sizes)
        parts = [
            type(batch)(*(array[end - size : end] for array in batch))
            for size, end in zip(sizes, ends, strict=True)
        ]

        def work(number: int, _: Callable[[], bool]) -> Found:
            total, measured = losses(self._callable[number], loss, parts[number])
            (total * (sizes[number] / whole)).backward()
            return Found(
                sizes[number], total.item(), {name: value.item() for name, value in measured.items()}
            )

        found = side_by_side([partial(work, number) for number in range(len(parts))])
        self._collect(len(parts))
        return found

    def _prepare(self) -> None:
        """Bring the copies to the state of the network."""
        first = self.networks[0]
        for replica in self.networks[1:]:
            replica.train(first.training)
            for buffer, source in zip(replica.buffers(), first.buffers(), strict=True):
                buffer.copy_(source)
        for network in self.networks:
            network.zero_grad(set_to_none=True)

    @torch.no_grad()
    def _collect(self, count: int) -> None:
        """Add the gradients of the first `count` networks, and average their statistics, in the first."""
        used = self.networks[:count]
        for same in zip(*(network.parameters() for network in used), strict=True):
            for other in same[1:]:
                if same[0].grad is None:
                    same[0].grad = other.grad
                elif other.grad is not None:
                    same[0].grad.add_(other.grad)
        for buffers in zip(*(network.buffers() for network in used), strict=True):
            if buffers[0].is_floating_point():
                for other in buffers[1:]:
                    buffers[0].add_(other)
                buffers[0].div_(count)


def means_of(found: list[Found]) -> tuple[float, Measured]:
    """Return the mean loss over the positions of all parts, and the means of what was measured (NaN left out)."""
    sizes = [part.size for part in found]
    return _mean([part.total for part in found], sizes), {
        name: _mean_of_known([part.measured[name] for part in found], sizes) for name in found[0].measured
    }


def _mean(values: list[float], weights: list[int]) -> float:
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)


def _mean_of_known(values: list[float], weights: list[int]) -> float:
    known = [(value, weight) for value, weight in zip(values, weights, strict=True) if not math.isnan(value)]
    return _mean(*map(list, zip(*known, strict=True))) if known else math.nan
