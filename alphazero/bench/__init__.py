"""How fast the parts are on this machine: rates are medians of rounds, rivals take turns in one process."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import games
from alphazero.config import Config
from games.protocol import Game

KINDS = ("network", "search", "selfplay", "games")
OPTIONS = {  # setting -> the option that it is given by
    "network.blocks": "--blocks",
    "network.channels": "--channels",
    "search.simulations": "--simulations",
    "selfplay.parallel_games": "--games",
    "selfplay.groups": "--groups",
    "selfplay.workers": "--workers",
}
SIMULATIONS = {"search": 2000, "selfplay": 64}  # where none are given


def measure(kind: str, game: Game | None, options: Namespace) -> dict[str, Any]:
    """Run one benchmark of KINDS and return what was measured, by name.

    game None: Connect Four, or every game for "games"; options: the arguments of `alphazero bench`. Raises ValueError
    for a device that there is not, and for what this machine cannot do.
    """
    if kind == "games":
        from alphazero.bench.rules import bench_games

        return bench_games([game] if game else [games.make(name) for name in games.names()], options)
    game = game or games.make("connect_four")
    config = settings_of(kind, game, options)
    if kind == "search":
        from alphazero.bench.search import bench_search

        return bench_search(game, config, options)
    if kind == "network":
        from alphazero.bench.network import bench_network

        return bench_network(game, config, options)
    from alphazero.bench.selfplay import bench_selfplay

    return bench_selfplay(game, config, options)


def settings_of(kind: str, game: Game, options: Namespace) -> Config:
    """Return the settings that the options of a benchmark mean; ValueError where there are none that work here.

    In "network" the games of self-play are the rows of a batch.
    """
    from alphazero.run.limits import settings_from_options
    from alphazero.run.machine import total_memory

    settings: dict[str, Any] = {"network.blocks": options.blocks, "network.channels": options.channels}
    settings |= {"device": options.device if kind != "search" else "cpu"}
    settings |= {"search.memory_mb": min(16384.0, total_memory() / 2**21), "selfplay.parallel_games": 1}
    if kind == "network":
        settings |= {"selfplay.parallel_games": options.batch, "search.simulations": 1}
    else:
        settings["search.simulations"] = options.simulations or SIMULATIONS[kind]
    if kind == "selfplay":
        settings |= {"selfplay.parallel_games": options.games, "selfplay.groups": options.groups}
        settings |= {"search.gumbel": options.gumbel, "selfplay.workers": options.workers}
    names = OPTIONS | ({"selfplay.parallel_games": "--batch"} if kind == "network" else {})
    return settings_from_options(settings, names, game)


def table(result: dict[str, Any]) -> str:
    """Return results as lines of name and value; nested ones are indented."""
    width = max(len(name) for name in result)
    lines = []
    for name, value in result.items():
        if isinstance(value, dict):
            lines.append(name)
            lines += ["  " + line for line in table(value).splitlines()]
        else:
            lines.append(f"{name:<{width}}  {_text(value)}")
    return "\n".join(lines)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}" if value >= 100 else f"{value:.3f}"
    return str(value)
