"""`alphazero match`: one player against another, colours swapped."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from alphazero.commands.options import (
    add_device,
    add_json,
    add_seed,
    game_of,
    models_of,
    player_spec,
    whole_number,
)

if TYPE_CHECKING:
    from games.protocol import Game

    pass

SUMMARY = "play a match between two players"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for name in ("a", "b"):
        parser.add_argument(
            name,
            metavar=name.upper(),
            help="a player: random, mcts:simulations=1000, "
            "alphabeta:depth=5, model:path=FILE,simulations=200, or a model's file or run (see: alphazero players)",
        )
    parser.add_argument(
        "--game",
        metavar="GAME",
        help="the game, such as connect_four (default: the one that a player's model was made for)",
    )
    parser.add_argument(
        "--games", type=whole_number(2), default=100, metavar="N", help="number of games, even (default 100)"
    )
    openings = parser.add_mutually_exclusive_group()
    openings.add_argument(
        "--openings",
        metavar="FILE",
        help="begin from these, one a line: moves in one word such as 4453; drawn: openings that come with the "
        "package and are draws under perfect play, in an order that the seed draws",
    )
    openings.add_argument(
        "--opening-plies",
        type=whole_number(0),
        metavar="N",
        help="random plies each opening begins with (default: as few as give varied games)",
    )
    add_seed(parser)
    add_device(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    import contextlib
    import json

    from alphazero.arena.match import play_match
    from alphazero.arena.players import make_player
    from games.options import derived_seed

    game = game_of(args.game, models_of((args.a, args.b)), "--game")
    with contextlib.ExitStack() as opened:
        a, b = (
            opened.enter_context(
                make_player(player_spec(text), game, seed=derived_seed(args.seed, offset), device=args.device)
            )
            for offset, text in enumerate((args.a, args.b))
        )
        result = play_match(
            a,
            b,
            game,
            args.games,
            seed=args.seed,
            opening_plies=args.opening_plies,
            openings=None if args.openings is None else openings_of(args.openings, game, args.seed),
            progress=True,
        )
    print(json.dumps(result.as_dict()) if args.json else result.summary())


def openings_of(text: str, game: Game, seed: int) -> list[list[int]]:
    """Return the openings that --openings asks for; ValueError, OSError."""
    from pathlib import Path

    import numpy as np

    import games
    from alphazero.arena.openings import read_openings
    from alphazero.exact.shipped import shipped_file

    if text != "drawn":
        return read_openings(Path(text), game)
    book = shipped_file("openings", game)
    if book is None:
        raise ValueError(
            f"no drawn openings of {games.spec(game)} come with the package: name a file with --openings FILE"
        )
    openings = read_openings(book, game)
    return [openings[index] for index in np.random.default_rng(seed).permutation(len(openings))]
