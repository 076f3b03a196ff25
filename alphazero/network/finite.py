"""NaN and infinity, found when weights are loaded: in the weights, and in what they make of a few positions.

The answers alone would not show it: oneDNN's relu turns NaN into 0, so a network whose first layers overflow answers
like any other.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from alphazero.network.kernels import KERNELS
from alphazero.network.layers import FoldedHead, FoldedPart
from alphazero.search.oracle import NetworkError

__all__ = ["require_finite_weights", "require_moderate_activations"]

LARGEST = 1e30  # of an activation: what other planes make of it stays far below the largest number, 3e38
ADVICE = "use another model, or train it again"


def require_finite_weights(tensors: Mapping[str, Tensor], name: str) -> None:
    """Raise NetworkError, one line, when a tensor holds NaN or infinity; `name` says whose tensors they are.

    Tensors of whole numbers and empty ones pass. All lie on one device, which is asked once.
    """
    floats = {key: tensor for key, tensor in tensors.items() if tensor.is_floating_point() and tensor.numel()}
    if not floats or _all_finite(list(floats.values())):
        return
    bad = next(key for key, tensor in floats.items() if not _all_finite([tensor]))
    raise NetworkError(f"{name}: its weights are damaged: {bad} holds NaN or infinity; {ADVICE}")


@torch.inference_mode()
def require_moderate_activations(
    trunk: Mapping[str, FoldedPart], heads: Mapping[str, FoldedHead], planes: Tensor, name: str
) -> None:
    """Raise NetworkError, one line, when a part answers planes [B, P, rows, cols] with NaN or more than LARGEST.

    Computed with torch's plain operations, which hide nothing.
    """
    plain, outputs = KERNELS["plain"], {}
    x = planes
    for part, (layers, run) in trunk.items():
        outputs[part] = x = run(x, layers, plain)
    for head, (conv, layers, answer) in heads.items():
        squares = plain.conv_relu(x, conv).permute(0, 2, 3, 1).flatten(1, 2)
        outputs[f"{head} head"], outputs[f"{head} answer"] = squares, answer(squares, layers)
    if _all_finite(list(outputs.values()), LARGEST):
        return
    bad = next(key for key, tensor in outputs.items() if not _all_finite([tensor], LARGEST))
    raise NetworkError(
        f"{name}: its weights are too large or damaged: it answers NaN, infinity or more than {LARGEST:g} ({bad}) to "
        f"random planes; {ADVICE}"
    )


@torch.no_grad()
def _all_finite(tensors: Sequence[Tensor], largest: float = torch.inf) -> bool:
    low, high = torch.aminmax(torch.cat([tensor.reshape(-1) for tensor in tensors]))  # of NaN both are NaN
    return bool(torch.isfinite(low) & torch.isfinite(high) & (low >= -largest) & (high <= largest))
