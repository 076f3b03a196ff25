"""`alphabeta`: looks a fixed number of plies ahead."""

from alphazero.arena.players import Kind, Player
from games import Game
from games.options import Option


def build(game: Game, seed: int, device: str, name: str, depth: int) -> Player:
    """Return the player."""
    from alphazero.arena.alphabeta import AlphaBetaPlayer

    return AlphaBetaPlayer(game, depth, seed, name)


KIND = Kind(
    "alpha-beta search to a fixed depth, without a heuristic",
    build,
    (Option("depth", int, 5, "plies looked ahead", low=1, high=1000),),
)
