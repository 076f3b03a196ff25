"""Plays random games beside OpenSpiel, move by move: legal moves, who is to move, end and result must agree.

    python tools/compare_openspiel.py            (every game below)
    python tools/compare_openspiel.py chess go --games 1000

Needs `pyspiel` (package open_spiel) with `numba`, `numpy`, `chess` and `tqdm` beside it, best in an environment of its
own.
OpenSpiel ends a game of Go that repeats a position; such games are compared up to there.
"""

import argparse
import random
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import chess
import numpy as np
import pyspiel
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parent.parent))

import games
from games.chess.notation import to_board, uci_names


class Pair(NamedTuple):
    """A game of ours, the same of OpenSpiel, and our name of a move made from theirs."""

    ours: str
    theirs: str
    name: Callable[[str], str]
    first: int = 0  # their number of the player who begins


def _upside_down(rows: int) -> Callable[[str], str]:
    """Return a translation of "a2b3*" for boards whose rows are counted from the other side."""

    def name(text: str) -> str:
        letters, numbers = re.findall(r"[a-z]", text), re.findall(r"\d+", text)
        squares = (f"{col}{rows + 1 - int(row)}" for col, row in zip(letters, numbers, strict=True))
        return ("x" if text.endswith("*") else "-").join(squares)

    return name


def _cell(rows: int) -> Callable[[str], str]:
    """Return a translation of "x(0,2)", row and column from the top left, to letter and row from below."""

    def name(text: str) -> str:
        row, col = (int(number) for number in re.findall(r"\d+", text))
        return f"{chr(ord('a') + col)}{rows - row}"

    return name


def _go_point(text: str) -> str:
    """Return a translation of "B a1" and "W PASS"."""
    return text.split()[1].lower()


PAIRS = {
    "connect_four": Pair("connect_four", "connect_four", lambda name: str(int(name[1:]) + 1)),
    "tic_tac_toe": Pair("tic_tac_toe", "tic_tac_toe", _cell(3)),
    "gomoku": Pair("gomoku:rows=9,cols=9", "mnk(m=9,n=9,k=5)", _cell(9)),
    "othello": Pair("othello", "othello", str),
    "hex": Pair("hex:size=5,swap=no", "hex(board_size=5)", str),
    "breakthrough": Pair("breakthrough:rows=6,cols=6", "breakthrough(rows=6,columns=6)", _upside_down(6)),
    "go": Pair("go:size=5,superko=simple,komi=0.5,history=1", "go(board_size=5,komi=0.5)", _go_point),
    "go9": Pair("go:size=9,superko=simple,komi=7.5,history=1", "go(board_size=9,komi=7.5)", _go_point),
    "chess": Pair("chess:history=1,max_plies=5000", "chess", str, first=1),
}


def compare(name: str, count: int, seed: int) -> str:
    """Play `count` games of both; return what was compared, or raise AssertionError at the first difference."""
    pair, rng, plies, shorter = PAIRS[name], random.Random(seed), 0, 0
    game, other = games.parse(pair.ours), pyspiel.load_game(pair.theirs)
    for _ in tqdm(range(count), name, unit="game", leave=False, disable=None):
        state, peer = game.initial_state(), other.new_initial_state()
        while not (game.is_over(state) or peer.is_terminal()):
            moves = legal_names(game, state)
            theirs = {pair.name(peer.action_to_string(action)): action for action in peer.legal_actions()}
            assert set(moves) == set(theirs), (
                f"{name}: {game.state_text(state)}: "
                f"ours only {sorted(set(moves) - set(theirs))}, "
                f"theirs only {sorted(set(theirs) - set(moves))}"
            )
            assert game.to_move(state) == peer.current_player() ^ pair.first, (
                f"{name}: {game.state_text(state)}"
            )
            move = rng.choice(sorted(moves))
            game.play(state, moves[move])
            peer.apply_action(theirs[move])
            plies += 1
        if game.is_over(state) and peer.is_terminal():
            result = np.sign(peer.returns()[pair.first])
            assert result == game.outcome(state), (
                f"{name}: {game.state_text(state)}: ours {game.outcome(state)}, theirs {result:g}"
            )
        else:
            shorter += 1
    return f"{name:13} {count:6,} games  {plies:9,} positions agree" + (
        f"  ({shorter} ended earlier on one side)" if shorter else ""
    )


def legal_names(game: Any, state: Any) -> dict[str, int]:
    """Return the legal actions by the names that OpenSpiel gives them."""
    if game.name == "chess":  # all from one board, as `action_name` does for one
        board = to_board(game, state)
        return {board.san(chess.Move.from_uci(uci)): action for uci, action in uci_names(game, state).items()}
    actions = [int(action) for action in game.legal(state)]
    return {game.action_name(state, action): action for action in actions}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PAIRS)} (default: all)")
    parser.add_argument("--games", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in PAIRS]
    if unknown:
        parser.error(f"unknown game {unknown[0]!r}: expected of {', '.join(PAIRS)}")
    for name in args.names or PAIRS:
        print(compare(name, args.games, args.seed), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
