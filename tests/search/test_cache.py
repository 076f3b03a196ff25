"""The evaluation cache changes what a search costs, never what it finds."""

import numpy as np
import pytest

from alphazero.search import MixtureEvaluator, RolloutEvaluator, Search
from alphazero.search.cache import WAYS, insert_rows, make_cache
from tests.search.common import (
    CONNECT_FOUR,
    IN_PARTS,
    TIC_TAC_TOE,
    HashEvaluator,
    positions,
    random_units,
    root_edges,
    search_of,
)

ARRAYS = ("visits", "q", "prior", "policy", "value", "action")


def searched(game, cache_mb: float, count: int = 40, **changes) -> Search:
    search = search_of(
        game, positions(game, count), HashEvaluator(game, from_planes=True), 60, cache_mb=cache_mb, **changes
    )
    search.run()
    return search


@pytest.mark.parametrize("game, changes", [
    (TIC_TAC_TOE, {}), (TIC_TAC_TOE, {"gumbel": True}), (TIC_TAC_TOE, {"noise": True}), (CONNECT_FOUR, {}),
    (IN_PARTS, {}),
], ids=lambda value: getattr(value, "name", str(value)))  # fmt: skip
def test_a_search_with_a_cache_finds_what_one_without_it_finds(game, changes):
    without, tiny, large = (searched(game, cache_mb, **changes) for cache_mb in (0.0, 0.001, 4.0))
    for search in (tiny, large):
        for name in ARRAYS:
            assert getattr(search.result(), name).tobytes() == getattr(without.result(), name).tobytes()
    assert large.rows_evaluated < tiny.rows_evaluated < without.rows_evaluated
    assert without.rows_evaluated == without.evaluator.rows


def test_equal_positions_of_a_batch_are_evaluated_once():
    evaluators = []
    for count in (1, 50):
        evaluator = HashEvaluator(TIC_TAC_TOE)
        states = np.array([TIC_TAC_TOE.initial_state()] * count)
        search = search_of(TIC_TAC_TOE, states, evaluator, 40)
        search.run()
        evaluators.append(evaluator)
        assert len(np.unique(search.result().visits, axis=0)) == 1
    assert evaluators[0].rows == evaluators[1].rows <= 41


def test_every_leaf_is_evaluated_where_answers_must_not_be_shared():
    states = np.array([CONNECT_FOUR.initial_state()] * 10)
    rollouts = MixtureEvaluator(HashEvaluator(CONNECT_FOUR), RolloutEvaluator(CONNECT_FOUR))
    search = search_of(CONNECT_FOUR, states, rollouts, 5)
    search.run()
    assert search.rows_evaluated == 10 * 6
    assert len({tuple(root_edges(search, tree)["value_sum"]) for tree in range(10)}) > 5


def test_evaluations_survive_until_the_cache_is_cleared():
    search = searched(CONNECT_FOUR, 4.0)
    first = search.rows_evaluated
    for expected in (0, first):
        if expected:
            search.clear_cache()
            assert not search.cache.keys.any()
        before = search.rows_evaluated
        search.set_roots(positions(CONNECT_FOUR, 40))
        search.start(60)
        search.run()
        assert search.rows_evaluated - before == expected


def test_the_first_position_is_evaluated_although_its_hash_is_the_mark_of_an_empty_place():
    assert TIC_TAC_TOE.input_hash(TIC_TAC_TOE.initial_state()) == 0
    evaluator = HashEvaluator(TIC_TAC_TOE)
    search = search_of(TIC_TAC_TOE, np.array([TIC_TAC_TOE.initial_state()]), evaluator, 1)
    search.step()
    assert evaluator.rows == 1 and root_edges(search)["prior"].std() > 0.01
    search.set_roots(np.array([TIC_TAC_TOE.initial_state()]))
    search.start(1)
    search.step()
    assert evaluator.rows > 1 and root_edges(search)["prior"].std() > 0.01


@pytest.mark.parametrize("memory", [0, 1000, 5000, 1_000_000])
def test_the_memory_of_the_cache_stays_within_its_bound(memory):
    cache = make_cache(9, memory)
    smallest = WAYS * (8 + 4 + 4 * 9)
    assert sum(array.nbytes for array in cache[:3]) <= max(memory, smallest)
    assert memory < smallest or 2 * sum(array.nbytes for array in cache[:3]) > memory
    assert cache.keys.size & (cache.keys.size - 1) == 0 and not cache.keys.any()


def fill(cache, keys):
    keys = np.array(keys, np.uint64)
    numbers = random_units(keys, 10).astype(np.float32)
    insert_rows(cache, keys, numbers[:, 1:].copy(), numbers[:, 0].copy())


def test_keys_of_one_group_replace_each_other_in_turn():
    cache = make_cache(9, 16 * 48)
    assert cache.keys.size == 16
    keys = [3 * 16 + 4, 16 + 4, 7 * 16 + 5, 2 * 16 + 6, 9 * 16 + 7, 5 * 16 + 4]  # the group of places 4 to 7
    fill(cache, keys[:4])
    assert cache.keys[4:8].tolist() == keys[:4] and cache.turn[0] == 4
    fill(cache, keys[4:])  # places 4 + 4 % 4 and 4 + 5 % 4
    assert cache.keys[4:8].tolist() == [keys[4], keys[5], keys[2], keys[3]]
    fill(cache, [keys[3], 8])  # a key that is there stays where it is; another group does not care
    assert cache.keys.tolist() == [0] * 4 + [keys[4], keys[5], keys[2], keys[3]] + [8] + [0] * 7
    numbers = random_units(cache.keys, 10).astype(np.float32)
    for place in range(4, 9):
        assert cache.values[place] == numbers[place, 0] and (cache.logits[place] == numbers[place, 1:]).all()


def test_the_cache_of_many_leaves_a_tree_still_counts_every_simulation():
    for leaves in (4, 16):
        search = searched(TIC_TAC_TOE, 4.0, leaves=leaves)
        assert (search.result().visits.sum(axis=1) == 60).all()
        assert search.rows_evaluated < searched(TIC_TAC_TOE, 0.0, leaves=leaves).rows_evaluated
