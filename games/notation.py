"""Moves of a game as one text: `play_moves(game, "1. e4 e5 2. Nf3")`, `split_moves(game, "445")`, `join_moves`.

Nothing heavy is loaded until a game, which has loaded it already, is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from games.protocol import Game

RESULTS = ("1-0", "0-1", "1/2-1/2", "*")
NUMBER = re.compile(r"\d*(\.+|\u2026)")  # 1. or 1... or ... before a move
SQUARES = re.compile(r"([A-Za-z][0-9]+){2,}")


def play_moves(
    game: Game, moves: str | Iterable[str], start: np.void | None = None
) -> tuple[list[int], np.record]:
    """Return the actions that a text of moves stands for, and the position after them, a new record.

    Moves stand apart by blanks or commas, or are written in one word where each is one character, as in "445", or one
    square, as in "f5d6". Numbers of moves ("1.", "1...") and a result at the end are left out. moves: such a text, or
    several; start: the position that they are played from, by default the start of the game.
    Raises ValueError that names the first move that cannot be read or played, and its number.
    """
    actions, _, state = _read(game, moves, start)
    return actions, state


def split_moves(game: Game, moves: str | Iterable[str], start: np.void | None = None) -> list[str]:
    """Return the single moves of a text, as they are written there; the rest is as in `play_moves`."""
    return _read(game, moves, start)[1]


def join_moves(names: Sequence[str]) -> str:
    """Return moves as one word that `play_moves` takes apart: without commas where each is one character."""
    if all(len(name) == 1 for name in names):
        return "".join(names)
    return ",".join(names) + ("," if len(names) == 1 else "")


def _read(
    game: Game, moves: str | Iterable[str], start: np.void | None
) -> tuple[list[int], list[str], np.record]:
    """Return actions, the words for them, and the position after them."""
    import numpy as np

    states = np.zeros(1, game.state_dtype)
    states[0] = game.initial_state() if start is None else start
    state = states.view(np.recarray)[0]
    actions: list[int] = []
    names: list[str] = []
    words = " ".join([moves] if isinstance(moves, str) else moves).replace(",", " ").split()
    for index, word in enumerate(words):
        at_end = index == len(words) - 1
        if at_end and word in RESULTS and (game.is_over(state) or not _is_move(game, state, word)):
            break
        for name in _moves_in(game, state, word):
            try:
                actions.append(int(game.parse_action(state, name)))
                game.play(state, actions[-1])
            except ValueError as problem:
                which = "" if repr(name) in str(problem) else f", {name!r}"
                raise ValueError(f"move {len(names) + 1}{which}: {problem}") from None
            names.append(name)
    return actions, names, state


def _moves_in(game: Game, state: np.void, word: str) -> list[str]:
    """Return the moves that a word stands for in a position, whether or not they can be played."""
    if _is_move(game, state, word):
        return [word]
    number = NUMBER.match(word)
    word = word[number.end() :] if number else word
    if not word:
        return []
    squares = re.findall("[A-Za-z][0-9]+", word) if SQUARES.fullmatch(word) else [word]
    for parts in ([word], squares, list(word)):
        if _is_move(game, state, parts[0]):
            return parts
    return [word]


def _is_move(game: Game, state: np.void, word: str) -> bool:
    """Whether a game can read a word as a move, be it legal or not."""
    from games.game import IllegalAction

    try:
        game.parse_action(state, word)
    except IllegalAction:
        return True
    except ValueError:
        return False
    return True
