"""`alphazero analyze`: what the search thinks of a position."""

from __future__ import annotations

import argparse

from alphazero.commands.options import add_device, add_game, add_json, add_seed, add_simulations, model_file

SUMMARY = "show the value of a position and of each move"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_game(parser)
    parser.add_argument("--moves", default="", metavar="MOVES", help='moves from the start, such as "4 4 5"')
    parser.add_argument("--model", metavar="M", help="a model's file or run (default: random rollouts)")
    add_simulations(parser, "1000")
    add_seed(parser)
    add_device(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    import json

    import games
    from alphazero.analysis import Analyst, position_after

    model = model_file(args.model) if args.model is not None else None
    game = games.parse(args.game)
    state = position_after(game, args.moves.split())
    analyst = Analyst(game, model, args.simulations, args.device, args.seed)
    analysis = analyst.analyze(state)
    if args.json:
        print(json.dumps({"game": games.spec(game), "moves": args.moves.split(), **analysis.as_dict()}))
    else:
        print(game.render(state), analysis.table(), sep="\n\n")
