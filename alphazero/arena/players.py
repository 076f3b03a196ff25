"""How a player is made from text such as "mcts:simulations=1000".

Each kind of player lives in one file, named in `KIND_MODULES`, and is imported when it is first asked for:
to list the kinds or to play `random` loads no network. That file holds a `KINDS` mapping from name to
`Kind`.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alphazero.arena.spec import Option, check_options, parse_spec
from alphazero.play.player import Player
from games.registry import nearest

KIND_MODULES = {
    "random": "alphazero.arena.random_player",
    "mcts": "alphazero.arena.search_players",
    "alphabeta": "alphazero.arena.alphabeta",
    "solver": "alphazero.arena.solver_player",
    "model": "alphazero.arena.search_players",
    "champion": "alphazero.arena.search_players",
    "policy": "alphazero.arena.network_players",
    "value": "alphazero.arena.network_players",
    "human": "alphazero.arena.human",
}


@dataclass(frozen=True)
class Kind:
    """A kind of player: what it is, its options, `build(game, seed, device, name, **options) -> Player`."""

    meaning: str
    build: Callable[..., Player]
    options: Mapping[str, Option] = field(default_factory=dict)


def kind_names() -> tuple[str, ...]:
    """Return the names of all kinds of players."""
    return tuple(KIND_MODULES)


def find_kind(name: str) -> Kind:
    """Return a kind of player by name; ValueError for an unknown one, with the nearest known name."""
    if name not in KIND_MODULES:
        raise ValueError(
            f"unknown kind of player {name!r}{nearest(name, KIND_MODULES)}; "
            f"known kinds: {', '.join(KIND_MODULES)}"
        )
    return importlib.import_module(KIND_MODULES[name]).KINDS[name]


def parse_player(spec: str) -> tuple[Kind, dict[str, Any]]:
    """Return the kind and the checked, typed options that a text describes, without making the player.

    Raises ValueError when the text cannot be read or names an unknown kind or option.
    """
    name, given = parse_spec(spec)
    kind = find_kind(name)
    return kind, check_options(name, kind.options, given)


def make_player(spec: str, game, seed: int = 0, device: str = "auto") -> Player:
    """Return the player that a text describes, for one game; its name is the text. Close it when it has played.

    `device` ("auto", "cpu" or "cuda") is where a network runs, if the player has one. Raises ValueError
    when the text cannot be read, an option is not possible, or a model is for another game; OSError when a
    file is missing.
    """
    kind, options = parse_player(spec)
    return kind.build(game=game, seed=seed, device=device, name=spec.strip(), **options)
