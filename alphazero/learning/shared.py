"""The gradient of a batch that several processes share: each has some of its parts, the sum is every one's.

Where a process has one part, DistributedDataParallel adds the gradients while they are computed; where it has several,
side by side (`Replicas`), they are added afterwards. Batch normalisation goes by parts, as in one process with as many
(`training.parts`), which so learns the same but for rounding.
"""

import math
import warnings

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from alphazero.learning.ranks import Ranks, Step, lost
from alphazero.learning.replicas import Found, Losses, Measured, Replicas
from alphazero.network.model import Network
from alphazero.threads import shares


class SharedReplicas:
    """A network that the processes of `ranks` learn together, each from `parts / ranks.count` parts of a batch."""

    def __init__(self, network: Network, parts: int, ranks: Ranks):
        self.network, self.parts, self.ranks = network, parts, ranks
        wrapped = None
        with lost():
            if parts == ranks.count:
                wrapped = averaging_gradients(network)
            else:
                for tensor in network.state_dict().values():
                    dist.broadcast(tensor, 0)
        self.replicas = Replicas(network, parts // ranks.count, wrapped)
        self._averaged = wrapped is not None

    def split(self, step: Step) -> list[Step]:
        """Return the step of each process on its positions of the batch."""
        sizes = shares(step.whole, self.parts)
        each, begin, steps = self.parts // self.ranks.count, 0, []
        for rank in range(self.ranks.count):
            end = begin + sum(sizes[rank * each : (rank + 1) * each])
            steps.append(step._replace(batch=type(step.batch)(*(array[begin:end] for array in step.batch))))
            begin = end
        return steps

    def backward(self, step: Step, losses: Losses) -> tuple[float, Measured]:
        """As `Replicas.backward` of the whole batch, from this process's part of it; raises RanksLost."""
        whole = (
            step.whole / self.ranks.count if self._averaged else step.whole
        )  # DDP takes the mean over processes
        with lost():
            found = self.replicas.gradients(step.loss, step.batch, losses, whole)
        return self._add(found, step.whole)

    @torch.no_grad()
    def _add(self, found: list[Found], whole: int) -> tuple[float, Measured]:
        """Add the gradients where that is still to be done, average the statistics; return the means over the batch."""
        count = self.ranks.count
        buffers = [buffer for buffer in self.network.buffers() if buffer.is_floating_point()]
        tensors: list[Tensor] = list(buffers)
        if not self._averaged:
            tensors += [
                parameter.grad for parameter in self.network.parameters() if parameter.grad is not None
            ]
        told = torch.tensor(_sums(found), device=tensors[0].device)
        flat = torch.cat([*(tensor.reshape(-1) for tensor in tensors), told])
        self.ranks.add(flat)
        place = 0
        for number, tensor in enumerate(tensors):
            tensor.copy_(flat[place : place + tensor.numel()].view_as(tensor))
            if number < len(buffers):
                tensor.div_(count)
            place += tensor.numel()
        return _means(flat[place:].tolist(), list(found[0].measured), whole)


def averaging_gradients(network: Network) -> DistributedDataParallel:
    """Return what takes the mean of the network's gradients over the processes; all begin with the leader's weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the name of the argument changes with torch 2.13
        return DistributedDataParallel(network, broadcast_buffers=False)


def _sums(found: list[Found]) -> list[float]:
    """Return the sums over positions of the loss and of what was measured, each with the number of its positions."""
    sums = [sum(part.total * part.size for part in found)]
    for name in found[0].measured:
        known = [part for part in found if not math.isnan(part.measured[name])]
        sums += [
            sum(part.measured[name] * part.size for part in known),
            float(sum(part.size for part in known)),
        ]
    return sums


def _means(sums: list[float], names: list[str], whole: int) -> tuple[float, Measured]:
    pairs = zip(names, sums[1::2], sums[2::2], strict=True)
    return sums[0] / whole, {name: value / count if count else math.nan for name, value, count in pairs}
