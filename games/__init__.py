"""Rules of games, compiled: `make("connect_four", rows=6)`, `parse("connect_four:rows=6")`, `names()`.

numba is loaded only when a game is made, so that listing the games is instant.
"""

import functools
from typing import Any

from games.notation import play_moves, split_moves
from games.options import Option, format_spec, parse_spec
from games.protocol import Game
from games.registry import GameInfo, info, names

__all__ = [
    "Game",
    "GameInfo",
    "Option",
    "info",
    "make",
    "names",
    "parse",
    "play_moves",
    "spec",
    "split_moves",
]


def make(name: str, **rules: Any) -> Game:
    """Return the game called `name` under the given rules; ValueError for an unknown name, rule or value."""
    entry = info(name)
    return _build(name, tuple(sorted(entry.check(rules).items())))


@functools.cache
def _build(name: str, rules: tuple[tuple[str, Any], ...]) -> Game:
    entry = info(name)
    return entry.load()(**dict(rules))


def parse(text: str) -> Game:
    """Return the game that a text such as "connect_four:rows=6,cols=7" describes; ValueError when none."""
    name, rules = parse_spec(text, "game", "rule")
    return make(name, **rules)


def spec(game: Game) -> str:
    """Return the text that `parse` turns back into this game, every rule written out."""
    return format_spec(game.name, game.rules)
