"""`alphazero selfplay`: let a model play against itself and store the games."""

from __future__ import annotations

import argparse

from alphazero.commands.options import (
    add_device,
    add_game,
    add_seed,
    add_simulations,
    game_of,
    whole_number,
)
from alphazero.files import model_file

SUMMARY = "write games of a model against itself as training data"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_game(parser, of_model=True)
    parser.add_argument("--model", required=True, metavar="M", help="a model's file or run")
    parser.add_argument("--games", type=whole_number(1), required=True, metavar="N", help="number of games")
    parser.add_argument(
        "--out", required=True, metavar="DIR", help="folder for the games (alphazero.load_games)"
    )
    add_simulations(parser, "32")
    parser.add_argument(
        "--workers",
        type=whole_number(0),
        default=0,
        metavar="N",
        help="threads that play, each its share (0: all cores); the same seed and number give the same games",
    )
    add_seed(parser)
    add_device(parser)


def run(args: argparse.Namespace) -> None:
    from alphazero.config import SearchConfig, SelfplayConfig
    from alphazero.run.limits import settings_from_options
    from alphazero.selfplay import generate

    game = game_of(args.game, [args.model])
    asked = {
        "search.simulations": args.simulations or SearchConfig().simulations,
        "selfplay.parallel_games": min(args.games, SelfplayConfig().parallel_games),
        "selfplay.workers": args.workers,
        "device": args.device,
    }
    names = {
        "search.simulations": "--simulations",
        "selfplay.parallel_games": "--games",
        "selfplay.workers": "--workers",
    }
    config = settings_from_options(asked, names, game)
    folder = generate(
        game,
        model_file(args.model),
        args.games,
        args.out,
        simulations=args.simulations,
        seed=args.seed,
        device=args.device,
        config=config,
    )
    print(f"{args.games} games are in {folder}; read them with alphazero.load_games({str(folder)!r})")
