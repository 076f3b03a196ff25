"""A plain minimax over any game, slow and obviously right, and random positions to compare with."""

from typing import Any

import numpy as np


def minimax(game: Any, state: Any, known: dict[bytes, tuple[int, int]]) -> tuple[int, int]:
    """Return (result, plies) for the player to move: quickest win, slowest loss, (0, 0) for a draw."""
    key = state.tobytes()
    if key not in known:
        if game.is_over(state):
            known[key] = (int(game.outcome(state)) * (1 if game.to_move(state) == 0 else -1), 0)
        else:
            known[key] = max(
                (after_move(game, state, int(action), known) for action in game.legal(state)), key=worth
            )
    return known[key]


def after_move(game: Any, state: Any, action: int, known: dict[bytes, tuple[int, int]]) -> tuple[int, int]:
    """Return (result, plies) of an action for the player to move."""
    child = state.copy()
    game.play(child, action)
    result, plies = minimax(game, child, known)
    result = result if game.to_move(child) == game.to_move(state) else -result
    return result, plies + 1 if result else 0


def worth(value: tuple[int, int]) -> float:
    """Return a number that orders results: quick wins, slow wins, draws, slow losses, quick losses."""
    result, plies = value
    return result * (1.0 - 0.0001 * plies)


def random_states(game: Any, count: int, least: int, seed: int = 0) -> list[Any]:
    """Return `count` unfinished positions of random games, `least` plies or more after the start."""
    rng = np.random.default_rng(seed)
    found: list[Any] = []
    while len(found) < count:
        state, plies = game.initial_state(), 0
        line = []
        while not game.is_over(state):
            if plies >= least:
                line.append(state.copy())
            game.play(state, int(rng.choice(game.legal(state))))
            plies += 1
        if line:
            found.append(line[rng.integers(len(line))])
    return found


def after(game: Any, moves: str) -> Any:
    """Return the position after moves of one character each."""
    state = game.initial_state()
    for move in moves:
        game.play(state, game.parse_action(state, move))
    return state
