"""The pace of a search: slices change nothing, the clock and others end it in time, memory bounds the tree alone."""

import threading
import time

import numpy as np
import pytest

from alphazero.search import RolloutEvaluator, Search, UniformEvaluator, search_positions
from alphazero.search.pace import SLICE_SECONDS, UNLIMITED, Slices
from tests.search.common import (
    BIG_CONNECT_FOUR,
    CONNECT_FOUR,
    TIC_TAC_TOE,
    HashEvaluator,
    positions,
    settings,
)
from tests.search.test_forest import check_tree


def rollout_search(simulations: int, trees: int = 3, **options) -> Search:
    """Return a search by rollouts that has been started in the first positions of a game."""
    config = settings(rule="uct", reuse_subtree=False, **options)
    search = Search(
        BIG_CONNECT_FOUR,
        trees,
        config,
        RolloutEvaluator(BIG_CONNECT_FOUR),
        simulations=simulations,
        grow_while_room=True,
    )
    search.set_roots(positions(BIG_CONNECT_FOUR, trees))
    search.start(simulations)
    return search


def trees_of(search: Search) -> list[bytes]:
    """Return nodes, edges and trees as bytes; positions have bytes between their fields that mean nothing."""
    return [array.tobytes() for array in search.forest[:3]]


def test_a_search_in_slices_is_the_same_to_the_bit_as_in_one_piece():
    searches = [rollout_search(1000) for _ in range(3)]
    for search, size in zip(searches, (UNLIMITED, 1, 7), strict=True):
        search._slices = Slices(size)
        search._slices.took = lambda seconds: None  # keep the size
        search.run()
    for other in searches[1:]:
        assert trees_of(searches[0]) == trees_of(other)


def test_slices_come_to_last_as_long_as_they_should():
    slices, speed = Slices(1), 1_000_000.0
    for _ in range(30):
        slices.took(slices.size / speed)
    assert SLICE_SECONDS / 2 <= slices.size / speed <= SLICE_SECONDS
    for _ in range(30):
        slices.took(slices.size / 10.0)
    assert slices.size == 1


def test_the_end_of_a_short_search_does_not_make_the_slices_of_a_long_one_longer():
    search = rollout_search(200)
    for _ in range(40):
        search.set_roots(positions(BIG_CONNECT_FOUR, 3))
        search.start(200)
        search.run()
    assert search._slices.size <= 400


def test_seconds_are_kept_with_a_budget_that_would_last_for_hours():
    rollout_search(10).run()  # compile
    search = rollout_search(UNLIMITED)
    start = time.perf_counter()
    search.run(0.5)
    assert 0.5 <= time.perf_counter() - start < 0.9
    assert (search.forest.trees["done"] > 1000).all()


def test_compiling_does_not_count_as_time(monkeypatch):
    compiled = [0.0]

    class Compiling(HashEvaluator):
        def evaluate(self, states, planes):
            if compiled[0] == 0.0:
                time.sleep(0.4)
                compiled[0] = 0.4
            return super().evaluate(states, planes)

    monkeypatch.setattr("alphazero.search.pace.compile_seconds", lambda: compiled[0])
    evaluator = Compiling(CONNECT_FOUR)
    result = search_positions(CONNECT_FOUR, positions(CONNECT_FOUR, 1), evaluator, settings(), seconds=0.3)
    assert result.visits.sum() > 20


def test_another_thread_stops_a_search_within_a_tenth_of_a_second():
    rollout_search(10).run()  # compile
    search, stop = rollout_search(UNLIMITED, trees=1), threading.Event()
    asked = []

    def ask() -> None:
        asked.append(time.perf_counter())
        stop.set()

    timer = threading.Timer(0.5, ask)
    timer.start()
    search.run(60.0, stop.is_set)
    assert time.perf_counter() - asked[0] < 0.1 + SLICE_SECONDS
    assert search.result().action[0] in range(7)


def test_a_search_that_is_stopped_at_once_has_a_move_to_play():
    for evaluator in (UniformEvaluator(CONNECT_FOUR), HashEvaluator(CONNECT_FOUR)):
        config = settings(simulations=100)
        search = Search(CONNECT_FOUR, 1, config, evaluator)
        search.set_roots(positions(CONNECT_FOUR, 1))
        search.start(100)
        search.run(is_stopped=lambda: True)
        assert search.result().action[0] in CONNECT_FOUR.legal(CONNECT_FOUR.initial_state())


@pytest.mark.parametrize("leaves", [1, 4])
@pytest.mark.parametrize("kind", [UniformEvaluator, HashEvaluator])
def test_a_tree_that_fills_the_memory_grows_no_more_and_its_search_goes_on(kind, leaves):
    config = settings(memory_mb=0.05, cache_mb=0.0)
    search = Search(
        CONNECT_FOUR,
        1,
        config,
        kind(CONNECT_FOUR),
        simulations=UNLIMITED,
        leaves=leaves,
        grow_while_room=True,
    )
    assert search.num_bytes - search.planes.nbytes < 0.06 * 2**20
    search.set_roots(positions(CONNECT_FOUR, 1))
    search.start(3000)  # with nodes for fewer than 600
    search.run()
    assert search.forest.trees["done"][0] == 3000
    assert search.forest.trees["num_nodes"][0] <= search.forest.nodes.shape[1] < 600
    check_tree(search, 0)
    visits = search.result().visits[0].sum()
    assert visits == 3000
    search.play(search.result().action)
    kept = search.forest.nodes[0, 0]["visits"]
    search.start(500)
    search.run()
    check_tree(search, 0)
    assert kept > 300 and search.forest.nodes[0, 0]["visits"] == kept + 500  # what was known was kept


def test_with_room_for_all_a_tree_that_may_fill_the_memory_is_the_same_to_the_bit():
    found = []
    for options in ({}, {"grow_while_room": True}):
        search = Search(CONNECT_FOUR, 2, settings(simulations=300), HashEvaluator(CONNECT_FOUR), **options)
        search.set_roots(positions(CONNECT_FOUR, 2))
        search.start(300)
        search.run()
        found.append(trees_of(search))
    assert found[0] == found[1]


def test_seconds_alone_are_a_budget_and_simulations_with_them_bind_too():
    states, evaluator = positions(CONNECT_FOUR, 2), UniformEvaluator(CONNECT_FOUR)
    few = settings(simulations=5)
    search_positions(CONNECT_FOUR, states, evaluator, few)  # compile
    alone = search_positions(CONNECT_FOUR, states, evaluator, few, seconds=0.2)
    assert (alone.visits.sum(axis=1) > 1000).all()
    both = search_positions(CONNECT_FOUR, states, evaluator, few, seconds=0.2, simulations=50)
    assert (both.visits.sum(axis=1) == 50).all()


def test_gumbel_search_by_seconds_alone_is_refused_in_words():
    states, evaluator = positions(TIC_TAC_TOE, 1), HashEvaluator(TIC_TAC_TOE)
    with pytest.raises(ValueError, match="seconds=2 alone for Gumbel search.*say simulations too"):
        search_positions(TIC_TAC_TOE, states, evaluator, settings(gumbel=True), seconds=2.0)
    result = search_positions(
        TIC_TAC_TOE, states, evaluator, settings(gumbel=True), seconds=60.0, simulations=20
    )
    assert np.sum(result.visits) == 20
