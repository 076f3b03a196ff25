"""`alphazero champions`: the trained networks that come with the package."""

from __future__ import annotations

import argparse
from typing import Any

from alphazero.commands.options import add_json

SUMMARY = "list the trained networks that come with the package"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json(parser, "a JSON array with an object for each")


def run(args: argparse.Namespace) -> None:
    import json

    from alphazero.champions import cards

    found = cards()
    if args.json:
        print(json.dumps(found))
    else:
        print("\n\n".join(describe(card) for card in found) or "no champions come with this version")


def describe(card: dict[str, Any]) -> str:
    """Return a card as text."""
    elo = card["elo"]
    lines = [
        f"{card['game']}",
        f"  network     {card['network']}, {card['parameters']:,} parameters",
        f"  learned     {card['hours']:.2f} hours on {card['hardware']}; {card['games']:,} games, "
        f"{card['positions']:,} positions; {card['config']}, seed {card['seed']}, {card['date']}",
        f"  strength    {elo['value']:+.0f} Elo [{elo['low']:+.0f}, {elo['high']:+.0f}] against {elo['opponent']} "
        f"({elo['games']} games from {elo['openings']} openings, {100 * elo['share']:.1f} % of the points, "
        f"{elo['simulations']} simulations)",
        f"  wrong moves in solved positions, {card['accuracy']['simulations']} simulations (network alone)",
    ]
    alone = {row["set"]: row for row in card["accuracy"]["network"]}
    for row in card["accuracy"]["search"]:
        lines.append(
            f"    {row['set']:<18} {100 * row['share']:5.2f} % ({100 * alone[row['set']]['share']:.2f} %) of "
            f"{row['positions']:,}"
        )
    return "\n".join([*lines, f"  play        alphazero play {card['game'].partition(':')[0]}"])
