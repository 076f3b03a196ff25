"""The player that chooses uniformly among the legal moves."""

import numpy as np

from alphazero.arena.players import Player


class RandomPlayer(Player):
    """Chooses every legal action with the same probability."""

    def __init__(self, game, seed: int = 0, name: str = "random"):
        super().__init__(game, name, seed)

    def choose(self, states: np.ndarray) -> np.ndarray:
        """Return one legal action for each of states[n], int64[n]."""
        return np.array([self.rng.choice(self.game.legal(state)) for state in states], dtype=np.int64)
