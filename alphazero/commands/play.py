"""`alphazero play`: play against the machine in the terminal."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from alphazero.commands.options import (
    add_device,
    add_game,
    add_simulations,
    model_or_champion,
    model_spec,
    seed_number,
)

if TYPE_CHECKING:
    from alphazero.terminal import GameRecord

SUMMARY = "play against the machine in the terminal"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_game(parser, optional=True)
    opponent = parser.add_mutually_exclusive_group()
    opponent.add_argument(
        "--model",
        metavar="M",
        help="a model's file or run (default: the champion of the game if there is one, "
        "else search by random rollouts)",
    )
    opponent.add_argument("--opponent", metavar="PLAYER", help="any other player, such as alphabeta:depth=5")
    add_simulations(parser, "1000, with a model 400")
    parser.add_argument(
        "--side", choices=("first", "second", "random"), help="whether you move first (default)"
    )
    parser.add_argument("--load", metavar="FILE", help="go on with a game that was saved")
    parser.add_argument(
        "--seed", type=seed_number, metavar="N", help="random seed (default: a new one each time)"
    )
    add_device(parser)


def run(args: argparse.Namespace) -> None:
    import secrets

    import games
    from alphazero.arena.players import make_player
    from alphazero.play.analysis import MODEL_SIMULATIONS, Analyst
    from alphazero.terminal import Session, Side, load_record
    from alphazero.terminal.delay import explaining_delay

    record = load_record(args.load) if args.load is not None else None
    with naming_saved_game(args.load):
        game = games.parse(game_text(args, record))
    seed = secrets.randbits(32) if args.seed is None else args.seed
    model = model_or_champion(args.model, games.spec(game))
    saved = saved_opponent(args, record)
    opponent = make_player(saved or opponent_spec(args, model), game, seed=seed, device=args.device)
    if saved is None and model is not None and args.opponent is None:
        name = "the champion" if args.model is None else Path(args.model).name
        opponent.name = f"{name} ({args.simulations or MODEL_SIMULATIONS} simulations)"
    if record is not None and record.opponent != opponent.name:
        print(f"The saved game was against {record.opponent}; it goes on against {opponent.name}.")
    side = Side(args.side or (record.human if record is not None else "first"))
    analyst = Analyst(game, model, args.simulations, args.device, seed)
    with naming_saved_game(args.load), explaining_delay(print):
        session = Session(
            game, opponent, side, analyst, seed=seed, moves=record.moves if record is not None else ()
        )
    session.run()


@contextlib.contextmanager
def naming_saved_game(path: str | None) -> Iterator[None]:
    """Put the saved game's file, if there is one, before what is said of its content."""
    try:
        yield
    except ValueError as error:
        raise error if path is None else ValueError(f"{path}: {error}") from None


def game_text(args: argparse.Namespace, record: GameRecord | None) -> str:
    """Return the game to play: the saved one, which GAME may name but not change, or else GAME."""
    import games

    if record is None and args.game is None:
        raise ValueError("play needs a game, such as connect_four, or --load FILE (see: alphazero games)")
    if record is None or args.game is None:
        return args.game if record is None else record.game
    if games.spec(games.parse(args.game)) != games.spec(games.parse(record.game)):
        raise ValueError(f"a game of {record.game}, not of {args.game}: leave out the game")
    return record.game


def saved_opponent(args: argparse.Namespace, record: GameRecord | None) -> str | None:
    """Return the player that a saved game was against, where it is one that can be made again and no other is named."""
    from alphazero.arena.players import parse_player

    if record is None or args.opponent is not None or args.model is not None or args.simulations is not None:
        return None
    try:
        parse_player(record.opponent)
    except ValueError:
        return None
    return record.opponent


def opponent_spec(args: argparse.Namespace, model: Path | None) -> str:
    """Return the text of the player to play against; model: the network's file, if there is one to use."""
    from alphazero.play.analysis import MODEL_SIMULATIONS, ROLLOUT_SIMULATIONS

    if args.opponent is not None:
        if args.simulations is not None:
            raise ValueError(f"--simulations does not change --opponent: write {args.opponent} with its own")
        return args.opponent
    if model is not None:
        return model_spec(str(model), args.simulations or MODEL_SIMULATIONS)
    return f"mcts:simulations={args.simulations or ROLLOUT_SIMULATIONS}"
