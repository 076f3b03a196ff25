"""`alphazero solve`: the exact value of a position and of each of its moves."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from alphazero.commands.options import add_game, add_json, add_position, position, positive_number

if TYPE_CHECKING:
    import numpy as np

    from alphazero.exact import Solution
    from games.protocol import Game

SUMMARY = "solve a position: its exact value and best moves"
WORDS = {1: "win", 0: "draw", -1: "loss"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_game(parser)
    add_position(parser)
    parser.add_argument(
        "--distance", action="store_true", help="also how many plies each move leaves; takes longer"
    )
    parser.add_argument(
        "--seconds", type=positive_number, metavar="S", help="give up after so long (default: never)"
    )
    parser.add_argument(
        "--memory-mb",
        type=positive_number,
        default=512.0,
        metavar="MB",
        help="memory of the table of positions (default 512)",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    import json

    import games
    from alphazero.bars import progress_bar
    from alphazero.exact import make_solver

    game = games.parse(args.game)
    state = position(args, game)
    with progress_bar(desc="compiling or loading the solver", unit=" positions", unit_scale=True) as bar:

        def report(positions: int) -> None:
            bar.set_description_str("solving", refresh=False)
            bar.update(positions - bar.n)

        solution = make_solver(game, args.memory_mb).solve(
            state, distance=args.distance, seconds=args.seconds, report=report
        )
    if args.json:
        print(
            json.dumps(
                {"game": games.spec(game), "state": game.state_text(state), **as_dict(game, state, solution)}
            )
        )
    else:
        print(game.render(state), table(game, state, solution), sep="\n\n")


def as_dict(game: Game, state: np.void, solution: Solution) -> dict[str, Any]:
    """Return a solution as JSON-able data; values are 1, 0 or -1 for the player to move."""
    moves = []
    for action in game.legal(state):
        move = {
            "action": int(action),
            "move": game.action_name(state, int(action)),
            "value": int(solution.values[action]),
        }
        if solution.plies is not None:
            move |= {"plies": int(solution.plies[action]), "score": int(solution.scores[action])}
        moves.append(move)
    return {
        "to_move": int(game.to_move(state)),
        "value": solution.value,
        "best": [game.action_name(state, int(action)) for action in solution.best],
        "positions": solution.positions,
        "moves": moves,
    }


def table(game: Game, state: np.void, solution: Solution) -> str:
    """Return a solution as text: the value, and a line for each move."""
    player = ("first", "second")[game.to_move(state)]
    best = " ".join(game.action_name(state, int(action)) for action in solution.best)
    lines = [
        f"{WORDS[solution.value].capitalize()} for the {player} player, to move; best: {best} "
        f"({solution.positions:,} positions)."
    ]
    width = max(4, *(len(game.action_name(state, int(action))) for action in game.legal(state)))
    lines.append(f"{'move':<{width}}  result")
    for action in game.legal(state):
        value = int(solution.values[action])
        after = ""
        if solution.plies is not None and value:
            plies = int(solution.plies[action])
            after = " with the next ply" if plies == 1 else f" in {plies} plies"
        lines.append(f"{game.action_name(state, int(action)):<{width}}  {WORDS[value]}{after}")
    return "\n".join(lines)
