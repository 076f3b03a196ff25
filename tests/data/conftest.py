"""The finished self-play that several tests look at, and what makes it wrong."""

from collections.abc import Callable

import numpy as np

from alphazero.data.games import Games, arrays_of, from_arrays
from alphazero.data.shards import pack
from tests.selfplay.conftest import in_parts, one_thread, played, tic_tac_toe

__all__ = ["in_parts", "one_thread", "played", "tic_tac_toe"]


def forged(games: Games, change: Callable[[dict[str, np.ndarray]], None]) -> bytes:
    """Return games as a file has them, with a change of their arrays that pays no heed to what can be."""
    arrays = arrays_of(games)
    change(arrays)
    return pack(from_arrays(arrays, type(games.labels)))
