"""The table: many games between players at once, in lock-step, so that a player's turns come to it as one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from alphazero.data.games import End
from alphazero.play.player import Player, Turns
from alphazero.play.progress import Progress

__all__ = ["PlayedGames", "Seats", "play_games"]


class Seats(NamedTuple):
    """Who plays in each of n games: two of `players` by their number, which may be the same one twice."""

    players: Sequence[Player]
    numbers: np.ndarray  # int64[n, 2], who is the first player and who the second


class PlayedGames(NamedTuple):
    """n games that have ended, as they were played."""

    starts: np.ndarray  # state_dtype[n], the position that the game began from
    actions: list[list[int]]  # n lists, from the start on, openings included
    outcomes: np.ndarray  # int8[n], 1, 0 or -1 for the first player
    ends: np.ndarray  # int8[n], an `End`


def play_games(
    game: Any,
    seats: Seats,
    starts: np.ndarray,
    *,
    openings: Sequence[Sequence[int]] | None = None,
    progress: Progress | None = None,
) -> PlayedGames:
    """Play a game from each position of `starts`, a structured array [n], to its end; return all of them.

    openings: n lists of legal actions that are played first, without asking anybody; progress: told after each round
    how many games have ended. In a round every game goes on by one action; the players are asked in their order, each
    once for all of its turns, so that equal players and an equal generator play equal games. A game's number is its
    `Turns.game_ids`. Raises ValueError for an illegal answer, with the player, the position and the move.
    """
    table = _Table(game, starts, openings or [()] * len(starts))
    what = " - ".join(player.name for player in seats.players)
    while table.unfinished.any():
        mover = table.to_move()
        asked = np.where(mover < 0, -1, seats.numbers[np.arange(len(mover)), mover])
        for number, player in enumerate(seats.players):
            indices = np.flatnonzero(asked == number)
            if len(indices):
                _move(table, indices, player)
        if progress is not None:
            progress(what, int((~table.unfinished).sum()), len(mover))
    outcomes = np.array([game.outcome(state) for state in table.states], np.int8)
    return PlayedGames(table.starts, table.actions, outcomes, np.full(len(outcomes), End.RULES, np.int8))


class _Table:
    """All games: states[n], the actions played in each, and which are not over yet."""

    def __init__(self, game: Any, starts: np.ndarray, openings: Sequence[Sequence[int]]):
        self.game = game
        self.starts = np.array(starts, game.state_dtype)
        self.states = self.starts.copy()
        self.actions: list[list[int]] = [[] for _ in self.starts]
        for index, opening in enumerate(openings):
            for action in opening:
                self.play(index, action)
        self.unfinished = np.array([not game.is_over(state) for state in self.states], np.bool_)

    def to_move(self) -> np.ndarray:
        """Return who is to move in each game, int64[n]; -1 where it is over."""
        pairs = zip(self.states, self.unfinished, strict=True)
        return np.array([self.game.to_move(state) if open_ else -1 for state, open_ in pairs], np.int64)

    def play(self, index: int, action: int) -> None:
        """Play one legal action in a game."""
        self.game.play(self.states[index], action)
        self.actions[index].append(int(action))


def _move(table: _Table, indices: np.ndarray, player: Player) -> None:
    """Let `player` choose and play one action in each of the games `indices`; ValueError when it cannot."""
    moves = [table.actions[index] for index in indices]
    turns = Turns(table.states[indices], indices, moves, np.full(len(indices), np.inf))
    actions = np.asarray(player.decide(turns).actions)
    if actions.shape != (len(indices),) or actions.dtype.kind not in "iu":
        raise ValueError(
            f"player {player.name!r} returned {actions.dtype}{list(actions.shape)} for {len(indices)} "
            "positions: expected one whole number for each"
        )
    for index, action in zip(indices, actions, strict=True):
        state = table.states[index]
        if action not in table.game.legal(state):
            raise ValueError(
                f"player {player.name!r} chose the illegal action {int(action)} in "
                f"{table.game.state_text(state)!r}: legal are {table.game.legal(state).tolist()}"
            )
        table.play(index, int(action))
        table.unfinished[index] = not table.game.is_over(state)
