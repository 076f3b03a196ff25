"""The ways to compute one network, and which of them is the fastest here.

What is fastest differs by processor (bfloat16 with units for it: 2 to 3 times float32; without: slower), so
it is measured at start and not guessed. Different variants round differently, so a run stores the name of the
one it uses and asks for it again when it goes on. Other programs only ever make a run longer, so the variants are
chosen by their shortest runs, each short enough to end before the system gives the core to somebody else.
"""

import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch

from alphazero.network.folded import FoldedNetwork
from alphazero.network.kernels import KERNELS
from alphazero.network.model import Network
from alphazero.network.quantised import QuantisedNetwork, has_int8
from alphazero.network.runners import CpuRunner, CudaRunner, make_runner

__all__ = ["Variant", "available_variants", "fastest", "measure"]

MAX_RELATIVE_ERROR = 0.2  # of the trunk against float32; bfloat16 stays below 0.02, a wrong kernel does not
MEASURING_SECONDS = (
    0.0015  # of one run of plain float32: systems leave a program its core for a few ms at a time
)
MIN_MEASURING_ROWS = 4
MIN_ROUNDS = 3


class Variant(NamedTuple):
    """A number format, a kernel, and whether torch.compile is used."""

    dtype: torch.dtype
    kernel: str
    compiled: bool = False

    @property
    def name(self) -> str:
        """Such as "bfloat16 onednn" or "float32 plain compiled"."""
        words = [str(self.dtype).removeprefix("torch."), self.kernel] + ["compiled"] * self.compiled
        return " ".join(words)

    def build(
        self,
        network: Network,
        batch_size: int,
        device: torch.device,
        calibration: np.ndarray | None = None,
    ) -> FoldedNetwork:
        """Return the network folded for this variant; int8 needs calibration planes float32 [n, P, H, W]."""
        if self.dtype == torch.int8:
            assert calibration is not None
            return QuantisedNetwork(network, batch_size, device, torch.from_numpy(calibration.copy()))
        return FoldedNetwork(network, batch_size, device, self.dtype, KERNELS[self.kernel], self.compiled)


def available_variants(
    device: torch.device, precision: str, compile: bool, calibrated: bool = False
) -> list[Variant]:
    """Return the variants worth a try on `device`, plain ones first within each number format.

    `precision` is "float32", "bfloat16", "int8" or "auto": float32, and bfloat16 if the device computes in it at all,
    else int8 where there is something to calibrate it on. ValueError, one line, where int8 is asked for in vain.
    """
    int8 = [Variant(torch.int8, "onednn")]
    if precision == "int8":
        _require_int8(device, calibrated)
        return int8
    dtypes = {"float32": [torch.float32], "bfloat16": [torch.bfloat16]}.get(precision)
    if dtypes is None:
        dtypes = [torch.float32] + [torch.bfloat16] * _has_bfloat16(device)
    variants = [Variant(dtype, kernel) for dtype in dtypes for kernel in _kernels(device)]
    variants += [Variant(dtypes[-1], "plain", compiled=True)] * compile
    narrow = precision == "auto" and torch.bfloat16 not in dtypes and calibrated
    return variants + int8 * (narrow and device.type == "cpu" and has_int8())


def _require_int8(device: torch.device, calibrated: bool) -> None:
    if device.type != "cpu":
        reason = f"is for processors, the device is {device.type}"
    elif not has_int8():
        reason = f"needs a processor with AVX2 and oneDNN's int8 operations, which torch {torch.__version__} lacks here"
    elif not calibrated:
        reason = "needs positions to calibrate on (`calibration`)"
    else:
        return
    raise ValueError(f"network.precision 'int8' {reason}: use 'auto' or 'float32'")


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if not torch.backends.mkldnn.is_available() or not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return True
    # oneDNN also emulates it on processors with AVX-512 and no units for it: correct, and slower than float32
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def _kernels(device: torch.device) -> list[str]:
    if device.type == "cuda":
        return ["plain", "cudnn"] if torch.backends.cudnn.is_available() else ["plain"]
    fused = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
    return ["plain", "onednn"] if fused else ["plain"]


Runner = CpuRunner | CudaRunner


