"""`alphazero players`: the kinds of players there are, and what can be set of one. Makes none."""

from __future__ import annotations

import argparse

SUMMARY = "list the kinds of players, or show the options of one"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "player",
        nargs="?",
        metavar="PLAYER",
        help="show this kind's options and their values; with options (mcts:simulations=50) also check these",
    )


def run(args: argparse.Namespace) -> None:
    from alphazero.arena.players import KINDS, find_kind, parse_player
    from games.options import described, format_spec, parse_spec

    if args.player is None:
        width = max(map(len, KINDS))
        for name in KINDS:
            print(f"{name:<{width}}  {find_kind(name).meaning}")
        return
    name, given = parse_spec(args.player)
    kind = find_kind(name)
    if given:
        parse_player(args.player)
        print(f"{format_spec(name, given)} can be played; its options may be")
    print(f"{name}: {kind.meaning}")
    if not kind.options:
        print("It has no options to set.")
        return
    print("\n".join(described(kind.options)))
    written = {option.name: "FILE" if option.required else option.default_text for option in kind.options}
    example = [(key, text) for key, text in written.items() if text][:2]
    print(f"Written as {format_spec(name, dict(example))}")
