"""How often a player errs: its moves against the exact values of labelled positions.

A move is wrong when its result (win, draw, loss) is not the best that the position allows; how fast a win or how slow
a loss is does not matter.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from alphazero.arena.rating import INTERVAL_Z, Interval
from alphazero.files import read_regular
from alphazero.play.player import Player
from alphazero.play.progress import Progress
from games import Game
from games.notation import play_moves

BATCH = 256  # positions asked for at once


class PositionSet(NamedTuple):
    """Positions with the exact score of every action."""

    name: str
    moves: list[list[int]]  # n lists of the actions that lead to each from the start
    states: np.ndarray  # state_dtype [n], none of them over
    scores: np.ndarray  # float64[n, A] for the player to move, nan where an action is illegal

    @property
    def correct(self) -> np.ndarray:
        """Return bool[n, A]: the actions whose result is the best there is."""
        sign = np.where(np.isnan(self.scores), -2.0, np.sign(self.scores))
        return sign == sign.max(axis=1, keepdims=True)

    @property
    def values(self) -> np.ndarray:
        """Return float64[n]: the result under perfect play for the player to move, 1, 0 or -1."""
        return np.sign(np.nanmax(self.scores, axis=1))


@dataclass(frozen=True)
class Errors:
    """How many moves of one player were wrong in one set."""

    name: str
    positions: int
    wrong: int

    @property
    def share(self) -> float:
        return self.wrong / self.positions

    @property
    def interval(self) -> Interval:
        """Share of wrong moves with its 95 % interval (Wilson 1927)."""
        n, z2 = self.positions, INTERVAL_Z**2
        centre = (self.share + z2 / (2 * n)) / (1 + z2 / n)
        half = INTERVAL_Z / (1 + z2 / n) * math.sqrt(self.share * (1 - self.share) / n + z2 / (4 * n * n))
        return Interval(self.share, max(centre - half, 0.0), min(centre + half, 1.0))

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON-able data."""
        interval = self.interval
        return {
            "set": self.name,
            "positions": self.positions,
            "wrong": self.wrong,
            "share": self.share,
            "low": interval.low,
            "high": interval.high,
        }


def read_positions(path: Path, game: Game) -> PositionSet:
    """Read a set of labelled positions, its name that of the file.

    One position a line: the moves that lead to it (in one word: digits or letters, or names joined by commas; nothing
    for the start) and then a score for every action, "." for an illegal one. The sign of a score says whether the
    player to move wins, draws or loses with it. Lines that are empty or begin with "#" are left out. Raises ValueError
    with the line's number for anything else, OSError when the file cannot be read.
    """
    moves, states, scores = [], [], []
    for number, line in enumerate(_text(path).splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            if len(words) == game.num_actions and len(words[0]) > 1 and words[0].isdigit():
                raise ValueError(
                    f"{len(words) - 1} scores after {words[0]!r}: expected {game.num_actions}, one for "
                    f"each action of {game.name}"
                )
            line_moves, state = _position(game, words[: -game.num_actions])
            moves.append(line_moves)
            states.append(state)
            scores.append(_scores(game, state, words[-game.num_actions :]))
        except ValueError as problem:
            raise ValueError(f"{path}: line {number}: {problem}") from None
    if not states:
        raise ValueError(f'{path}: no positions: expected lines such as "4453 . -1 0 1 ..."')
    return PositionSet(path.stem, moves, np.array(states, game.state_dtype), np.array(scores))


def _text(path: Path) -> str:
    try:
        return read_regular(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f'{path}: not a text file: expected lines such as "4453 . -1 0 1 ..."') from None


def _position(game: Game, words: Sequence[str]) -> tuple[list[int], np.void]:
    if len(words) > 1:
        raise ValueError(
            f"{len(words)} words before the last {game.num_actions}: expected moves in one word and then "
            f"{game.num_actions} scores, one for each action of {game.name}"
        )
    actions, state = play_moves(game, words[0] if words else "")
    if game.is_over(state):
        raise ValueError(f"the game is over after {words[0]!r}: expected a position with a move to choose")
    return actions, state


def _scores(game: Game, state: np.void, words: Sequence[str]) -> list[float]:
    if len(words) < game.num_actions:
        raise ValueError(
            f"{len(words)} scores: expected {game.num_actions}, one for each action of {game.name}"
        )
    legal = set(game.legal(state).tolist())
    scores = []
    for action, word in enumerate(words):
        try:
            score = math.nan if word == "." else float(word)
        except ValueError:
            raise ValueError(
                f"score {word!r} of action {action}: expected a number, or . for an illegal one"
            ) from None
        if (word != ".") != (action in legal) or not (word == "." or math.isfinite(score)):
            should = "a number, for it is legal" if action in legal else ". for it is illegal"
            raise ValueError(f"score {word!r} of action {action}: expected {should}")
        scores.append(score)
    return scores


def count_errors(player: Player, positions: PositionSet, progress: Progress | None = None) -> Errors:
    """Return how many moves of `player` are wrong; progress: told how many positions of the set are done."""
    correct, wrong = positions.correct, 0
    for start in range(0, len(correct), BATCH):
        rows = slice(start, start + BATCH)
        actions = player.choose(positions.states[rows].copy())
        wrong += int((~correct[rows][np.arange(len(actions)), actions]).sum())
        if progress is not None:
            progress(positions.name, start + len(actions), len(correct))
    return Errors(positions.name, len(correct), wrong)


def total(errors: Sequence[Errors]) -> Errors:
    """Return the errors of several sets together."""
    return Errors("all", sum(e.positions for e in errors), sum(e.wrong for e in errors))
