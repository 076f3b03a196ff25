"""The player that never errs: it solves every position exactly."""

import numpy as np

from alphazero.exact import make_solver
from alphazero.play.player import Decisions, Player, Turns, as_positions
from games import Game


class SolverPlayer(Player):
    """Plays a random one of the moves with the best result; with `distance`, wins fast and loses slowly.

    seconds: limit for one position (0: none); beyond it `decide` raises `exact.Unfinished`, a ValueError.
    """

    def __init__(
        self,
        game: Game,
        distance: bool = False,
        seconds: float = 0.0,
        memory_mb: float = 256.0,
        seed: int = 0,
        name: str = "solver",
    ):
        super().__init__(game, name, seed)
        self.distance, self.seconds = distance, seconds
        self.solver = make_solver(game, memory_mb)

    def decide(self, turns: Turns) -> Decisions:
        """Return a best action for each turn, equally good ones by chance, and the exact values."""
        actions = np.empty(len(turns.states), np.int64)
        values = np.empty(len(actions), np.float32)
        for index, state in enumerate(as_positions(self.game, turns.states)):
            solution = self.solver.solve(state, distance=self.distance, seconds=self.seconds or None)
            actions[index] = self.rng.choice(solution.best)
            values[index] = solution.value
        return Decisions(actions, values=values)
