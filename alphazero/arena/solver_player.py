"""The player that never errs: it solves every position exactly."""

import numpy as np

from alphazero.arena.players import Kind
from alphazero.arena.spec import Option
from alphazero.exact import make_solver
from alphazero.play.player import Decisions, Player, Turns, as_positions


class SolverPlayer(Player):
    """Plays a random one of the moves with the best result; with `distance`, wins fast and loses slowly.

    seconds: limit for one position (0: none); beyond it `decide` raises `exact.Unfinished`, a ValueError.
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

    def decide(self, turns: Turns) -> Decisions:
        """Return a best action for each turn, equally good ones by chance, and the exact values."""
        actions = np.empty(len(turns.states), np.int64)
        values = np.empty(len(actions), np.float32)
        for index, state in enumerate(as_positions(self.game, turns.states)):
            solution = self.solver.solve(state, distance=self.distance, seconds=self.seconds or None)
            actions[index] = self.rng.choice(solution.best)
            values[index] = solution.value
        return Decisions(actions, values=values)


def _build(game, seed: int, device: str, name: str, **options) -> SolverPlayer:
    return SolverPlayer(game, **options, seed=seed, name=name)


KINDS = {
    "solver": Kind(
        "perfect play by exhaustive search, for small games",
        _build,
        {
            "distance": Option(bool, False, "win as fast and lose as slowly as possible; takes longer"),
            "seconds": Option(float, 0.0, "limit for one position; 0: none", minimum=0.0, maximum=1e9),
            "memory_mb": Option(float, 256.0, "memory of the table of positions", minimum=0.001, maximum=1e6),
        },
    )
}
