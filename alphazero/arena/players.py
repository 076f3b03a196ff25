"""How a player is made from text such as "mcts:simulations=1000".

Each kind of player is a file of `alphazero.arena.kinds`, named in `KINDS`, and is imported when it is first asked
for; it says what the kind is and what can be set (`Kind`). To list kinds or to play `random` loads no network.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alphazero.play.player import Player
from games import Game
from games.options import Option, check_options, check_seed, did_you_mean, parse_spec, shown

KINDS = ("random", "mcts", "alphabeta", "solver", "model", "champion", "policy", "value", "human")
KIND_PACKAGE = "alphazero.arena.kinds"


@dataclass(frozen=True)
class Kind:
    """A kind of player: what it is, `build(game, seed, device, name, **options) -> Player`, its options."""

    meaning: str
    build: Callable[..., Player]
    options: tuple[Option, ...] = ()


def find_kind(name: str) -> Kind:
    """Return a kind of player by name; ValueError for an unknown one, with the nearest known name."""
    if name not in KINDS:
        raise ValueError(
            f"unknown kind of player {shown(name)}{did_you_mean(name, KINDS)}; known kinds: {', '.join(KINDS)}"
        )
    return importlib.import_module(f"{KIND_PACKAGE}.{name}").KIND


def parse_player(spec: str) -> tuple[Kind, dict[str, Any]]:
    """Return the kind and the checked, typed options that a text describes, without making the player.

    Raises ValueError when the text cannot be read or names an unknown kind or option.
    """
    name, given = parse_spec(spec)
    kind = find_kind(name)
    return kind, check_options(f"player {name!r}", kind.options, given)


def make_player(spec: str, game: Game, seed: int = 0, device: str = "auto") -> Player:
    """Return the player that a text describes, for one game; its name is the text. Close it when it has played.

    `device` ("auto", "cpu" or "cuda") is where a network runs, if the player has one. Raises ValueError
    when the text cannot be read, an option or the seed is not possible (0 <= seed < 2**63), or a model is for
    another game; OSError when a file is missing.
    """
    kind, options = parse_player(spec)
    return kind.build(game=game, seed=check_seed(seed), device=device, name=spec.strip(), **options)
