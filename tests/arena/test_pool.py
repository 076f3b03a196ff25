"""The rating pool of a training run."""

import json

import numpy as np
import pytest

import games
from alphazero.arena.alphabeta import AlphaBetaPlayer
from alphazero.arena.pool import RatingPool, _apportion
from alphazero.arena.random_player import RandomPlayer
from alphazero.arena.rating import Record

GAME = games.make("tic_tac_toe")
ANCHORS = ("random", "alphabeta:depth=2")


def generation(number: int, depth: int) -> AlphaBetaPlayer:
    """A stand-in for a trained network: deeper is stronger."""
    return AlphaBetaPlayer(GAME, depth, seed=number, name=f"generation {number}")


def grown_pool(generations: int = 3) -> RatingPool:
    pool = RatingPool(ANCHORS)
    for number in range(generations):
        pool.evaluate(generation(number, 1 + 2 * number), GAME, 40, seed=number, earlier=makers(number))
    return pool


def makers(number: int):
    return {f"generation {n}": lambda n=n: generation(n, 1 + 2 * n) for n in range(number)}


def test_games_add_up_and_stronger_generations_are_rated_higher():
    pool = RatingPool(ANCHORS)
    pool.calibrate(GAME, 60, seed=9)
    results = pool.evaluate(RandomPlayer(GAME, 5, "generation 0"), GAME, 200, seed=1)
    assert sum(result.num_games for result in results) == 200
    assert sum(record.games for record in pool.records) == 260
    pool.evaluate(
        generation(1, 9), GAME, 200, seed=2, earlier={"generation 0": lambda: RandomPlayer(GAME, 5)}
    )
    ratings = pool.ratings()
    assert ratings["random"].value == 0
    assert abs(ratings["generation 0"].value) < 150
    assert ratings["generation 1"].low > ratings["generation 0"].high
    assert pool.generations == ["generation 0", "generation 1"]


def test_a_pool_restored_from_json_goes_on_exactly_alike():
    pool = grown_pool()
    restored = RatingPool.from_dict(json.loads(json.dumps(pool.as_dict())))
    assert restored.as_dict() == pool.as_dict()
    assert restored.ratings().as_dict() == pool.ratings().as_dict()
    results = [p.evaluate(generation(3, 5), GAME, 40, seed=3, earlier=makers(3)) for p in (pool, restored)]
    assert [result.games for result in results[0]] == [result.games for result in results[1]]
    assert restored.as_dict() == pool.as_dict()


def test_opponents_are_all_anchors_and_the_nearest_earlier_generations_at_hand():
    wins = {"g1": 20, "g2": 32, "g3": 24, "g4": 29, "g5": 30}  # of 40 games against "random"
    records = [Record("random", name, 40 - won, 0, won) for name, won in wins.items()]
    pool = RatingPool(ANCHORS, wins, records)
    assert pool.opponents("g6", wins) == [*ANCHORS, "g5", "g4"]
    assert pool.opponents("g6", ["g1", "g2", "g3"]) == [*ANCHORS, "g2", "g3"]
    assert pool.opponents("g6", ["g1", "g3"], num_earlier=1) == [*ANCHORS, "g3"]
    assert pool.opponents("g6", []) == list(ANCHORS)


def test_further_games_of_a_pair_are_added_to_those_before():
    pool = RatingPool(["random"], ["g1"], [Record("random", "g1", 1, 2, 3)])
    pool.add([Record("random", "g1", 10, 20, 30), Record("g1", "random", 0, 0, 1)])
    assert pool.records == [Record("random", "g1", 11, 22, 33), Record("g1", "random", 0, 0, 1)]


def test_games_go_to_opponents_who_tell_most_in_even_numbers():
    records = [
        Record("random", "equal", 0, 0, 50),
        Record("equal", "random", 50, 0, 0),
        Record("equal", "last", 25, 0, 25),
        Record("last", "equal", 25, 0, 25),
    ]
    pool = RatingPool(["random"], ["equal", "last"], records)
    games = pool.allot("new", ["random", "equal", "last"], 42)
    assert sum(games.values()) == 42 and all(count % 2 == 0 for count in games.values())
    assert games["equal"] == games["last"] == 20 and games["random"] == 2
    assert pool.allot("new", ["random", "equal", "last"], 4) == {"equal": 2, "last": 2}
    assert RatingPool(ANCHORS).allot("first", ANCHORS, 40) == dict.fromkeys(ANCHORS, 20)


@pytest.mark.parametrize(
    "weights, total, counts",
    [
        ([1, 1], 4, [2, 2]),
        ([9, 1], 10, [9, 1]),
        ([99, 1], 10, [9, 1]),
        ([1, 5, 3], 2, [0, 1, 1]),
        ([1], 3, [3]),
    ],
)
def test_pairs_are_apportioned_by_weight_one_each_first(weights, total, counts):
    assert _apportion(np.array(weights, float), total).tolist() == counts


def test_neighbouring_anchors_are_calibrated_once():
    pool = RatingPool(["random", "alphabeta:depth=1", "alphabeta:depth=2"])
    assert [(result.a, result.b) for result in pool.calibrate(GAME, 4, seed=1)] == [
        ("random", "alphabeta:depth=1"),
        ("alphabeta:depth=1", "alphabeta:depth=2"),
    ]
    assert pool.calibrate(GAME, 4, seed=1) == []
    assert RatingPool(ANCHORS).calibrate(GAME, 5, seed=1)[0].num_games == 6


def test_without_anchors_the_first_generation_plays_nobody_and_the_next_plays_it():
    pool = RatingPool()
    assert pool.evaluate(generation(0, 1), GAME, 10, seed=1) == []
    results = pool.evaluate(generation(1, 3), GAME, 10, seed=2, earlier=makers(1))
    assert [result.b for result in results] == ["generation 0"]
    assert set(pool.ratings().as_dict()) == {"generation 0", "generation 1"}


def test_bad_anchors_and_names_are_refused():
    with pytest.raises(ValueError, match="unknown kind of player 'mctz', did you mean 'mcts'"):
        RatingPool(["random", "mctz:simulations=1"])
    with pytest.raises(ValueError, match="anchor 'random' stands in the pool twice"):
        RatingPool(["random", " random"])
    pool = RatingPool(["random"])
    pool.evaluate(generation(0, 1), GAME, 2, seed=1)
    with pytest.raises(ValueError, match="'generation 0' is in the pool already"):
        pool.evaluate(generation(0, 1), GAME, 2, seed=1)
