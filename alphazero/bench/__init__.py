"""How fast the parts are on this machine: rates are medians of rounds, rivals take turns in one process."""

from __future__ import annotations

import argparse
import json
from typing import Any

import games


def main(kind: str, game: str | None, options: argparse.Namespace) -> dict[str, Any]:
    """Run one benchmark, print it as a table (or as JSON with `options.json`) and return what was measured.

    kind: "network", "search", "selfplay" or "games"; game None: Connect Four, or every game for "games".
    Raises ValueError for a game or device that there is not.
    """
    if kind == "games":
        from alphazero.bench.rules import bench_games

        measured = [games.parse(game)] if game else [games.make(name) for name in games.names()]
        return _shown(bench_games(measured, options), options)
    parsed = games.parse(game or "connect_four")
    if kind == "search":
        from alphazero.bench.search import bench_search

        result = bench_search(parsed, options)
    elif kind == "network":
        from alphazero.bench.network import bench_network

        result = bench_network(parsed, options)
    else:
        from alphazero.bench.selfplay import bench_selfplay

        result = bench_selfplay(parsed, options)
    return _shown(result, options)


def _shown(result: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    print(json.dumps(result) if options.json else table(result))
    return result


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
