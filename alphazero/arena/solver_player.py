"""The player that never errs: it solves every position exactly."""

import numpy as np

from alphazero.arena.players import Player, as_positions
from alphazero.exact import make_solver


class SolverPlayer(Player):
    """Plays a random one of the moves with the best result; with `distance`, wins fast and loses slowly.

    seconds: limit for one position (0: none); beyond it `choose` raises `exact.Unfinished`, a ValueError.
    """

    def __init__(
        self,
        game,
        distance: bool = False,
        seconds: float = 0.0,
        memory_mb: float = 256.0,
        seed: int = 0,
        name: str = "solver",
    ):
        super().__init__(game, name, seed)
        self.distance, self.seconds = distance, seconds
        self.solver = make_solver(game, memory_mb)

    def choose(self, states: np.ndarray) -> np.ndarray:
        """Return a best action for each of states[n], int64[n]; equally good ones by chance."""
        chosen = np.empty(len(states), np.int64)
        for index, state in enumerate(as_positions(self.game, states)):
            solution = self.solver.solve(state, distance=self.distance, seconds=self.seconds or None)
            chosen[index] = self.rng.choice(solution.best)
        return chosen
