"""Fast evaluation of many positions by one network: NumPy arrays in, NumPy arrays out.

The search calls this and knows nothing of torch behind it. Which number format and kernels compute the
network is measured once, when an Inference is made; `choice` names them, so that a run that goes on computes
the same.
"""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from alphazero.network.finite import require_finite_weights
from alphazero.network.model import Network
from alphazero.network.runners import make_runner
from alphazero.network.variants import Runner, Variant, available_variants, fastest, measure, working_runners
from alphazero.search.oracle import Answers, Oracle, Pending
from alphazero.threads import num_threads, use_threads

__all__ = ["Inference", "resolve_device", "set_threads"]

CHOICE_SECONDS = 0.2  # spent on measuring the variants against each other


class Inference(Oracle):
    """A network ready to evaluate batches of positions.

    Rows are evaluated in batches of exactly `batch_size`: fewer are padded, more are cut up. So with the same
    `choice` and batch size a row's result is the same bits whatever other rows came with it. With `multiple`,
    batches on a CPU are padded only to the next multiple of it, which is faster for few rows; then the same
    sequence of batches still gets the same bits. One Python thread may use an Inference at a time; `twin` makes one
    for another thread.

    `device` is "auto" (CUDA if there is one), "cpu" or "cuda"; `precision` "auto" (measured), "float32",
    "bfloat16" or "int8"; `compile` adds torch.compile to what is measured; `groups` is how many batches can be under
    way at once on a GPU (on a CPU it changes nothing). `choice` is the `choice` of an earlier Inference, used
    again without measuring; one that this device or these settings do not allow is measured anew. An
    Inference keeps its own copy of the weights: training the network changes nothing here until `load`. `calibration`
    are planes float32 [n, planes, rows, cols] of positions of the game, which int8 needs (`calibration_planes`).

    An `Oracle`: what the network has no head for is NaN. Raises NetworkError for weights that are NaN or infinite.
    """

    def __init__(
        self,
        network: Network,
        device: str = "auto",
        batch_size: int = 256,
        precision: str = "auto",
        compile: bool = False,
        groups: int = 1,
        choice: Mapping[str, Any] | None = None,
        multiple: int = 0,
        calibration: np.ndarray | None = None,
    ):
        if batch_size < 1 or groups < 1:
            raise ValueError(f"batch_size {batch_size}, groups {groups}: expected both at least 1")
        if precision not in ("auto", "float32", "bfloat16", "int8"):
            raise ValueError(f"precision {precision!r}: expected 'auto', 'float32', 'bfloat16' or 'int8'")
        self.device = resolve_device(device)
        self.batch_size = batch_size
        self.input_shape, self.num_actions = network.input_shape, network.num_actions
        require_finite_weights(network.state_dict(), network.name)
        self._take(network)
        self._calibration = None if calibration is None else self._checked(calibration)
        self._variants = available_variants(self.device, precision, compile, calibration is not None)
        variant, self.choice = self._choose(choice or {})
        self._folded = variant.build(network, batch_size, self.device, self._calibration)
        self._runners_of_all: list[Runner] = []  # its own and those of its twins
        self._add_runners(groups, multiple)

    def _add_runners(self, groups: int, multiple: int) -> None:
        self._multiple, self._turn = multiple, 0
        self._runners = [make_runner(self._folded, multiple) for _ in range(groups)]
        self._runners_of_all += self._runners

    def twin(self) -> "Inference":
        """Return an Inference with the same weights for another thread.

        They have one copy of the weights: `load` on any of them is for all, none of which may be at work then.
        """
        twin = copy.copy(self)
        twin._add_runners(len(self._runners), self._multiple)
        return twin

    def _take(self, network: Network) -> None:
        """Remember whose answers these are."""
        self._network = network
        self.name, self.has_policy, self.has_value = network.name, network.has_policy, network.has_value

    def _choose(self, choice: Mapping[str, Any]) -> tuple[Variant, dict[str, Any]]:
        for variant in self._variants:
            if choice.get("device") == self.device.type and choice.get("variant") == variant.name:
                return variant, dict(choice)
        variant, rates = fastest(
            self._network, self._variants, self.batch_size, self.device, CHOICE_SECONDS, self._calibration
        )
        rounded = {name: round(rate) for name, rate in rates.items()}
        return variant, {"variant": variant.name, "device": self.device.type, "rows_per_second": rounded}

    def __call__(self, planes: np.ndarray) -> Answers:
        """Evaluate planes float32 [n, planes, rows, cols], any n, each seen by the player to move.

        Returns new arrays (logits float32 [n, num_actions], not masked; values float32 [n] in [-1, 1] for the
        mover); NaN where the network has no such head. ValueError when dtype or shape are others.
        """
        return self.submit(planes).result()

    def submit(self, planes: np.ndarray) -> Pending:
        """Start what `__call__` does and return a handle whose `result()` gives its result.

        On a GPU up to `groups` batches are under way at once; a further one waits for the oldest. The planes
        are copied before this returns. On a CPU, and for more than `batch_size` rows, it is done on return.
        """
        planes = self._checked(planes)
        if len(planes) <= self.batch_size:
            return self._submit_batch(planes)
        starts = range(0, len(planes), self.batch_size)
        results = [
            handle.result()
            for handle in [self._submit_batch(planes[start : start + self.batch_size]) for start in starts]
        ]
        logits, values = (np.concatenate(parts) for parts in zip(*results, strict=True))
        return Pending(lambda: (logits, values))

    def _submit_batch(self, planes: np.ndarray) -> Pending:
        runner = self._runners[self._turn]
        self._turn = (self._turn + 1) % len(self._runners)
        return runner.submit(planes)

    def _checked(self, planes: np.ndarray) -> np.ndarray:
        if planes.dtype != np.float32 or planes.shape[1:] != self.input_shape:
            expected = ", ".join(str(size) for size in self.input_shape)
            raise ValueError(f"planes {planes.dtype}{list(planes.shape)}: expected float32[n, {expected}]")
        return np.require(planes, requirements=["C", "W"])  # torch wraps no read-only array

    def load(self, network: Network) -> None:
        """Use the weights of `network` from now on.

        Batches under way are waited for and keep the old weights. ValueError when its shapes differ; NetworkError, and
        the old weights stay, when one of its weights is NaN or infinite.
        """
        if (network.input_shape, network.num_actions) != (self.input_shape, self.num_actions):
            raise ValueError(
                f"network for input {network.input_shape} and {network.num_actions} actions: expected "
                f"{self.input_shape} and {self.num_actions}"
            )
        for runner in self._runners_of_all:
            runner.wait()
        require_finite_weights(network.state_dict(), network.name)
        self._folded.load(network)
        self._take(network)
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def benchmark(self, seconds: float = 2.0) -> dict[str, float]:
        """Return rows/s of every variant that works here, by name, at the full batch size."""
        runners = working_runners(
            self._network, self._variants, self.batch_size, self.device, self._calibration
        )
        return measure(runners, seconds)


def resolve_device(device: str) -> torch.device:
    """Return the torch device that "auto", "cpu", "cuda" or "cuda:1" means here; ValueError if none does."""
    kind = device.partition(":")[0]
    if kind not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device {device!r}: expected 'auto', 'cpu' or 'cuda'")
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device {device!r}: torch finds no CUDA GPU here; use 'cpu' or 'auto'")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(device)


def device_name(device: torch.device) -> str:
    """Return "cpu", or "cuda" with the name of the card."""
    return f"cuda, {torch.cuda.get_device_name(device)}" if device.type == "cuda" else device.type


def set_threads(count: int = 0) -> int:
    """Bound the threads of torch, compiled code and `side_by_side` to `count` each (0: all cores); return how many.

    The three are separate, and not busy at the same time, so each may have every core.
    """
    if count < 0:
        raise ValueError(f"threads {count}: expected 0 (all cores) or more")
    import numba

    use_threads(count)
    count = num_threads()
    torch.set_num_threads(count)
    numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))
    return count
