"""`alphazero bench`: how fast the parts are on this machine."""

from __future__ import annotations

import argparse

from alphazero.commands.options import add_device, add_json

SUMMARY = "measure the speed of the network, the search, self-play or the games"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "kind",
        choices=("network", "search", "selfplay", "games"),
        metavar="KIND",
        help="network, search, selfplay or games",
    )
    parser.add_argument(
        "game", nargs="?", default="connect_four", metavar="GAME", help="default connect_four"
    )
    add_device(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    from alphazero.bench import main

    main(args.kind, args.game, args)
