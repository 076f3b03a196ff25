"""`alphazero games`: the games there are, and the rules of one. Loads the code of a game only to check rules."""

from __future__ import annotations

import argparse

SUMMARY = "list the games, or show the rules of one"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name",
        nargs="?",
        metavar="GAME",
        help="show this game's rules and their values; with rules (go:size=7) also check these",
    )


def run(args: argparse.Namespace) -> None:
    import games
    from games.options import described, format_spec

    if args.name is None:
        width = max(len(name) for name in games.names())
        for name in games.names():
            print(f"{name:<{width}}  {games.info(name).title}")
        print("factored-chess and the like: moves chosen part by part, as from, to and promotion")
        return
    name, _, rules = args.name.partition(":")
    if rules:
        print(f"{games.spec(games.parse(args.name))} can be played; its rules may be")
    info = games.info(name)
    print(f"{info.name}: {info.title}")
    if not info.rules:
        print("It has no rules to set.")
        return
    print("\n".join(described(info.rules)))
    print(f"Written as {format_spec(info.name, {rule.name: rule.default for rule in info.rules})}")
