"""Finds the solved positions and openings that come with the package."""

from pathlib import Path

import games


def shipped_file(kind: str, game: games.Game) -> Path | None:
    """Return what comes with the package for a game under its usual rules, None where there is nothing.

    kind: "positions", a folder of labelled sets, or "openings", a file of openings that are draws under perfect play.
    """
    folder = Path(__file__).resolve().parent / kind
    path = folder / game.name if kind == "positions" else folder / f"{game.name}.txt"
    usual = path.exists() and games.spec(game) == games.spec(games.make(game.name))
    return path if usual else None
