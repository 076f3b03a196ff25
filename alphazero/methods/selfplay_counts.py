"""What is counted of games of self-play, shard by shard, and what a generation's row says of them."""

from collections.abc import Mapping

import numpy as np

from alphazero.data.games import End, Games, end_counts, num_distinct
from alphazero.data.labels import SearchLabels
from alphazero.distributed.fleet import Fleet
from alphazero.distributed.pool import Losses
from alphazero.selfplay.selfplay import Tally

RESULTS = {"first_wins": 1, "draws": 0, "second_wins": -1}
COUNTED = (*RESULTS, "resigned", "truncated", "would_resign", "wrong_resigns", "distinct_games")


def counts_of(games: Games, resign_threshold: float, tally: Tally) -> dict[str, float]:
    """Return the counts of finished games and what playing them took; players resign below the threshold."""
    would, wrong = wrong_resignations(games, resign_threshold)
    ends = end_counts(games)
    return {
        **{name: int((games.outcomes == outcome).sum()) for name, outcome in RESULTS.items()},
        **{name: ends[name] for name in ("resigned", "truncated")},
        "would_resign": would,  # games played to their end in which a player's value fell below the threshold
        "wrong_resigns": wrong,  # those of them that this player did not lose
        "distinct_games": num_distinct(games),
        **tally._asdict(),
    }


def selfplay_row(counts: Mapping[str, float]) -> dict[str, float]:
    """Return what metrics.jsonl says of the self-play of a generation, from the sums of its shards."""
    seconds = max(counts.get("seconds", 0.0), 1e-9)
    return {
        "positions_per_second": counts.get("moves", 0) / seconds,
        "network_share": counts.get("evaluator_seconds", 0.0) / seconds,
        "rows_per_second": counts.get("rows", 0) / seconds,
        "game_length_mean": counts.get("positions", 0) / max(1, counts.get("games", 0)),
        **{name: int(counts.get(name, 0)) for name in COUNTED},
    }


def fleet_row(fleet: Fleet, counts: Mapping[str, float]) -> dict[str, float]:
    """Return what metrics.jsonl says of a fleet in a generation: who plays, what was lost, how old the weights were."""
    lost = {name: int(counts.get(name, 0)) for name in Losses._fields}
    return {"workers": fleet.num_working, "weights_lag": fleet.lag, **lost}


def wrong_resignations(games: Games, threshold: float) -> tuple[int, int]:
    """Count the players of games played to their end whose value fell below the threshold, and those who did not lose.

    Their ratio estimates how often a resignation throws away a draw or a win (Silver et al. 2017: at most 5 %).
    """
    if not isinstance(games.labels, SearchLabels):
        return 0, 0
    played = games.ends == End.RULES
    below = (games.labels.lowest < threshold) & played[:, None]
    not_lost = np.stack([games.outcomes >= 0, games.outcomes <= 0], axis=1)
    return int(below.sum()), int((below & not_lost).sum())
