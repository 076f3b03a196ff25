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
    width = max(len(rule.name) for rule in info.rules)
    for rule in info.rules:
        default = rule.words[int(rule.default)] if rule.words else rule.default
        meaning = f"{rule.meaning}: " if rule.meaning else ""
        print(f"  {rule.name:<{width}}  {meaning}{rule.allowed} (default {default})")
    print(f"Written as {info.name}:{','.join(f'{rule.name}={rule.default}' for rule in info.rules)}")
