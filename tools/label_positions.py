"""Builds the sets of Connect Four positions, labelled by the exact solver, that `alphazero accuracy` judges players by.

Positions come from games between players of all strengths, random to good, after random beginnings; no two are
the same or mirror images. They are sorted by plies played (opening: at most 14, middle: at most 28, end: more) and by
plies to the end under perfect play (over 28, 14 to 28, under 14). Labels are for measuring alone and never for
learning. A run that is stopped goes on where it was.

    python tools/label_positions.py alphazero/exact/positions/connect_four
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import games
from alphazero.arena.accuracy import read_positions
from alphazero.arena.players import make_player
from alphazero.bars import progress_bar
from alphazero.exact import ILLEGAL, ConnectFourSolver, make_solver
from alphazero.play.player import Decisions, Player, Turns
from alphazero.play.table import Seats, play_games
from games.notation import join_moves

PLAYERS = (
    "random",
    "mcts:simulations=10",
    "mcts:simulations=50",
    "mcts:simulations=300",
    "mcts:simulations=2000",
)
CLASSES = (
    "opening-over-28",
    "opening-14-to-28",
    "opening-under-14",
    "middle-14-to-28",
    "middle-under-14",
    "end-under-14",
)
GAMES_AT_ONCE = 64
OPENING, MIDDLE = 14, 28  # the most plies played
NEAR, FAR = 14, 28  # plies to the end


def class_of(played: int, left: int) -> str:
    """Return the class of a position by plies played and plies to the end under perfect play."""
    stage = "opening" if played <= OPENING else "middle" if played <= MIDDLE else "end"
    return stage + ("-under-14" if left < NEAR else "-14-to-28" if left <= FAR else "-over-28")


class RandomBeginnings(Player):
    """Plays the first plies of each game by chance, as many as its number says, and then as another player does.

    plies: int64[games].
    """

    def __init__(self, player: Player, plies: np.ndarray, rng: np.random.Generator):
        super().__init__(player.game, player.name)
        self.player, self.plies, self.rng = player, plies, rng

    def decide(self, turns: Turns) -> Decisions:
        """Return an action for each turn."""
        actions = self.player.decide(turns).actions.copy()
        for index, (state, number) in enumerate(zip(turns.states, turns.game_ids, strict=True)):
            if len(turns.moves[index]) < self.plies[number]:
                actions[index] = self.rng.choice(self.game.legal(state))
        return Decisions(actions)


def moves_of_games(game: Any, players: list[Player], rng: np.random.Generator) -> Iterator[list[int]]:
    """Yield the actions of games, without end, that begin at random and go on between two players drawn by chance."""
    while True:
        drawn = rng.integers(len(players), size=2)
        plies = rng.integers(0, 9, size=GAMES_AT_ONCE)
        pair = [RandomBeginnings(players[number], plies, rng) for number in drawn]
        played = play_games(game, Seats(pair, np.array([[0, 1]] * GAMES_AT_ONCE)))
        yield from (part.tolist() for part in np.split(played.actions, np.cumsum(played.lengths)[:-1]))


def draw_position(
    actions: list[int], least: int, missing: dict[str, int], rng: np.random.Generator
) -> list[int]:
    """Return the actions of a game up to a ply drawn from a stage that misses positions; none if it is too short."""
    stages = {
        "opening": (least, OPENING),
        "middle": (OPENING + 1, MIDDLE),
        "end": (MIDDLE + 1, len(actions) - 1),
    }
    wanted = [
        stage for stage in stages if any(missing[name] > 0 for name in CLASSES if name.startswith(stage))
    ]
    low, high = stages[str(rng.choice(wanted))]
    high = min(high, len(actions) - 1)
    return actions[: rng.integers(low, high + 1)] if low <= high else []


def canonical(game: Any, state: Any) -> tuple[bytes, ...]:
    """Return what is the same for a position and its mirror image."""
    planes = np.zeros((game.planes, *game.board_shape), np.float32)
    game.encode(state, planes)
    return tuple(sorted((planes.tobytes(), planes[:, :, ::-1].tobytes())))


def plies_left(solver: ConnectFourSolver, state: Any, value: int) -> int:
    """Return the plies to the end under perfect play: exact enough to tell the classes apart."""
    cells, played = solver.game.rows * solver.game.cols, int(state["plies"])
    if value == 0:
        return cells - played
    for limit in (NEAR - 1, FAR):
        if solver.is_decided_within(state, value, limit):
            return limit
    return cells - played


def label(game: Any, solver: ConnectFourSolver, actions: list[int], state: Any) -> tuple[str, str]:
    """Return a position's class and its line: moves, and the sign of every action's value."""
    solution = solver.solve(state)
    names, before = [], game.initial_state()
    for action in actions:
        names.append(game.action_name(before, action))
        game.play(before, action)
    scores = ["." if score == ILLEGAL else str(int(np.sign(score))) for score in solution.scores]
    left = plies_left(solver, state, solution.value)
    return class_of(int(state["plies"]), left), " ".join([join_moves(names), *scores])


def main() -> None:
    """Fill the sets in a folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=500, help="positions of each class (default 500)")
    parser.add_argument("--least", type=int, default=8, help="fewest plies played (default 8)")
    parser.add_argument("--memory-mb", type=float, default=1024.0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    game = games.make("connect_four")
    solver = make_solver(game, args.memory_mb)
    assert isinstance(solver, ConnectFourSolver)
    args.folder.mkdir(parents=True, exist_ok=True)
    files = {name: args.folder / f"{name}.txt" for name in CLASSES}
    sets = [read_positions(path, game) for path in files.values() if path.exists()]
    seen = {canonical(game, state) for positions in sets for state in positions.states}
    missing = {name: args.count for name in CLASSES}
    for positions in sets:
        missing[positions.name] -= len(positions.states)
    rng = np.random.default_rng([args.seed, len(seen)])
    players = [make_player(spec, game, seed=int(rng.integers(2**31))) for spec in PLAYERS]
    with progress_bar(total=sum(missing.values()), unit="position") as bar:
        for line in moves_of_games(game, players, rng):
            if max(missing.values()) <= 0:
                return
            actions = draw_position(line, args.least, missing, rng)
            if not actions:
                continue
            state = game.initial_state()
            for action in actions:
                game.play(state, action)
            if canonical(game, state) in seen:
                continue
            seen.add(canonical(game, state))
            name, text = label(game, solver, actions, state)
            if missing[name] > 0:
                with files[name].open("a", encoding="utf-8") as file:
                    file.write(text + "\n")
                missing[name] -= 1
                bar.update()
                bar.set_postfix({name: count for name, count in missing.items() if count > 0})


if __name__ == "__main__":
    main()