def working_runners(
    network: Network,
    variants: list[Variant],
    batch_size: int,
    device: torch.device,
    calibration: np.ndarray | None = None,
) -> dict[Variant, Runner]:
    """Return a runner of each variant that runs on this device and agrees with float32; RuntimeError if none.

    The kernels that fuse operations are no public interface of torch and refuse some shapes on some devices:
    a variant that raises, or whose trunk disagrees, is left out. Compared on calibration planes [n, P, H, W] where
    there are some, else on random ones.
    """
    shape = (batch_size, *network.input_shape)
    planes = torch.from_numpy(
        np.random.default_rng(0).random(shape, np.float32)
        if calibration is None
        else np.resize(calibration, shape)
    )
    expected = _trunk(Variant(torch.float32, "plain").build(network, batch_size, device), planes)
    runners: dict[Variant, Runner] = {}
    reasons = []
    for variant in variants:
        try:
            folded = variant.build(network, batch_size, device, calibration)
            if not _agree(_trunk(folded, planes), expected):
                raise RuntimeError("its result disagrees with that of float32")
            runners[variant] = make_runner(folded)
        except (RuntimeError, NotImplementedError) as error:
            reasons.append(f"{variant.name}: {str(error).strip().splitlines()[0]}")
    if not runners:
        raise RuntimeError(f"no way to run the network on {device}: {'; '.join(reasons)}")
    return runners


def _agree(actual: torch.Tensor, expected: torch.Tensor) -> bool:
    allowed = MAX_RELATIVE_ERROR * torch.linalg.vector_norm(expected)
    if not torch.isfinite(allowed):  # a diverged network: nothing to compare with, and not the kernel's fault
        return True
    return bool(torch.linalg.vector_norm(actual - expected) <= allowed)


@torch.inference_mode()
def _trunk(folded: FoldedNetwork, planes: torch.Tensor) -> torch.Tensor:
    return folded.trunk(folded.new_input().copy_(planes)).float()


def measure(
    runners: Mapping[Variant, Runner],
    seconds: float,
    summary: Callable[[list[float]], float] = statistics.median,
) -> dict[str, float]:
    """Return rows/s of each variant by name, by the `summary` of its times over alternating rounds.

    The rounds take about `seconds`, and there are at least `MIN_ROUNDS`.
    """
    times: dict[Variant, list[float]] = {variant: [] for variant in runners}
    random = np.random.default_rng(0)
    planes = {
        variant: random.random((runner.folded.batch_size, *runner.folded.input_shape), np.float32)
        for variant, runner in runners.items()
    }
    end = time.perf_counter() + seconds
    rounds = 0
    while rounds < MIN_ROUNDS or time.perf_counter() < end:
        for variant, runner in runners.items():
            start = time.perf_counter()
            runner.run(planes[variant])
            times[variant].append(time.perf_counter() - start)
        rounds += 1
    return {variant.name: len(planes[variant]) / summary(times[variant]) for variant in runners}


def fastest(
    network: Network,
    variants: list[Variant],
    batch_size: int,
    device: torch.device,
    seconds: float,
    calibration: np.ndarray | None = None,
) -> tuple[Variant, dict[str, float]]:
    """Return the fastest working variant and the rows/s of all, measured in about `seconds` plus preparation.

    On a CPU one thread computes a few rows at a time, and the shortest run of each variant counts: so the choice is
    the same beside other programs.
    """
    with _one_thread():
        rows = batch_size if device.type == "cuda" else _rows_to_measure(network, batch_size, device)
        runners = working_runners(network, variants, rows, device, calibration)
        rates = measure(runners, seconds, min)
    return max(runners, key=lambda variant: rates[variant.name]), rates


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _rows_to_measure(network: Network, batch_size: int, device: torch.device) -> int:
    """Return how many rows plain float32 computes in about `MEASURING_SECONDS`."""
    rows = min(MIN_MEASURING_ROWS, batch_size)
    plain = Variant(torch.float32, "plain")
    rate = measure({plain: make_runner(plain.build(network, rows, device))}, 0.0, min)[plain.name]
    return max(rows, min(int(rate * MEASURING_SECONDS), batch_size))
