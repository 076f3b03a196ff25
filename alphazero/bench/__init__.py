"""How fast the parts are on this machine: rates are medians of rounds, rivals take turns in one process."""

from __future__ import annotations

from typing import Any

import games

KINDS = ("network", "search", "selfplay", "games")


def measure(kind: str, game: Any | None, options: Any) -> dict[str, Any]:
    """Run one benchmark of KINDS and return what was measured, by name.

    game None: Connect Four, or every game for "games"; options: the arguments of `alphazero bench`. Raises ValueError
    for a device that there is not.
    """
    if kind == "games":
        from alphazero.bench.rules import bench_games

        return bench_games([game] if game else [games.make(name) for name in games.names()], options)
    game = game or games.make("connect_four")
    if kind == "search":
        from alphazero.bench.search import bench_search

        return bench_search(game, options)
    if kind == "network":
        from alphazero.bench.network import bench_network

        return bench_network(game, options)
    from alphazero.bench.selfplay import bench_selfplay

    return bench_selfplay(game, options)


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


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}" if value >= 100 else f"{value:.3f}"
    return str(value)
