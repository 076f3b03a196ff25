"""`policy`: a network's policy, without a search."""

from typing import Any

from alphazero.arena.kinds.common import NETWORK, PATH
from alphazero.arena.players import Kind, Player
from games import Game
from games.options import Option


def build(game: Game, seed: int, device: str, name: str, temperature: float, **model: Any) -> Player:
    """Return the player; ValueError for a model of another game, OSError when it cannot be read."""
    from alphazero.arena.network_players import PolicyPlayer
    from alphazero.network.loading import load_inference  # loads torch

    return PolicyPlayer(game, load_inference(game=game, device=device, **model), temperature, seed, name)


KIND = Kind(
    "draws from a network's policy, without a search",
    build,
    (
        PATH,
        *NETWORK,
        Option("temperature", float, 1.0, "0: the most probable move; 1: by probability", low=0, high=100),
    ),
)
