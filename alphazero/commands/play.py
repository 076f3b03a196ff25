"""`alphazero play`: play against the machine, or another person, in the terminal."""

from __future__ import annotations

import argparse
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alphazero.commands.options import (
    MODEL_SIMULATIONS,
    ROLLOUT_SIMULATIONS,
    add_device,
    add_game,
    add_position,
    add_seconds,
    add_simulations,
    game_of,
    judge_spec,
    model_or_champion,
    seed_number,
    strength,
)

if TYPE_CHECKING:
    import games
    from alphazero.terminal import GameRecord, Setup

SUMMARY = "play against the machine in the terminal"
TWO_PEOPLE = "human"  # the opponent's text where both players are people
EARLIER_CHAMPION = re.compile(
    r"the champion \((\d+) simulations\)"
)  # an opponent as earlier versions saved it


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_game(parser, of_model=True)
    add_position(parser)
    opponent = parser.add_mutually_exclusive_group()
    opponent.add_argument(
        "--model",
        metavar="M",
        help="a model's file or run (default: the champion of the game if there is one, "
        "else search by random rollouts)",
    )
    opponent.add_argument(
        "--opponent",
        metavar="PLAYER",
        help="any other player, such as alphabeta:depth=5, or human for a second person",
    )
    add_simulations(parser, "1000, with a model 400")
    add_seconds(parser)
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
    import sys

    from alphazero.terminal import Console, GameInPlay, game_of_record, load_record
    from alphazero.terminal.compiling import telling_compilation
    from games.notation import play_moves

    if args.load is not None and (args.moves or args.state is not None):
        raise ValueError("--load has its own moves: leave out --moves and --state")
    args.seed = secrets.randbits(32) if args.seed is None else args.seed
    record = load_record(Path(args.load).expanduser()) if args.load is not None else None
    with contextlib.ExitStack() as opened:
        opened.enter_context(telling_compilation(sys.stderr))
        with naming_saved_game(args.load):
            setup = setup_of(args, record)
            opened.callback(setup.close)
            played = None if record is None else game_of_record(setup, record)
        console = Console(
            setup,
            played=played,
            file=args.load,
            open_record=lambda other: reopened(args, other),
            seed=args.seed,
        )
        opened.callback(console.close)
        if args.moves:
            people = console.played.people
            console.begin(GameInPlay(setup.game, people, None, play_moves(setup.game, args.moves)[0]))
        console.run()


@contextlib.contextmanager
def naming_saved_game(path: str | None) -> Iterator[None]:
    """Put the saved game's file, if there is one, before what is said of its content."""
    try:
        yield
    except ValueError as error:
        raise error if path is None else ValueError(f"{path}: {error}") from None


def setup_of(args: argparse.Namespace, record: GameRecord | None) -> Setup:
    """Return who plays whom, as the options say, or else as a saved game does."""
    import games
    from alphazero.arena.engines import make_engine
    from alphazero.terminal import Setup, Side
    from alphazero.visible import visible

    game = game_to_play(args, record)
    model = model_or_champion(args.model, games.spec(game))
    text = opponent_text(args, record, model)
    two = text == TWO_PEOPLE
    if two and args.side is not None:
        raise ValueError(f"--side {args.side}: both players are people")
    side = "both" if two else args.side or (record.human if record is not None else "first")
    if side == "both" and not two:
        side = "first"  # a game of two people that goes on against the machine
    position = args.state if record is None else record.start or None
    judge = judge_spec(args, model_of(text) or model)
    name = called(text)
    if record is not None and record.opponent not in (text, name):
        print(f"The saved game was against {visible(record.opponent)}; it goes on against {visible(name)}.")
    return Setup(
        game,
        Side(side),
        None if two else make_engine(text, game, seed=args.seed, device=args.device),
        text,
        name,
        lambda: make_engine(judge, game, seed=args.seed, device=args.device),
        None if position is None else game.parse_state(position),
    )


def reopened(args: argparse.Namespace, record: GameRecord) -> Setup:
    """Return the setup of a game that is loaded in the middle of another: its own, not what the command line says."""
    own = {"game": None, "model": None, "opponent": None, "simulations": None, "seconds": None, "side": None}
    return setup_of(argparse.Namespace(**{**vars(args), **own, "state": None, "moves": ""}), record)


def game_to_play(args: argparse.Namespace, record: GameRecord | None) -> games.Game:
    """Return the game to play: the saved one, which GAME may name but not change, or else GAME or the model's."""
    import games

    if record is None and args.game is None and args.model is None:
        raise ValueError(
            "play needs a game, such as connect_four, --model M or --load FILE (see: alphazero games)"
        )
    if record is None:
        return game_of(args.game, [args.model])
    game = games.parse(record.game)
    if args.game is not None and games.spec(games.parse(args.game)) != games.spec(game):
        raise ValueError(f"a game of {record.game}, not of {args.game}: leave out the game")
    return game


def opponent_text(args: argparse.Namespace, record: GameRecord | None, model: Path | None) -> str:
    """Return the text of the player to play against; model: the network's file, if there is one to use."""
    from games.options import format_spec

    if args.opponent is not None:
        for name in ("simulations", "seconds"):
            if getattr(args, name) is not None:
                raise ValueError(f"--{name} does not change --opponent: write {args.opponent} with its own")
        return args.opponent.strip()
    saved = None if record is None or args.model is not None else saved_opponent(args, record)
    if saved is not None:
        return saved
    if model is None:
        return format_spec("mcts", strength(args, ROLLOUT_SIMULATIONS))
    if args.model is None:
        return format_spec("champion", strength(args, MODEL_SIMULATIONS))
    return format_spec("model", {"path": model.absolute(), **strength(args, MODEL_SIMULATIONS)})


def saved_opponent(args: argparse.Namespace, record: GameRecord) -> str | None:
    """Return the player that a saved game was against, as strong as the options say; None for one of no known kind."""
    from alphazero.arena.players import parse_player
    from games.options import format_spec, parse_spec

    earlier = EARLIER_CHAMPION.fullmatch(record.opponent)
    text = f"champion:simulations={earlier[1]}" if earlier else record.opponent
    try:
        kind, known = parse_player(text)
        name, options = parse_spec(text)
    except ValueError:
        return None
    if args.simulations is None and args.seconds is None or name == TWO_PEOPLE:
        return text
    if "simulations" not in known:
        raise ValueError(f"--simulations and --seconds do not change the saved opponent {name}")
    kept: dict[str, Any] = {
        key: value for key, value in options.items() if key not in ("simulations", "seconds")
    }
    return format_spec(name, {**kept, **strength(args, ROLLOUT_SIMULATIONS)})


def model_of(text: str) -> Path | None:
    """Return the file of the network that a player's text names, if it names one."""
    from games.options import parse_spec

    path = parse_spec(text)[1].get("path")
    return None if path is None else Path(path)


def called(text: str) -> str:
    """Return what an opponent is called: a champion and a model by name and strength, anybody else by its text."""
    from games.options import parse_spec

    name, options = parse_spec(text)
    limits = [f"{options[key]} {key}" for key in ("simulations", "seconds") if key in options]
    if (
        not limits
        or not options.keys() <= {"path", "simulations", "seconds"}
        or name not in ("champion", "model")
    ):
        return text
    path = Path(options.get("path", "the champion"))
    who = path.parent.name if path.name == "model.safetensors" else path.name
    return f"{who} ({', '.join(limits)})"
