"""Options that several commands share, and the texts of players made from them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alphazero.files import model_file

if TYPE_CHECKING:
    from games.protocol import Game

DEVICES = ("auto", "cpu", "cuda")
MODEL_SIMULATIONS, ROLLOUT_SIMULATIONS = 400, 1000  # of one move, to play or to be judged


def whole_number(low: int) -> Callable[[str], int]:
    """Return an argument type: a whole number of at least `low`."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {low}")
        return value

    return read


def positive_number(text: str) -> float:
    """Read an argument that must be a finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def seed_number(text: str) -> int:
    """Read an argument that must be a seed, 0 <= seed < 2**63."""
    from games.options import check_seed, shown

    try:
        return check_seed(int(text) if text.isascii() else text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{shown(text)} is not a whole number from 0 to 2**63 - 1") from None


def add_game(parser: argparse.ArgumentParser, optional: bool = False, of_model: bool = False) -> None:
    """Add the GAME argument: a name with rules, such as connect_four:rows=6,cols=7.

    of_model: it may be left out where a model tells it (`game_of`).
    """
    parser.add_argument(
        "game",
        metavar="GAME",
        nargs="?" if optional or of_model else None,
        help="name, with rules if wanted: connect_four:rows=6,cols=7 (see: alphazero games)"
        + ("; default: the one that the model was made for" if of_model else ""),
    )


def add_position(parser: argparse.ArgumentParser) -> None:
    """Add --moves and --state, which `position` reads."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--moves",
        default="",
        metavar="MOVES",
        help='moves from the start, such as "4 4 5", 445 or "1. e4 e5"',
    )
    group.add_argument(
        "--state",
        metavar="TEXT",
        help='the position as text, such as "x.o/.x./..." (rows from the top), in chess a FEN',
    )


def position(args: argparse.Namespace, game: Game) -> Any:
    """Return the position that --moves or --state tell; ValueError where there is none such."""
    from games.notation import play_moves

    return play_moves(game, args.moves)[1] if args.state is None else game.parse_state(args.state)


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add --device."""
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default="auto",
        help="where the network runs; auto: a GPU if there is one (default)",
    )


def add_seed(parser: argparse.ArgumentParser) -> None:
    """Add --seed."""
    parser.add_argument("--seed", type=seed_number, default=0, metavar="N", help="random seed (default 0)")


def add_simulations(parser: argparse.ArgumentParser, default: str) -> None:
    """Add --simulations, whose default the words of `default` tell."""
    parser.add_argument(
        "--simulations",
        type=whole_number(1),
        metavar="N",
        help=f"simulations of the search for each move (default {default})",
    )


def add_seconds(parser: argparse.ArgumentParser) -> None:
    """Add --seconds, a budget of the search of its own, or a limit beside --simulations."""
    parser.add_argument(
        "--seconds",
        type=positive_number,
        metavar="S",
        help="seconds of the search for each move, in place of simulations, or beside them as a second limit",
    )


def strength(args: argparse.Namespace, simulations: int) -> dict[str, Any]:
    """Return the options of a player that --simulations and --seconds set, by default so many simulations."""
    given = {"simulations": args.simulations, "seconds": args.seconds}
    found = {name: value for name, value in given.items() if value is not None}
    return found or {"simulations": simulations}


def add_json(parser: argparse.ArgumentParser, what: str = "one JSON object") -> None:
    """Add --json, which prints `what`."""
    parser.add_argument("--json", action="store_true", help=f"print {what} instead of text")


def model_or_champion(path: str | None, game: str) -> Path | None:
    """Return the model that is named, or else the champion of the game (as `games.spec` writes it), or None."""
    from alphazero.champions import champion_of

    return champion_of(game) if path is None else model_file(path)


def game_of(given: str | None, models: Iterable[str | Path | None], place: str = "GAME") -> Game:
    """Return the game that is given, or else the one that the models (files or runs; None: none) were made for.

    Raises ValueError when neither tells it or the models differ; `place` is how the command takes a game.
    """
    import games

    if given is not None:
        return games.parse(given)
    found: dict[str, Game] = {}
    for path in models:
        if path is not None:
            from alphazero.network import load_model

            found.setdefault(games.spec(game := load_model(path).game), game)
    if len(found) == 1:
        return next(iter(found.values()))
    told = f"the models are of {' and '.join(found)}" if found else "no model tells it"
    raise ValueError(f"which game? {told}: name it with {place}, such as connect_four (see: alphazero games)")


def models_of(players: Iterable[str]) -> list[str]:
    """Return the models, files or runs, of those players (texts, files or runs) that have one."""
    from alphazero.arena.players import parse_player

    options = (parse_player(player_spec(text))[1] for text in players)
    return [found["path"] for found in options if "path" in found]


def player_spec(text: str) -> str:
    """Return a player's text as it is; of a model's file or a run's folder make that of a model player.

    FileNotFoundError for what looks like a path and is none.
    """
    from alphazero.arena.players import KINDS

    if text.partition(":")[0].strip() in KINDS:
        return text
    if text.endswith(".safetensors") or Path(text).is_dir():
        return model_spec(text)
    if "/" in text and ":" not in text:
        raise FileNotFoundError(f"{text}: no such run or model, and no player such as mcts:simulations=1000")
    return text


def judge_spec(args: argparse.Namespace, model: Path | None) -> str:
    """Return the text of the player that judges positions: a model's search, or one by random rollouts."""
    from games.options import format_spec

    if model is not None:
        return format_spec("model", {"path": model, **strength(args, MODEL_SIMULATIONS)})
    return format_spec("mcts", strength(args, ROLLOUT_SIMULATIONS))


def model_spec(path: str, simulations: int | None = None) -> str:
    """Return the text of the player that searches with a model."""
    from games.options import format_spec

    options: dict[str, Any] = {"path": model_file(path)}
    return format_spec("model", options if simulations is None else {**options, "simulations": simulations})
