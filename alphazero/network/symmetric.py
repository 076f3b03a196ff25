"""A network asked for every symmetry of a position at once: the mean of what it says, turned back.

Answers are then the same for a position and its mirror image, and less noisy; they cost as many rows as there are
symmetries. (AlphaGo Zero drew one symmetry at random for each evaluation instead.)
"""

import numpy as np

from alphazero.search.oracle import Answers, Oracle
from games.symmetry import Symmetries


class SymmetricInference(Oracle):
    """Means over symmetries of an oracle's logits and values."""

    def __init__(self, oracle: Oracle, symmetries: Symmetries):
        self.oracle, self.cells, self.actions = oracle, symmetries.cells, symmetries.actions
        self.batch_size = max(1, oracle.batch_size // len(self.cells))
        self.name, self.has_policy, self.has_value = oracle.name, oracle.has_policy, oracle.has_value

    def __call__(self, planes: np.ndarray) -> Answers:
        """Return (logits float32[n, A], values float32[n]) of planes float32[n, P, H, W]."""
        n, num_planes, *board = planes.shape
        flat = planes.reshape(n, num_planes, -1)
        turned = np.concatenate([flat[:, :, cells].reshape(planes.shape) for cells in self.cells])
        logits, values = self.oracle(turned)
        mean = np.zeros_like(logits[:n])
        for index, actions in enumerate(self.actions):
            mean[:, actions] += logits[index * n : (index + 1) * n]
        return mean / np.float32(len(self.actions)), values.reshape(len(self.cells), n).mean(axis=0)
