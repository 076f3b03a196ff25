"""The table: many games between players at once, in lock-step, so that a player's turns come to it as one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alphazero.data.games import End, Games, Openings
from alphazero.play.player import Player, Turns
from alphazero.play.progress import Progress
from games import Game

__all__ = ["Seats", "play_games"]


class Seats(NamedTuple):
    """Who plays in each of n games: two of `players` by their number, which may be the same one twice."""

    players: Sequence[Player]
    numbers: np.ndarray  # int64[n, 2], who is the first player and who the second


def play_games(
    game: Game,
    seats: Seats,
    starts: np.ndarray | None = None,
    *,
    openings: Sequence[Sequence[int]] | None = None,
    progress: Progress | None = None,
) -> Games:
    """Play n games to their ends and return them, without labels, as many as there are seats.

    starts: state_dtype[n], the positions they are played from (None: the start of the game); openings: n lists of legal
    actions that are played first, without asking anybody: the games that are returned begin after them. progress: told
    after each round how many games have ended. In a round every game goes on by one action; the players are asked in
    their order, each once for all of its turns, so that equal players and an equal generator play equal games. A game's
    index is its `Turns.game_ids`. Raises ValueError for an illegal answer, with the player, the position and the move.
    """
    table = _Table(game, len(seats.numbers), starts, openings)
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
    return table.games()


class _Table:
    """All games: states[n], the actions played in each, and which are not over yet."""

    def __init__(
        self, game: Game, n: int, starts: np.ndarray | None, openings: Sequence[Sequence[int]] | None
    ):
        self.game = game
        begun = [game.initial_state()] * n if starts is None else starts
        self.states = np.array(begun, game.state_dtype)
        self.actions: list[list[int]] = [[] for _ in self.states]
        for index, opening in enumerate(openings or ()):
            for action in opening:
                self.play(index, action)
        self.from_the_start = starts is None
        self.starts = self.states.copy()
        self.opening_plies = [len(actions) for actions in self.actions]
        self.unfinished = np.array([not game.is_over(state) for state in self.states], np.bool_)

    def to_move(self) -> np.ndarray:
        """Return who is to move in each game, int64[n]; -1 where it is over."""
        pairs = zip(self.states, self.unfinished, strict=True)
        return np.array([self.game.to_move(state) if open_ else -1 for state, open_ in pairs], np.int64)

    def play(self, index: int, action: int) -> None:
        """Play one legal action in a game."""
        self.game.play(self.states[index], action)
        self.actions[index].append(int(action))

    def games(self) -> Games:
        """Return the finished games; how their starts came about is known where they began at the start."""
        truncated = [bool(self.game.is_truncated(state)) for state in self.states]
        played, opened = [], []
        for actions, plies in zip(self.actions, self.opening_plies, strict=True):
            opened.append(actions[:plies])
            played.append(actions[plies:])
        return Games(
            starts=self.starts,
            lengths=np.array([len(actions) for actions in played], np.int32),
            outcomes=np.array([self.game.outcome(state) for state in self.states], np.int8),
            ends=np.where(truncated, np.int8(End.TRUNCATED), np.int8(End.RULES)),
            actions=_flat(played),
            labels=None,
            openings=Openings(np.array(self.opening_plies, np.int32), _flat(opened))
            if self.from_the_start
            else None,
        )


def _flat(parts: Sequence[Sequence[int]]) -> np.ndarray:
    """Return all actions of all games one after another, int32[]."""
    return np.array([action for part in parts for action in part], np.int32)


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
