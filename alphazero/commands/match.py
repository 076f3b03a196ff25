"""`alphazero match`: one player against another, colours swapped."""

from __future__ import annotations

import argparse

from alphazero.commands.options import add_device, add_json, add_seed, player_spec, whole_number

SUMMARY = "play a match between two players"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for name in ("a", "b"):
        parser.add_argument(
            name,
            metavar=name.upper(),
            help="a player: random, mcts:simulations=1000, "
            "alphabeta:depth=5, model:path=FILE,simulations=200, or a model's file or run",
        )
    parser.add_argument("--game", required=True, metavar="GAME", help="the game, such as connect_four")
    parser.add_argument(
        "--games", type=whole_number(2), default=100, metavar="N", help="number of games, even (default 100)"
    )
    parser.add_argument(
        "--opening-plies",
        type=whole_number(0),
        metavar="N",
        help="random plies each opening begins with (default: as few as give varied games)",
    )
    add_seed(parser)
    add_device(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    import json
    import sys

    import games
    from alphazero.arena.match import play_match
    from alphazero.arena.players import make_player

    game = games.parse(args.game)
    a, b = (
        make_player(player_spec(text), game, seed=args.seed + offset, device=args.device)
        for offset, text in enumerate((args.a, args.b))
    )
    result = play_match(
        a,
        b,
        game,
        args.games,
        seed=args.seed,
        opening_plies=args.opening_plies,
        progress=sys.stderr.isatty() and not args.json,
    )
    print(json.dumps(result.as_dict()) if args.json else result.summary())
