"""Self-play learning of board games: the public names, loaded when they are first used."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Threads of the network meet after every layer and wait in a loop, by default for so long that a second program on
# the machine makes them several times slower: it has the core that the awaited thread needs. OpenMP reads this when it
# is loaded; 5000 turns cost nothing on a machine of one's own (tools/shared_machine.py).
os.environ.setdefault("GOMP_SPINCOUNT", "5000")

if TYPE_CHECKING:
    from alphazero.api import resume as resume
    from alphazero.api import train as train
    from alphazero.arena.match import play_match as play_match
    from alphazero.arena.players import make_player as make_player
    from alphazero.config import Config as Config
    from alphazero.config import load_config as load_config
    from alphazero.data.loading import load_games as load_games
    from alphazero.network import load_evaluator as load_evaluator
    from alphazero.network import load_model as load_model
    from alphazero.network import save_model as save_model
    from alphazero.search import NetworkEvaluator as NetworkEvaluator
    from alphazero.search import search_positions as search_positions

_MODULES = {
    "Config": "alphazero.config",
    "NetworkEvaluator": "alphazero.search",
    "load_config": "alphazero.config",
    "load_evaluator": "alphazero.network",
    "load_games": "alphazero.data.loading",
    "load_model": "alphazero.network",
    "make_player": "alphazero.arena.players",
    "play_match": "alphazero.arena.match",
    "resume": "alphazero.api",
    "save_model": "alphazero.network",
    "search_positions": "alphazero.search",
    "train": "alphazero.api",
}
__all__ = list(_MODULES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'alphazero' has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
