"""`random`: every legal move with the same probability."""

from alphazero.arena.players import Kind, Player
from games import Game


def build(game: Game, seed: int, device: str, name: str) -> Player:
    """Return the player."""
    from alphazero.arena.random_player import RandomPlayer

    return RandomPlayer(game, seed, name)


KIND = Kind("chooses uniformly among the legal moves", build)
