"""Positions of a game that a network with whole numbers is calibrated on, and compared with float32."""

import functools
from collections.abc import Hashable
from typing import Any, cast

import numpy as np

from games import Game

__all__ = ["calibration_planes"]

GAMES = 16
SQUARES = 12_000  # in all positions together: what costs time when weights are loaded
MOST, LEAST = 256, 32  # positions


def calibration_planes(game: Game) -> np.ndarray:
    """Return planes float32 [n, planes, rows, cols] of positions of random games, of all stages; read-only.

    They depend on the game and nothing else, so a run that goes on is calibrated on the same ones.
    """
    return _planes(cast(Hashable, game))


@functools.lru_cache(maxsize=8)
def _planes(game: Any) -> np.ndarray:
    random, seen = np.random.default_rng(0), []
    for _ in range(GAMES):
        state = game.initial_state()
        while not game.is_over(state):
            seen.append(np.zeros((game.planes, *game.board_shape), np.float32))
            game.encode(state, seen[-1])
            game.play(state, int(random.choice(game.legal(state))))
    wanted = max(LEAST, min(MOST, SQUARES // (game.board_shape[0] * game.board_shape[1])))
    chosen = np.linspace(0, len(seen) - 1, min(wanted, len(seen))).astype(np.int64)
    planes = np.stack([seen[index] for index in chosen])
    planes.flags.writeable = False
    return planes
