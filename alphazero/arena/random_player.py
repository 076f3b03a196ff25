"""The player that chooses uniformly among the legal moves."""

import numpy as np

from alphazero.play.player import Decisions, Player, Turns
from games import Game


class RandomPlayer(Player):
    """Chooses every legal action with the same probability."""

    def __init__(self, game: Game, seed: int = 0, name: str = "random"):
        super().__init__(game, name, seed)

    def decide(self, turns: Turns) -> Decisions:
        """Return one legal action for each turn, and the equal shares by which it was drawn."""
        actions = np.zeros(len(turns.states), np.int64)
        policies = np.zeros((len(actions), self.game.num_actions), np.float32)
        for index, state in enumerate(turns.states):
            legal = self.game.legal(state)
            actions[index] = self.rng.choice(legal)
            policies[index, legal] = 1.0 / len(legal)
        return Decisions(actions, -np.log((policies > 0).sum(axis=1)), policies=policies)
