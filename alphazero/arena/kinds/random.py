"""`random`: every legal move with the same probability."""

from typing import Any

from alphazero.arena.players import Kind, Player


def build(game: Any, seed: int, device: str, name: str) -> Player:
    """Return the player."""
    from alphazero.arena.random_player import RandomPlayer

    return RandomPlayer(game, seed, name)


KIND = Kind("chooses uniformly among the legal moves", build)
