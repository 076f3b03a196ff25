"""One batch through a folded network and back: on the CPU at once, on a GPU as a graph on its own stream.

A runner serves one batch at a time and belongs to one Python thread. The batch size is fixed: fewer rows use
the first places of a buffer whose other places hold whatever came before, which no row's result depends on. On a
CPU the batch may be rounded up to a smaller multiple instead, which saves time and costs that independence.
"""

import numpy as np
import torch

from alphazero.network.folded import FoldedNetwork
from alphazero.search.oracle import Answers, Pending

__all__ = ["CpuRunner", "CudaRunner", "make_runner"]

WARM_UP_RUNS = 3  # before a graph is captured: libraries allocate and choose algorithms in their first runs


class CpuRunner:
    """Runs a batch on the CPU, at once; of `multiple` rows and more, or always all of them (0)."""

    def __init__(self, folded: FoldedNetwork, multiple: int = 0):
        self.folded = folded
        self.multiple = multiple or folded.batch_size
        self.buffer = folded.new_input()
        self.run(np.zeros((1, *folded.input_shape), np.float32))  # kernels are made in the first run

    def submit(self, planes: np.ndarray) -> Pending:
        """Evaluate planes float32 [n <= batch_size, planes, rows, cols]; the handle is ready on return."""
        result = self.run(planes)
        return Pending(lambda: result)

    @torch.inference_mode()
    def run(self, planes: np.ndarray) -> Answers:
        n = len(planes)
        self.buffer[:n].copy_(torch.from_numpy(planes))  # to channels_last and bfloat16 in this one copy
        rows = min(len(self.buffer), -(-n // self.multiple) * self.multiple)
        logits, values = self.folded.run(self.buffer[:rows])
        return logits[:n].numpy(), values[:n].numpy()

    def wait(self) -> None:
        """Return once nothing is under way."""


class CudaRunner:
    """Runs batches on a GPU: pinned buffers, copies that do not block, a captured graph, one stream."""

    def __init__(self, folded: FoldedNetwork):
        self.folded = folded
        shape = (folded.batch_size, *folded.input_shape)
        self.host_planes = torch.zeros(shape, pin_memory=True)
        self.host_logits = torch.zeros((folded.batch_size, folded.num_actions), pin_memory=True)
        self.host_values = torch.zeros(folded.batch_size, pin_memory=True)
        self.planes = torch.zeros(shape, device=folded.device)
        self.buffer = folded.new_input()
        self.pending: Pending | None = None
        with torch.cuda.device(folded.device):
            self.stream = torch.cuda.Stream()
            self.done = torch.cuda.Event()
            self._capture()

    @torch.inference_mode()
    def _capture(self) -> None:
        torch.cuda.synchronize()
        with torch.cuda.stream(self.stream):
            for _ in range(WARM_UP_RUNS):
                self._forward()
        torch.cuda.synchronize()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, stream=self.stream):
            self._forward()
        torch.cuda.synchronize()

    def _forward(self) -> None:
        """From host memory to host memory: with the copies in the graph a batch takes few calls, each of which waits.

        Threads that all ask a GPU wait for each other at every call.
        """
        self.planes.copy_(self.host_planes, non_blocking=True)
        self.buffer.copy_(self.planes)
        logits, values = self.folded.run(self.buffer)
        self.host_logits.copy_(logits, non_blocking=True)
        self.host_values.copy_(values, non_blocking=True)

    @torch.inference_mode()
    def submit(self, planes: np.ndarray) -> Pending:
        """Start the evaluation of planes float32 [n <= batch_size, planes, rows, cols].

        One still under way is waited for first.
        """
        self.wait()
        n = len(planes)
        self.host_planes[:n].copy_(torch.from_numpy(planes))
        with torch.cuda.device(self.folded.device), torch.cuda.stream(self.stream):
            self.graph.replay()
            self.done.record(self.stream)
        self.pending = Pending(lambda: self._collect(n))
        return self.pending

    def run(self, planes: np.ndarray) -> Answers:
        return self.submit(planes).result()

    def wait(self) -> None:
        """Return once nothing is under way; a result not asked for yet stays in its handle."""
        if self.pending is not None:
            self.pending.result()

    def _collect(self, n: int) -> Answers:
        self.done.synchronize()
        self.pending = None
        return self.host_logits[:n].numpy().copy(), self.host_values[:n].numpy().copy()


def make_runner(folded: FoldedNetwork, multiple: int = 0) -> CpuRunner | CudaRunner:
    """Return the runner for the device that the folded network lies on; `multiple` as `CpuRunner` takes it."""
    return CudaRunner(folded) if folded.device.type == "cuda" else CpuRunner(folded, multiple)
