"""`human`: a person at the keyboard."""

from typing import Any

from alphazero.arena.players import Kind, Player


def build(game: Any, seed: int, device: str, name: str) -> Player:
    """Return the player."""
    from alphazero.arena.human import HumanPlayer

    return HumanPlayer(game, name=name)


KIND = Kind("asks at the keyboard", build)
