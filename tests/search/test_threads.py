"""The same seed gives the same search on one thread and on two; compiled and batched searches agree."""

import numba
import numpy as np
import pytest

from alphazero.search import MixtureEvaluator, RolloutEvaluator, SearchResult, UniformEvaluator
from tests.search.common import CONNECT_FOUR, RULES, TIC_TAC_TOE, HashEvaluator, positions, search_of

ARRAYS = ("visits", "q", "prior", "policy", "value", "action")


def same(first: SearchResult, second: SearchResult) -> bool:
    return all(getattr(first, name).tobytes() == getattr(second, name).tobytes() for name in ARRAYS)


def two_moves(game, evaluator, seed: int, threads: int, **changes) -> list[SearchResult]:
    """Search, play a move drawn by temperature and search again; return both results."""
    states = positions(game, 60)[::3]
    before = numba.get_num_threads()
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    try:
        search = search_of(game, states, evaluator, 40, seed=seed, noise=True, **changes)
        search.run()
        results = [search.result(1.0)]
        search.play(results[0].action)
        search.start(30)
        search.run()
        return [*results, search.result(1.0)]
    finally:
        numba.set_num_threads(before)


EVALUATORS = {
    "batched": lambda game: HashEvaluator(game),
    "mixture": lambda game: MixtureEvaluator(HashEvaluator(game), RolloutEvaluator(game, 2, seed=3)),
    "compiled": lambda game: RolloutEvaluator(game, 2),
}


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="needs two threads")
@pytest.mark.parametrize("changes", [{}, {"leaves": 3}, {"gumbel": True}], ids=str)
@pytest.mark.parametrize("name", EVALUATORS)
def test_the_same_seed_gives_the_same_result_on_one_thread_and_two(name, changes):
    one, two, again = (
        two_moves(TIC_TAC_TOE, EVALUATORS[name](TIC_TAC_TOE), 1, threads, **changes) for threads in (1, 2, 2)
    )
    assert all(map(same, one, two)) and all(map(same, two, again))


@pytest.mark.parametrize("name", EVALUATORS)
def test_another_seed_gives_another_result(name):
    one, other = (two_moves(TIC_TAC_TOE, EVALUATORS[name](TIC_TAC_TOE), seed, 1) for seed in (1, 2))
    assert not any(map(same, one, other))


@pytest.mark.parametrize("changes", [{"rule": rule} for rule in RULES] + [{"gumbel": True}], ids=str)
def test_compiled_uniform_search_equals_the_batched_one(changes):
    class Batched(UniformEvaluator):
        rollouts = None

    for game in (TIC_TAC_TOE,) if "gumbel" in changes else (TIC_TAC_TOE, CONNECT_FOUR):
        compiled, batched = (
            two_moves(game, kind(game), 1, 2, **changes) for kind in (UniformEvaluator, Batched)
        )
        assert all(map(same, compiled, batched))


def test_a_tree_does_not_depend_on_how_many_others_there_are():
    states = positions(TIC_TAC_TOE, 20)
    results = []
    for count in (20, 3):
        search = search_of(TIC_TAC_TOE, states[:count], RolloutEvaluator(TIC_TAC_TOE), 30, noise=True)
        search.run()
        results.append(search.result(1.0))
    for name in ARRAYS:
        assert (getattr(results[0], name)[:3] == getattr(results[1], name)).all()


def test_trees_with_different_budgets_do_their_own():
    states, budgets = positions(TIC_TAC_TOE, 30), np.arange(1, 31)
    for evaluator in (HashEvaluator(TIC_TAC_TOE), RolloutEvaluator(TIC_TAC_TOE)):
        search = search_of(TIC_TAC_TOE, states, evaluator, 30)
        search.start(budgets)
        search.run()
        assert (search.result().visits.sum(axis=1) == budgets).all()
