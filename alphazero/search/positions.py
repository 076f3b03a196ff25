"""Many positions searched from scratch, side by side: each thread has a search of its own for a part of them."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from alphazero.config import SearchConfig
from alphazero.search.evaluators import Evaluator
from alphazero.search.oracle import twin_of
from alphazero.search.pace import UNLIMITED
from alphazero.search.search import Search, SearchResult
from alphazero.threads import num_threads, shares, side_by_side
from games import Game

__all__ = ["ParallelSearch", "budget_of", "leaves_per_tree", "search_positions"]

PARTS = ((8, 1), (64, 2), (256, 4))  # below so many positions so many searches; more have MOST_PARTS
MOST_PARTS = 8


class ParallelSearch:
    """Searches from scratch of up to `num_trees` positions at once, which share out memory and cache.

    The number of searches depends on that of the positions alone, so results do not depend on the number of threads.
    There is one where the evaluator has no twins. Evaluations stay cached until `clear_cache`; one position, and few,
    are searched in the caller's thread, with all threads that torch has there. The arguments are those of `Search`.
    """

    def __init__(
        self, game: Game, num_trees: int, config: SearchConfig, evaluator: Evaluator, **options: Any
    ):
        judges = [evaluator]
        while len(judges) < _num_parts(num_trees) and (twin := twin_of(evaluator)) is not None:
            judges.append(twin)
        count = len(judges)
        bounds = {"memory_mb": config.memory_mb / count, "cache_mb": config.cache_mb / count}
        own = config.model_copy(update={"reuse_subtree": False, **bounds})
        sizes = shares(num_trees, count)
        self.num_trees = num_trees
        self.searches = [
            Search(game, size, own, judge, **options) for judge, size in zip(judges, sizes, strict=True)
        ]

    def run(
        self,
        states: np.ndarray,
        simulations: int,
        *,
        seed: int,
        seconds: float | None = None,
        temperature: float = 0.0,
        variations: bool = False,
    ) -> SearchResult:
        """Return what searches of so many simulations found in states[n], n <= num_trees.

        seconds: for all of them together. The random numbers of a position depend on its number and the seed alone.
        """
        least = -(-len(states) // max(1, len(self.searches[-1].all_trees)))
        count = min(max(_num_parts(len(states)), least), len(self.searches))
        sizes = shares(len(states), count)
        ends = np.cumsum(sizes)
        if seconds is not None and count > 1:
            seconds *= min(1.0, num_threads() / count)

        def search(part: int, is_stopped: Callable[[], bool] | None = None) -> SearchResult:
            first = int(ends[part]) - sizes[part]
            own = self.searches[part]
            trees = own.all_trees[: sizes[part]]
            own.seed_trees(seed, trees, first)
            own.set_roots(states[first : ends[part]], trees)
            own.start(simulations, trees)
            own.run(seconds, is_stopped)
            return _cut(own.result(temperature, variations), sizes[part])

        if count == 1:
            return search(0)
        return _joined(side_by_side([partial(search, part) for part in range(count)]))

    def clear_cache(self) -> None:
        """Forget all evaluations, as is due when the weights have changed."""
        for search in self.searches:
            search.clear_cache()


def leaves_per_tree(config: SearchConfig, num_trees: int, batch: int = 256) -> int:
    """Return how many leaves each of `num_trees` collects so that batches fill up: 1 where there are many trees."""
    return max(1, min(config.leaves, batch // max(num_trees, 1))) if num_trees < batch else 1


def search_positions(
    game: Game,
    states: np.ndarray,
    evaluator: Evaluator,
    config: SearchConfig,
    *,
    simulations: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    temperature: float = 0.0,
    variations: bool = False,
) -> SearchResult:
    """Search each of n positions from scratch and return what was found, without root noise.

    states: state_dtype[n] of `game`, such as `np.array([game.initial_state()])`; they may be over. evaluator: what
    judges leaves, such as `alphazero.load_evaluator(file)`. config: a `SearchConfig`, such as
    `alphazero.Config().search`. simulations: the budget of each position (config.simulations by default); seconds: a
    limit for all of them together, alone or on top. seed: of the random numbers; temperature: `action` is drawn by
    visits ** (1 / temperature), 0: the most visited; variations: whether principal variations are returned.

    All values of the result are for the player to move in the position they belong to (`SearchResult`). Raises
    ValueError when the forest does not fit into config.memory_mb (with seconds trees grow while there is room) and
    for a seed that is not 0 <= seed < 2**63,
    NetworkError when the evaluator's answers are NaN or infinite.
    """
    budget = budget_of(config, simulations, seconds)
    search = ParallelSearch(
        game,
        len(states),
        config,
        evaluator,
        leaves=leaves_per_tree(config, len(states)) if evaluator.rollouts is None else 1,
        simulations=budget,
        grow_while_room=seconds is not None,
    )
    return search.run(
        np.ascontiguousarray(states),
        budget,
        seed=seed,
        seconds=seconds,
        temperature=temperature,
        variations=variations,
    )


def budget_of(config: SearchConfig, simulations: int | None, seconds: float | None) -> int:
    """Return the simulations of a search that is given simulations, seconds, both (both limit it) or neither.

    Seconds alone are a budget of their own; neither: config.simulations. Raises ValueError for Gumbel search by seconds
    alone, which must know how many simulations it has to share out.
    """
    if simulations:
        return simulations
    if not seconds:
        return int(config.simulations)
    if config.gumbel:
        raise ValueError(
            f"seconds={seconds:g} alone for Gumbel search, which shares out a number of simulations: "
            "say simulations too"
        )
    return UNLIMITED


def _num_parts(positions: int) -> int:
    return next((parts for below, parts in PARTS if positions < below), MOST_PARTS)


def _cut(result: SearchResult, count: int) -> SearchResult:
    """Return what was found in the first `count` positions."""
    cut = {name: getattr(result, name)[:count] for name in SearchResult._fields}
    return SearchResult(**cut)


def _joined(results: list[SearchResult]) -> SearchResult:
    lines = [line for result in results for line in result.principal_variation]
    arrays = {
        name: np.concatenate([getattr(result, name) for result in results])
        for name in SearchResult._fields[:-1]
    }
    return SearchResult(**arrays, principal_variation=lines)
