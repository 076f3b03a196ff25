"""`alphazero accuracy`: how often players err in positions whose exact values are known."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from alphazero.commands.options import (
    add_device,
    add_game,
    add_json,
    add_seed,
    game_of,
    models_of,
    player_spec,
)

if TYPE_CHECKING:
    from alphazero.arena.accuracy import Errors
    from games.protocol import Game

SUMMARY = "count wrong moves in positions whose exact values are known"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_game(parser, of_model=True)
    parser.add_argument(
        "--positions",
        nargs="+",
        metavar="FILE",
        help="labelled sets, or folders of them (default: those that come with the package)",
    )
    parser.add_argument(
        "--player",
        action="append",
        required=True,
        metavar="PLAYER",
        dest="players",
        help="a player such as mcts:simulations=1000, or a model's file or run; may be repeated",
    )
    add_seed(parser)
    add_device(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    import contextlib
    import json

    import games
    from alphazero.arena.accuracy import count_errors, read_positions, total
    from alphazero.arena.players import make_player
    from alphazero.play.progress import ProgressBar

    game = game_of(args.game, models_of(args.players))
    sets = [read_positions(path, game) for path in position_files(args.positions, game)]
    texts = list(dict.fromkeys(args.players))
    results: dict[str, list[Errors]] = {}
    with contextlib.ExitStack() as opened:
        players = [
            opened.enter_context(make_player(player_spec(text), game, seed=args.seed, device=args.device))
            for text in texts
        ]
        for text, player in zip(texts, players, strict=True):
            errors = [count_errors(player, positions, ProgressBar("position")) for positions in sets]
            results[text] = [*errors, total(errors)]
    if args.json:
        print(
            json.dumps(
                {
                    "game": games.spec(game),
                    "seed": args.seed,
                    "players": {text: [e.as_dict() for e in errors] for text, errors in results.items()},
                }
            )
        )
    else:
        print(table(results))


def position_files(given: list[str] | None, game: Game) -> list[Path]:
    """Return the files of labelled sets, by default those that come with the package for a game's usual rules.

    Raises ValueError when there are none.
    """
    import games
    from alphazero.exact.shipped import shipped_file

    paths = [Path(text) for text in given] if given is not None else []
    if given is None:
        shipped = shipped_file("positions", game)
        if shipped is None:
            raise ValueError(
                f"no labelled positions of {games.spec(game)} come with the package: name some with "
                "--positions FILE"
            )
        paths = [shipped]
    files: list[Path] = []
    for path in paths:
        files += sorted(path.glob("*.txt")) if path.is_dir() else [path]
    if not files:
        raise ValueError(f"{' '.join(given or [])}: no files *.txt in this folder")
    return files


def table(results: dict[str, list[Errors]]) -> str:
    """Return the shares of wrong moves as text, a block for each player."""
    lines = []
    for text, errors in results.items():
        width = max(len(e.name) for e in errors)
        lines += [text, f"  {'set':<{width}}  positions  wrong moves  (95 %)"]
        for e in errors:
            interval = e.interval
            lines.append(
                f"  {e.name:<{width}}  {e.positions:9d}  {100 * e.share:9.2f} %  "
                f"({100 * interval.low:.2f} to {100 * interval.high:.2f} %)"
            )
    return "\n".join(lines)
