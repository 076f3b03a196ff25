"""Builds the book of drawn Connect Four openings that `alphazero match --openings drawn` begins from.

The first move beside the centre draws. From there every move that keeps the draw is followed, so the book holds all
positions that two players reach who make no mistake after the first move: level, and with the whole game before them.
Positions that are mirror images of each other count once. The file grows by a ply at a time; a run that is stopped
goes on with the ply it was at.

    python tools/drawn_openings.py alphazero/exact/openings/connect_four.txt --plies 6
"""

import argparse
from pathlib import Path
from typing import Any

import games
from alphazero.bars import progress_bar
from alphazero.exact import ConnectFourSolver, make_solver
from games.notation import play_moves

FIRST = "3"  # columns count from 1: this move draws, as does 5, its mirror image; 4 wins and the others lose


def canonical(state: Any) -> tuple[tuple[int, int], ...]:
    """Return what is the same for a position and its mirror image: the smaller of both pairs of bitboards."""
    boards = [int(state["own"]), int(state["other"])]
    return min(tuple(boards), tuple(mirrored(board) for board in boards))


def mirrored(board: int) -> int:
    """Return a bitboard of columns of seven bits with the order of its columns reversed."""
    columns = [(board >> (7 * col)) & 127 for col in range(7)]
    return sum(column << (7 * (6 - col)) for col, column in enumerate(columns))


def keeps_draw(game: Any, solver: ConnectFourSolver, state: Any, action: int) -> bool:
    """Whether an action from a drawn position leads to another one: whether the opponent does not win then."""
    child = state.copy()
    game.play(child, action)
    return not game.is_over(child) and solver.is_at_most_drawn(child)


def next_level(game: Any, solver: ConnectFourSolver, level: list[str]) -> list[str]:
    """Return the openings one ply longer, each as a word of moves, none a mirror image of another."""
    found: dict[Any, str] = {}
    tried: set[Any] = set()
    for word in progress_bar(level, unit="opening", desc=f"ply {len(level[0]) + 1}"):
        _, state = play_moves(game, word)
        for action in game.legal(state):
            child = state.copy()
            game.play(child, action)
            key = canonical(child)
            if key in tried:
                continue
            tried.add(key)
            if keeps_draw(game, solver, state, int(action)):
                found[key] = word + game.action_name(state, int(action))
    return sorted(found.values())


def main() -> None:
    """Write the openings of 2 plies, of 3, and so on."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--plies", type=int, default=6, help="length of the longest openings (default 6)")
    parser.add_argument("--memory-mb", type=float, default=4096.0)
    args = parser.parse_args()
    game = games.make("connect_four")
    solver = make_solver(game, args.memory_mb)
    assert isinstance(solver, ConnectFourSolver)
    known = args.file.read_text().split() if args.file.exists() else []
    level = [FIRST]
    for plies in range(2, args.plies + 1):
        level = [word for word in known if len(word) == plies] or next_level(game, solver, level)
        known += [word for word in level if word not in known]
        args.file.write_text("\n".join(known) + "\n")
        print(f"{plies} plies: {len(level)} drawn openings", flush=True)


if __name__ == "__main__":
    main()
