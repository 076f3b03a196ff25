"""`alphazero analyze`: what the search thinks of a position."""

from __future__ import annotations

import argparse

from alphazero.commands.options import (
    add_device,
    add_game,
    add_json,
    add_position,
    add_seconds,
    add_seed,
    add_simulations,
    game_of,
    judge_spec,
    model_or_champion,
    position,
)

SUMMARY = "show the value of a position and of each move"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_game(parser, of_model=True)
    add_position(parser)
    judge = parser.add_mutually_exclusive_group()
    judge.add_argument(
        "--model",
        metavar="M",
        help="a model's file or run (default: the champion of the game if there "
        "is one, else random rollouts)",
    )
    judge.add_argument("--rollouts", action="store_true", help="judge by random rollouts, not by a network")
    add_simulations(parser, "1000, with a network 400")
    add_seconds(parser)
    add_seed(parser)
    add_device(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    import json
    import sys

    import games
    from alphazero.arena.engines import make_engine
    from alphazero.config import SearchConfig
    from alphazero.terminal.compiling import telling_compilation

    game = game_of(args.game, [args.model])
    model = None if args.rollouts else model_or_champion(args.model, games.spec(game))
    state = position(args, game)
    text, leaves = judge_spec(args, model), None if model is None else SearchConfig().leaves
    with (
        telling_compilation(sys.stderr),
        make_engine(text, game, args.seed, args.device, leaves=leaves) as engine,
    ):
        engine.set_position(state)
        analysis = engine.think(lines=None)
    if args.json:
        print(json.dumps({"game": games.spec(game), "state": game.state_text(state), **analysis.as_dict()}))
    else:
        print(game.render(state), analysis.table(), sep="\n\n")
