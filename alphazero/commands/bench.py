"""`alphazero bench`: how fast the parts are on this machine."""

from __future__ import annotations

import argparse

from alphazero.commands.options import add_device, add_json, add_simulations, game_of, whole_number

SUMMARY = "measure the speed of the network, the search, self-play or the games"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "kind",
        choices=("network", "search", "selfplay", "games"),
        metavar="KIND",
        help="network, search, selfplay or games",
    )
    parser.add_argument(
        "game",
        nargs="?",
        metavar="GAME",
        help="default connect_four, or the game of --model; with games: every game",
    )
    parser.add_argument(
        "--rounds",
        type=whole_number(1),
        metavar="N",
        default=5,
        help="rounds whose median is shown (default 5)",
    )
    parser.add_argument(
        "--blocks", type=whole_number(0), metavar="N", default=5, help="blocks of the network (default 5)"
    )
    parser.add_argument(
        "--channels", type=whole_number(1), metavar="N", default=64, help="its channels (default 64)"
    )
    parser.add_argument(
        "--model", metavar="M", help="a model's file or run instead of a fresh network (selfplay)"
    )
    parser.add_argument(
        "--batch",
        type=whole_number(1),
        metavar="N",
        default=256,
        help="rows of a batch (network; default 256)",
    )
    parser.add_argument(
        "--games",
        type=whole_number(1),
        metavar="N",
        default=256,
        help="games at once (selfplay; default 256)",
    )
    parser.add_argument(
        "--workers",
        type=whole_number(0),
        metavar="N",
        default=0,
        help="threads that play (selfplay; 0: all cores)",
    )
    parser.add_argument(
        "--groups", type=whole_number(1), metavar="N", default=1, help="groups of games (selfplay; GPU: 2)"
    )
    parser.add_argument("--gumbel", action="store_true", help="Gumbel root search (selfplay)")
    add_simulations(parser, "64 in selfplay, 2000 in search")
    add_device(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    import json

    from alphazero.bench import measure, table

    game = game_of(args.game, [args.model]) if args.game or args.model else None
    result = measure(args.kind, game, args)
    print(json.dumps(result) if args.json else table(result))
