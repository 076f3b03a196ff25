"""Simulations per second of the tree search from the starting position, on one thread, one tree."""

import time
from argparse import Namespace
from typing import Any

import numba
import numpy as np

from alphazero.bench.timing import medians, rates_in_turn, repeated
from alphazero.config import Config, SearchConfig
from alphazero.search import Evaluator, RolloutEvaluator, Search, UniformEvaluator
from games.protocol import Game

ROUND_SECONDS = 0.5


def bench_search(game: Game, config: Config, options: Namespace) -> dict[str, Any]:
    """Return simulations/s with one random rollout a simulation and with the uniform evaluator.

    Each search begins from an empty tree and does search.simulations. `seconds_to_first` is what the first search
    took, compiling or loading compiled code included.
    """
    simulations = config.search.simulations
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    start = time.perf_counter()
    rollouts = searches(game, RolloutEvaluator(game), simulations)
    rollouts()
    first = time.perf_counter() - start
    uniform = searches(game, UniformEvaluator(game), simulations)
    rivals = {
        name: repeated(work, ROUND_SECONDS) for name, work in (("rollout", rollouts), ("uniform", uniform))
    }
    rates = medians(rates_in_turn(rivals, options.rounds))
    numba.set_num_threads(threads)
    return {
        "game": game.name,
        "simulations": simulations,
        "threads": 1,
        "rounds": options.rounds,
        "seconds_to_first": first,
        "rollout_simulations_per_s": rates["rollout"],
        "uniform_simulations_per_s": rates["uniform"],
    }


def searches(game: Game, evaluator: Evaluator, simulations: int) -> Any:
    """Return a callable that searches the starting position once and returns the simulations done."""
    search = Search(
        game, 1, SearchConfig(rule="uct", simulations=simulations, reuse_subtree=False), evaluator
    )
    roots = np.array([game.initial_state()])

    def work() -> float:
        search.set_roots(roots)
        search.start(simulations)
        search.run()
        return float(search.forest.trees["done"][0])

    return work
