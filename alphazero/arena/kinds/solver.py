"""`solver`: perfect play."""

from typing import Any

from alphazero.arena.players import Kind, Player
from games import Game
from games.options import Option


def build(game: Game, seed: int, device: str, name: str, **options: Any) -> Player:
    """Return the player; ValueError when the machine has no such memory."""
    from alphazero.arena.solver_player import SolverPlayer

    return SolverPlayer(game, **options, seed=seed, name=name)


KIND = Kind(
    "perfect play by exhaustive search, for small games",
    build,
    (
        Option("distance", bool, False, "win as fast and lose as slowly as possible; takes longer"),
        Option("seconds", float, 0.0, "limit for one position; 0: none", low=0, high=1e9),
        Option("memory_mb", float, 256.0, "memory of the table of positions", low=0.001, high=1e6),
    ),
)
