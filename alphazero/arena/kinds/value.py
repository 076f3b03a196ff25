"""`value`: one move ahead by a network's value."""

from typing import Any

from alphazero.arena.kinds.common import NETWORK, PATH
from alphazero.arena.players import Kind, Player
from games import Game


def build(game: Game, seed: int, device: str, name: str, **model: Any) -> Player:
    """Return the player; ValueError for a model of another game, OSError when it cannot be read."""
    from alphazero.arena.network_players import ValuePlayer
    from alphazero.network.loading import load_inference  # loads torch

    return ValuePlayer(game, load_inference(game=game, device=device, **model), seed, name)


KIND = Kind("looks one move ahead with a network's value", build, (PATH, *NETWORK))
