"""`human`: a person at the keyboard."""

from alphazero.arena.players import Kind, Player
from games import Game


def build(game: Game, seed: int, device: str, name: str) -> Player:
    """Return the player."""
    from alphazero.arena.human import HumanPlayer

    return HumanPlayer(game, name=name)


KIND = Kind("asks at the keyboard", build)
