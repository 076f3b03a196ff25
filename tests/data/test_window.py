"""The replay window holds the newest games, and what is drawn from it is what was played."""

from collections import Counter

import numpy as np
import pytest

from alphazero.data.games import join, no_games, select
from alphazero.data.window import ReplayWindow
from tests.selfplay.helpers import random_games, same, take_apart, worker

# The window


class PlainWindow:
    """The same in plain Python: a list of the lengths of the games that are kept."""

    def __init__(self, smallest: int, largest: int, growth: float):
        self.bounds, self.growth, self.lengths, self.seen = (smallest, largest), growth, [], 0

    def add(self, lengths: list[int]) -> int:
        """Return how many of all games so far have gone."""
        self.lengths += lengths
        self.seen += sum(lengths)
        size = int(min(self.bounds[1], max(self.bounds[0], self.growth * self.seen)))
        gone = 0
        while gone < len(self.lengths) and sum(self.lengths[gone + 1 :]) >= size:
            gone += 1
        self.lengths = self.lengths[gone:]
        return gone


def batches(game, seed: int):
    rng = np.random.default_rng(seed)
    return [
        random_games(game, rng.integers(0, 12, rng.integers(1, 9)).tolist(), seed=part) for part in range(25)
    ]


@pytest.mark.parametrize(
    "smallest, largest, growth", [(50, 200, 0.6), (1, 10**9, 0.3), (100, 100, 0.0), (1, 500, 1.0)]
)
def test_the_window_keeps_the_games_that_a_plain_list_keeps(tic_tac_toe, smallest, largest, growth):
    window, plain = (
        ReplayWindow(tic_tac_toe, smallest, largest, growth),
        PlainWindow(smallest, largest, growth),
    )
    everything, gone = no_games(tic_tac_toe), 0
    for games in batches(tic_tac_toe, seed=smallest):
        window.add(games)
        gone += plain.add(games.lengths.tolist())
        everything = join([everything, games])
        assert same(window.games, select(everything, gone, everything.num_games))
        assert window.num_samples == window.games.labels.full.sum()
        assert window.games.num_positions >= min(window.size, everything.num_positions)


@pytest.mark.parametrize("growth", [0.0, 0.37, 1.0])
@pytest.mark.parametrize("enough", [False, True])
def test_a_window_that_is_filled_again_is_the_one_that_grew(tic_tac_toe, growth, enough):
    parts = batches(tic_tac_toe, seed=3)
    window = ReplayWindow(tic_tac_toe, 60, 400, growth)
    for number, games in enumerate(parts, 1):
        window.add(games)
        again = ReplayWindow(tic_tac_toe, 60, 400, growth)
        newest = parts[:number]
        while enough and sum(part.num_positions for part in newest[1:]) >= again.size_after(
            window.positions_seen
        ):
            newest = newest[1:]
        again.refill(newest, window.positions_seen)
        assert same(again.games, window.games)
        assert (again.positions_seen, again.size) == (window.positions_seen, window.size)


def test_nothing_can_be_drawn_from_a_window_without_positions(tic_tac_toe):
    window = ReplayWindow(tic_tac_toe, 10, 20, 0.5)
    with pytest.raises(ValueError, match="no positions to learn from"):
        window.draw(4, np.random.default_rng(0))
    games = worker(tic_tac_toe, full_search_fraction=0.0, fast_simulations=2).play(4)
    window.add(games)
    with pytest.raises(ValueError, match="no positions to learn from"):
        window.draw(4, np.random.default_rng(0))


def test_the_same_generator_draws_the_same_samples_and_every_position_is_drawn(tic_tac_toe, played):
    window = ReplayWindow(tic_tac_toe, 10**6, 10**6, 0.5)
    window.add(played)
    first, second = (window.draw(300, np.random.default_rng(4)) for _ in range(2))
    assert all((a == b).all() for a, b in zip(first, second, strict=True))
    part = ReplayWindow(tic_tac_toe, 10**6, 10**6, 0.5)
    part.add(select(played, 0, 4))
    stones = part.draw(2000, np.random.default_rng(0), symmetries=False).planes.sum(axis=(1, 2, 3))
    expected = Counter(ply.ply for game in take_apart(tic_tac_toe, part.games) for ply in game.plies)
    assert set(stones.tolist()) == set(expected)


# Policy surprise


def test_positions_that_surprised_are_drawn_more_often(tic_tac_toe):
    games = random_games(tic_tac_toe, [30, 30, 30], seed=5)
    games = games._replace(starts=np.zeros(3, tic_tac_toe.state_dtype), actions=np.zeros(90, np.int32))
    window = ReplayWindow(tic_tac_toe, 10**6, 10**6, 0.5, surprise_weight=0.6)
    window.add(games)
    surprise = games.labels.surprises[games.labels.full == 1]
    expected = 0.4 / len(surprise) + 0.6 * surprise / surprise.sum()
    rng = np.random.default_rng(1)
    counts = np.bincount(
        np.concatenate([window.choose(1000, rng) for _ in range(200)]), minlength=len(surprise)
    )
    spread = np.sqrt(expected * (1 - expected) / counts.sum())
    assert (np.abs(counts / counts.sum() - expected) < 4.5 * spread).all()
    assert (
        np.ptp(window.choose(10**4, rng, newest_games=1)) < 30
    )  # new games are measured without a preference


def test_surprise_is_the_divergence_of_the_search_policy_from_the_evaluators(tic_tac_toe):
    for search in (
        {},
        {"gumbel": True},
        {"root_noise_fraction": 0.0},
        {"prove": True, "forced_visits": 2.0},
    ):
        play = worker(tic_tac_toe, search=search, full_search_fraction=0.7, fast_simulations=3)
        games = play.play(20)
        compared = 0
        for played in take_apart(tic_tac_toe, games):
            for ply in played.plies:
                if not ply.full:
                    assert games.labels.surprises[compared] == 0.0
                else:
                    expected = divergence(tic_tac_toe, ply, play.evaluator)
                    assert games.labels.surprises[compared] == pytest.approx(expected, abs=2e-3)
                compared += 1
        assert compared == len(games.labels.surprises) > 80 and games.labels.surprises.max() > 0.5


def divergence(game, ply, evaluator) -> float:
    """KL(stored policy || softmax of the evaluator's logits of legal actions)."""
    planes = np.zeros((1, game.planes, *game.board_shape), np.float32)
    game.encode(ply.state.copy(), planes[0])
    logits = evaluator.evaluate(ply.state.reshape(1), planes)[0][0].astype(np.float64)
    weights = {int(action): np.exp(logits[action]) for action in game.legal(ply.state)}
    total, stored = sum(weights.values()), sum(ply.policy.values())
    return sum(
        weight / stored * np.log((weight / stored) / (weights[action] / total))
        for action, weight in ply.policy.items()
    )
