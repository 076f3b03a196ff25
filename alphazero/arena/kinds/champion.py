"""`champion`: tree search with the network of the game that comes with the package, at its best."""

from dataclasses import replace
from typing import Any

import games
from alphazero.arena.kinds import model
from alphazero.arena.kinds.common import NETWORK, SEARCH
from alphazero.arena.players import Kind, Player
from alphazero.champions import require_champion
from games import Game

AT_ITS_BEST = {
    "symmetries": True,
    "prove": True,
    "opponent_exploration": 3.0,
}  # where it differs from `model`


def build(game: Game, seed: int, device: str, name: str, **options: Any) -> Player:
    """Return the player; ValueError when the game has no champion."""
    path = str(require_champion(games.spec(game)))
    return model.build(game, seed, device, name, path=path, **options)


KIND = Kind(
    "tree search with the network of the game that comes with the package",
    build,
    tuple(
        replace(option, default=AT_ITS_BEST.get(option.name, option.default))
        for option in (*NETWORK, *SEARCH)
    ),
)
