"""A match: two players, every opening twice with colours swapped, all games at once in lock-step."""

from collections.abc import Sequence

import numpy as np

import games
from alphazero.arena.openings import check_openings, default_opening_plies, draw_openings
from alphazero.arena.result import GameRecord, MatchResult
from alphazero.play.player import Player
from alphazero.play.progress import Progress, ProgressBar
from alphazero.play.table import Seats, play_games
from games.options import check_seed


def play_match(
    a: Player,
    b: Player,
    game: games.Game,
    num_games: int,
    *,
    seed: int = 0,
    opening_plies: int | None = None,
    openings: Sequence[Sequence[int]] | None = None,
    progress: Progress | bool = False,
) -> MatchResult:
    """Play `num_games` games (even) of `a` against `b` and return the result.

    Game 2k and game 2k + 1 share an opening; `a` moves first in game 2k. Openings are given as lists of
    actions (repeated in turn when there are too few), or are `opening_plies` random legal plies drawn by
    `seed`, by default as many as give enough openings. Both players begin with `new_games(seed)`, so equal
    players and an equal seed give equal games. progress: told how many games have ended; True shows a bar.
    The players stay open. Raises ValueError for an odd or impossible number of games, a seed that is not
    0 <= seed < 2**63, an impossible opening, and an illegal move, with the player, the position and the move.
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
    played = play_games(
        game,
        Seats((a, b), np.array([[0, 1], [1, 0]] * num_pairs)),
        openings=[opening for opening in beginnings for _ in range(2)],
        progress=ProgressBar() if progress is True else progress or None,
    )
    moves = np.split(played.actions, np.cumsum(played.lengths)[:-1])
    records = tuple(
        GameRecord("ab"[i % 2], (*opening, *moves[i].tolist()), len(opening), int(played.outcomes[i]))
        for i, opening in enumerate(opening for opening in beginnings for _ in range(2))
    )
    return MatchResult(a.name, b.name, games.spec(game), records)
