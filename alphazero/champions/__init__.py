"""Trained networks that come with the package, each a model and its card; loads neither torch nor numba.

A champion is the file NAME.safetensors and, beside it, NAME.json: game, network, how long it learned and on what, how
often it errs and how strong it is. `tools/ship_champion.py` writes both from a run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent


def cards() -> list[dict[str, Any]]:
    """Return the cards of all champions, by name; each with `name` and `path`, the model's file.

    A card without its model is left out. Raises ValueError for one that cannot be read.
    """
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        model = path.with_suffix(".safetensors")
        try:
            card = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(
                f"{path}: damaged card of a champion ({error}): install the package anew"
            ) from None
        if "game" in card and model.is_file():
            found.append({"name": path.stem, **card, "path": str(model)})
    return found


def champion_of(game: str) -> Path | None:
    """Return the model of the champion of a game, given with all its rules as `games.spec` writes it, or None."""
    for card in cards():
        if card["game"] == game:
            return Path(card["path"])
    return None


def require_champion(game: str) -> Path:
    """Return the model of the champion of a game; ValueError when there is none, or only one of other rules."""
    path = champion_of(game)
    if path is not None:
        return path
    name = game.partition(":")[0]
    others = [card["game"] for card in cards() if card["game"].partition(":")[0] == name]
    known = (
        f"there is one of {', '.join(others)}"
        if others
        else f"there are champions of {', '.join(card['game'] for card in cards()) or 'no game'}"
    )
    raise ValueError(f"no champion of {game}: {known}; train a model, or name one with its path")
