"""A match: two players, every opening twice with colours swapped, all games at once in lock-step."""

from collections.abc import Sequence

import numpy as np

import games
from alphazero.arena.openings import check_openings, default_opening_plies, draw_openings
from alphazero.arena.players import Player
from alphazero.arena.result import GameRecord, MatchResult
from alphazero.bars import progress_bar
from games.options import check_seed


def play_match(
    a: Player,
    b: Player,
    game,
    num_games: int,
    *,
    seed: int = 0,
    opening_plies: int | None = None,
    openings: Sequence[Sequence[int]] | None = None,
    progress: bool = False,
) -> MatchResult:
    """Play `num_games` games (even) of `a` against `b` and return the result.

    Game 2k and game 2k + 1 share an opening; `a` moves first in game 2k. Openings are given as lists of
    actions (repeated in turn when there are too few), or are `opening_plies` random legal plies drawn by
    `seed`, by default as many as give enough openings. Both players begin with `new_games(seed)`, so equal
    players and an equal seed give equal games. Raises ValueError for an odd or impossible number of games,
    a seed that is not 0 <= seed < 2**63, an impossible opening, and an illegal move, with the player, the
    position and the move.
    """
    if num_games < 2 or num_games % 2:
        raise ValueError(
            f"{num_games} games: expected an even number of at least 2, for every opening is played with both colours"
        )
    num_pairs, seed = num_games // 2, check_seed(seed)
    if openings is None:
        plies = default_opening_plies(game, num_pairs) if opening_plies is None else opening_plies
        if plies < 0:
            raise ValueError(f"opening_plies={plies} must be 0 or more")
        beginnings = draw_openings(game, num_pairs, plies, np.random.default_rng(seed))
    else:
        checked = check_openings(game, openings)
        beginnings = [checked[pair % len(checked)] for pair in range(num_pairs)]
    a.new_games(seed)
    if b is not a:
        b.new_games(seed)
    table = _Table(game, [opening for opening in beginnings for _ in range(2)])
    _play_out(table, (a, b), progress)
    records = tuple(
        GameRecord("ab"[i % 2], tuple(actions), len(beginnings[i // 2]), int(game.outcome(state)))
        for i, (actions, state) in enumerate(zip(table.actions, table.states, strict=True))
    )
    return MatchResult(a.name, b.name, games.spec(game), records)


class _Table:
    """All games of a match: states[n], the actions played in each, and which are not over yet."""

    def __init__(self, game, openings: Sequence[Sequence[int]]):
        self.game = game
        self.states = np.zeros(len(openings), game.state_dtype)
        self.actions: list[list[int]] = [[] for _ in openings]
        for index, opening in enumerate(openings):
            game.reset(self.states[index])
            for action in opening:
                self.play(index, action)
        self.unfinished = np.array([not game.is_over(state) for state in self.states])

    def to_move(self) -> np.ndarray:
        """Return who is to move in each game, int64[n]; -1 where it is over."""
        return np.array(
            [
                self.game.to_move(state) if unfinished else -1
                for state, unfinished in zip(self.states, self.unfinished, strict=True)
            ]
        )

    def play(self, index: int, action: int) -> None:
        self.game.play(self.states[index], action)
        self.actions[index].append(action)


def _play_out(table: _Table, players: tuple[Player, Player], progress: bool) -> None:
    """Play every game to its end; in even games players[0] moves first, in odd games players[1]."""
    games = f"{players[0].name} - {players[1].name}"
    bar = progress_bar(total=len(table.actions), desc=games, unit="game", shown=progress)
    odd = np.arange(len(table.actions)) % 2
    while table.unfinished.any():
        to_move = table.to_move()
        for side, player in enumerate(players):
            indices = np.flatnonzero(table.unfinished & (to_move ^ odd == side))
            if len(indices):
                _move(table, indices, player)
        bar.update(int((~table.unfinished).sum()) - bar.n)
    bar.close()


def _move(table: _Table, indices: np.ndarray, player: Player) -> None:
    """Let `player` choose and play one action in each of the games `indices`; ValueError when it cannot."""
    states = table.states[indices]
    actions = np.asarray(player.choose(states.copy()))
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
