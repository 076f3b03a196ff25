"""Openings of a match: short random beginnings, so that players who choose alike play different games."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from alphazero.files import read_regular
from games import Game
from games.notation import play_moves

OPENINGS_PER_PAIR = 4  # positions there should be for each opening that is needed
_TRIES_PER_OPENING = 50


def default_opening_plies(game: Game, num_openings: int) -> int:
    """Return the smallest even number of plies that gives about four times as many openings as needed.

    The number of openings is estimated from the legal moves along the first moves of the game; even, so
    that the first player is to move after the opening where players alternate. No more than half of the
    longest game.
    """
    state = game.initial_state()
    plies, count = 0, 1.0
    while count < OPENINGS_PER_PAIR * num_openings and plies + 2 <= max(game.max_plies // 2, 2):
        for _ in range(2):
            legal = game.legal(state)
            if len(legal) == 0:
                return plies
            count *= len(legal)
            game.play(state, legal[len(legal) // 2])
        if game.is_over(state):
            return plies
        plies += 2
        count /= (plies // 2) ** 2  # each player's moves lead to the same position in any order
    return plies


def draw_openings(game: Game, num_openings: int, plies: int, rng: np.random.Generator) -> list[list[int]]:
    """Return `num_openings` beginnings of `plies` random legal actions, after which the game is not over.

    Their final positions are distinct as long as new ones are found. Raises ValueError when every game
    drawn was over too soon.
    """
    openings: list[list[int]] = []
    spare: list[list[int]] = []
    seen: set[int] = set()
    for _ in range(_TRIES_PER_OPENING * num_openings):
        if len(openings) == num_openings:
            return openings
        actions, key = _draw(game, plies, rng)
        if key is None:
            continue
        (spare if key in seen else openings).append(actions)
        seen.add(key)
    if not openings:
        raise ValueError(
            f"opening_plies={plies}: every random game of {game.name} is over by then; choose fewer"
        )
    return openings + [spare[i % len(spare)] for i in range(num_openings - len(openings))]


def read_openings(path: Path, game: Game) -> list[list[int]]:
    """Read a file of openings, one a line: its moves in one word, as in `read_positions`; what follows is left out.

    Moves of more than one character are joined by commas: e4,e5.

    Raises ValueError with the line's number for moves that are not possible, OSError when it cannot be read.
    """
    openings = []
    text = read_regular(path).decode("utf-8-sig", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if words and not words[0].startswith("#"):
            try:
                openings.append(_read_opening(game, words))
            except ValueError as problem:
                raise ValueError(f"{path}: line {number}: {problem}") from None
    if not openings:
        raise ValueError(f"{path}: no openings: expected lines of moves such as 4453, or e4,e5")
    return openings


def _read_opening(game: Game, words: list[str]) -> list[int]:
    if words[0].endswith(",") and len(words) > 1:
        raise ValueError(f"a blank after {words[0]!r}: join moves by commas alone, as in e4,e5")
    try:
        actions, state = play_moves(game, words[0])
    except ValueError as problem:
        hint = (
            "" if "," in words[0] else " (moves of more than one character are joined by commas, as in e4,e5)"
        )
        raise ValueError(f"{problem}{hint}") from None
    if game.is_over(state):
        raise ValueError(f"the game is over after {words[0]!r}: leave moves to play")
    return actions


def check_openings(game: Game, openings: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return the openings as lists of actions; ValueError for none, or one illegal or ending the game."""
    if not len(openings):
        raise ValueError("openings is empty: give at least one list of actions, or None for random ones")
    for number, opening in enumerate(openings):
        state = game.initial_state()
        for action in opening:
            if action not in game.legal(state):
                raise ValueError(
                    f"opening {number} {list(opening)}: action {action} is illegal in "
                    f"{game.state_text(state)!r}"
                )
            game.play(state, action)
        if game.is_over(state):
            raise ValueError(
                f"opening {number} {list(opening)}: the game is over after it; leave moves to play"
            )
    return [[int(action) for action in opening] for opening in openings]


def _draw(game: Game, plies: int, rng: np.random.Generator) -> tuple[list[int], int | None]:
    """Return random actions and the hash of the position after them, None when the game is over by then."""
    state = game.initial_state()
    actions: list[int] = []
    for _ in range(plies):
        if game.is_over(state):
            return actions, None
        actions.append(int(rng.choice(game.legal(state))))
        game.play(state, actions[-1])
    return actions, None if game.is_over(state) else int(game.input_hash(state))
