"""Self-play: what share of the network's own speed it keeps, and positions per second with and without the cache.

Search efficiency is network rows/s during self-play divided by rows/s of the fastest bare way of computing the
same network at the same batch, as many at once as there are workers, each in one thread, and their rates added; both
are measured in turn, in one process. Games begin after up to half a game of random moves, so that all stages are seen
from the start.

A round begins with empty trees and is cut by the clock, amid the search of a move in every game. The simulations done
by then count as parts of a move: whole moves alone would be up to one a game too few, and none at all where one takes
longer than a round.
"""

import time
from argparse import Namespace
from typing import Any

import numpy as np

from alphazero.bars import progress_bar
from alphazero.bench.network import network_of
from alphazero.bench.timing import median_ratio, medians
from alphazero.config import Config
from alphazero.network import Inference, calibration_planes, load_model
from alphazero.network.inference import device_name, resolve_device
from alphazero.search import NetworkEvaluator
from alphazero.selfplay.selfplay import Tally
from alphazero.selfplay.workers import Workers, largest_batch, suitable_workers
from alphazero.threads import num_threads, side_by_side
from games.protocol import Game

ROUND_SECONDS = 6.0
WARM_UP_SECONDS = 5.0
BARE_SECONDS = 1.5


def bench_selfplay(game: Game, config: Config, options: Namespace) -> dict[str, Any]:
    """Return positions/s, rows/s and search efficiency (cache off), and the gain of the cache.

    The network is fresh unless options.model names one.
    """
    network = load_model(options.model, game=game).network if options.model else network_of(game, config)
    on_gpu = resolve_device(options.device).type == "cuda"
    count = suitable_workers(config.selfplay, num_threads(), on_gpu)
    play = config.selfplay.model_copy(update={"workers": count})
    config = config.model_copy(update={"selfplay": play})
    batch = largest_batch(play)
    inference = Inference(
        network,
        options.device,
        batch_size=batch,
        groups=options.groups,
        multiple=max(1, batch // 8),
        calibration=calibration_planes(game),
    )
    workers = {name: _Worker(game, inference, config, cache) for name, cache in (("off", 0.0), ("on", 64.0))}
    bare: list[float] = []
    rows: dict[str, list[float]] = {name: [] for name in workers}
    moves: dict[str, list[float]] = {name: [] for name in workers}
    shares: list[float] = []
    for _ in progress_bar(range(options.rounds), unit="round"):
        bare.append(bare_rate(inference, 1 if on_gpu else min(count, num_threads())))
        for name, worker in workers.items():
            tally = worker.round(ROUND_SECONDS)
            rows[name].append(tally.rows / tally.seconds)
            moves[name].append(tally.moves / tally.seconds)
            if name == "off":
                shares.append(tally.evaluator_seconds / tally.seconds)
    rates, per_move = medians(rows), medians(moves)
    return {
        "game": game.name,
        "network": f"{network.config.blocks}x{network.config.channels}",
        "device": device_name(inference.device),
        "workers": count,
        "games": options.games,
        "groups": options.groups,
        "simulations": config.search.simulations,
        "gumbel": options.gumbel,
        "rounds": options.rounds,
        "search_efficiency": median_ratio(rows["off"], bare),
        "network_share_of_time": sorted(shares)[len(shares) // 2],
        "bare_rows_per_s": medians({"bare": bare})["bare"],
        "rows_per_s": rates["off"],
        "positions_per_s": per_move["off"],
        "positions_per_s_with_cache": per_move["on"],
        "cache_gain": median_ratio(moves["on"], moves["off"]),
        "forest_mb": workers["off"].selfplay.num_bytes / 2**20,
    }


class _Worker:
    """Self-play that can be run for some seconds at a time."""

    def __init__(self, game: Game, inference: Inference, config: Config, cache_mb: float):
        search = config.search.model_copy(update={"cache_mb": cache_mb})
        play = config.selfplay.model_copy(update={"random_opening_plies": random_length(game) // 2})
        self.selfplay = Workers(game, NetworkEvaluator(inference), search, play, seed=1)
        self.round(WARM_UP_SECONDS)

    def round(self, seconds: float) -> Tally:
        """Play for about `seconds`, at least one simulation, and return the tally, moves under way by their share."""
        self.selfplay.tally = Tally()
        end = time.perf_counter() + seconds
        self.selfplay.play(
            10**9, until=lambda: time.perf_counter() > end and moves_under_way(self.selfplay) > 0.0
        )
        tally = self.selfplay.tally
        return tally._replace(moves=tally.moves + moves_under_way(self.selfplay))


def bare_rate(inference: Inference, count: int) -> float:
    """Return rows/s of the fastest way to compute a network, `count` times at once in a thread each, their sum."""
    rates = side_by_side([lambda _: inference.benchmark(BARE_SECONDS)] * count)
    return max(sum(found[variant] for found in rates) for variant in rates[0])


def moves_under_way(selfplay: Workers) -> float:
    """Return the moves that the searches under way amount to: of each, the share of its simulations that is done."""
    total = 0.0
    for group in (group for worker in selfplay.workers for group in worker.groups):
        trees = group.search.forest.trees[group.active]
        total += float((trees["done"] / np.maximum(trees["budget"], 1)).sum())
    return total


def random_length(game: Game, num_games: int = 9) -> int:
    """Return the median length of random games, in plies."""
    rng, lengths = np.random.default_rng(0), []
    for _ in range(num_games):
        state, plies = game.initial_state(), 0
        while not game.is_over(state):
            game.play(state, int(rng.choice(game.legal(state))))
            plies += 1
        lengths.append(plies)
    return int(np.median(lengths))
