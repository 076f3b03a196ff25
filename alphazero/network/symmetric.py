"""A network asked for every symmetry of a position at once: the mean of what it says, turned back.

Answers are then the same for a position and its mirror image, and less noisy; they cost as many rows as there are
symmetries. (AlphaGo Zero drew one symmetry at random for each evaluation instead.)
"""

from typing import Any

import numpy as np

from games.symmetry import Symmetries


class SymmetricInference:
    """Means over symmetries of an inference's logits and values.

    inference: a callable planes float32[n, P, H, W] -> (logits float32[n, A], values float32[n]).
    """

    def __init__(self, inference: Any, symmetries: Symmetries):
        self.inference, self.cells, self.actions = inference, symmetries.cells, symmetries.actions
        self.batch_size = max(1, getattr(inference, "batch_size", 64) // len(self.cells))

    def __call__(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (logits float32[n, A], values float32[n]) of planes float32[n, P, H, W]."""
        n, num_planes, *board = planes.shape
        flat = planes.reshape(n, num_planes, -1)
        turned = np.concatenate([flat[:, :, cells].reshape(planes.shape) for cells in self.cells])
        logits, values = self.inference(turned)
        mean = np.zeros_like(logits[:n])
        for index, actions in enumerate(self.actions):
            mean[:, actions] += logits[index * n : (index + 1) * n]
        return mean / np.float32(len(self.actions)), values.reshape(len(self.cells), n).mean(axis=0)
