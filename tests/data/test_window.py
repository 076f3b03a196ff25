"""The replay window holds the newest games, and what is drawn from it is what was played."""

from collections import Counter

import numpy as np
import pytest

from alphazero.data.games import join, no_games, select
from alphazero.data.window import ReplayWindow, ValueTarget, index_games, rebuild
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
        assert window.num_samples == window.games.full.sum()
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


# Samples against a slow reference


def reference(game, games, share: float = 1.0, steps: int = 0):
    """Yield planes, policy, legal mask, value and result of every full ply, in plain Python."""
    for played in take_apart(game, games):
        for ply in played.plies:
            if not ply.full:
                continue
            planes = np.full((game.planes, *game.board_shape), np.nan, np.float32)
            game.encode(ply.state.copy(), planes)
            policy, mask = np.zeros(game.num_actions), np.zeros(game.num_actions, bool)
            for action, weight in ply.policy.items():
                policy[action] = weight / sum(ply.policy.values())
            mask[game.legal(ply.state)] = True
            z = played.outcome if game.to_move(ply.state) == 0 else -played.outcome
            later = z
            if steps and ply.ply + steps < len(played.plies):
                other = played.plies[ply.ply + steps]
                later = other.value if game.to_move(other.state) == game.to_move(ply.state) else -other.value
            yield planes, policy, mask, share * later + (1 - share) * ply.value, z


@pytest.fixture(params=["tic_tac_toe", "in_parts"])
def game_and_games(request):
    game = request.getfixturevalue(request.param)
    return game, worker(game, full_search_fraction=0.6, fast_simulations=3, random_opening_plies=1).play(25)


@pytest.mark.parametrize(
    "target",
    [
        ValueTarget(),
        ValueTarget(0.7),
        ValueTarget(0.0),
        ValueTarget(1.0, 1),
        ValueTarget(0.6, 3),
        ValueTarget(1.0, 100),
    ],
    ids=str,
)
def test_samples_are_the_positions_and_targets_that_were_played(game_and_games, target):
    game, games = game_and_games
    index = index_games(games)
    samples = rebuild(game, games, index, np.arange(len(index.sample_game)), target)
    rows = list(reference(game, games, *target))
    assert len(rows) == len(samples.planes) == games.full.sum() > 50
    for row, (planes, policy, mask, value, z) in enumerate(rows):
        assert (samples.planes[row] == planes).all()
        assert samples.policy[row] == pytest.approx(policy, abs=1e-6)
        assert (samples.legal_mask[row] == mask).all()
        assert samples.value[row] == pytest.approx(value, abs=1e-6)
        assert samples.result[row] == z


def test_results_are_seen_by_the_player_to_move(tic_tac_toe):
    won = worker(tic_tac_toe).play(40)
    index = index_games(won)
    samples = rebuild(tic_tac_toe, won, index, np.arange(len(index.sample_game)))
    for outcome in (1, -1):
        of_outcome = won.outcomes[index.sample_game] == outcome
        assert of_outcome.sum() > 20
        assert (samples.result[of_outcome & (index.sample_ply % 2 == 0)] == outcome).all()
        assert (samples.result[of_outcome & (index.sample_ply % 2 == 1)] == -outcome).all()
    assert (samples.value == samples.result).all()


def turned(game, planes, policy, mask, symmetry: int):
    cells, actions = game.symmetries.cells[symmetry], game.symmetries.actions[symmetry]
    flat = planes.reshape(game.planes, -1)[:, cells]
    return flat.reshape(planes.shape), policy[actions], mask[actions]


def test_one_symmetry_turns_planes_policy_and_mask_alike_and_all_are_drawn(game_and_games):
    game, games = game_and_games
    index, rows = index_games(games), list(reference(game, games))
    chosen = np.repeat(np.arange(len(rows)), 8)
    samples = rebuild(game, games, index, chosen, symmetry_seed=9)
    certain = Counter()
    for row, sample in enumerate(chosen):
        fitting = []
        for symmetry in range(len(game.symmetries.cells)):
            planes, policy, mask = turned(game, *rows[sample][:3], symmetry)
            if (
                (samples.planes[row] == planes).all()
                and (samples.legal_mask[row] == mask).all()
                and np.allclose(samples.policy[row], policy, atol=1e-6)
            ):
                fitting.append(symmetry)
        assert fitting, f"sample {row} is no symmetric image of the position"
        if len(fitting) == 1:
            certain[fitting[0]] += 1
    assert len(certain) == len(game.symmetries.cells) and min(certain.values()) > 10
    assert (samples.result == [rows[sample][4] for sample in chosen]).all()


def test_without_symmetries_nothing_is_turned(tic_tac_toe, played):
    window = ReplayWindow(tic_tac_toe, 10**6, 10**6, 0.5)
    window.add(played)
    samples = window.draw(200, np.random.default_rng(0), symmetries=False)
    chosen = np.random.default_rng(0).integers(window.num_samples, size=200)
    plain = rebuild(tic_tac_toe, played, index_games(played), chosen)
    assert all((a == b).all() for a, b in zip(samples, plain, strict=True))


# Policy surprise


def test_positions_that_surprised_are_drawn_more_often(tic_tac_toe):
    games = random_games(tic_tac_toe, [30, 30, 30], seed=5)
    games = games._replace(starts=np.zeros(3, tic_tac_toe.state_dtype), actions=np.zeros(90, np.int32))
    window = ReplayWindow(tic_tac_toe, 10**6, 10**6, 0.5, surprise_weight=0.6)
    window.add(games)
    surprise = games.surprises[games.full == 1]
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
        {"prove": True, "forced_playouts": 2.0},
    ):
        play = worker(tic_tac_toe, search=search, full_search_fraction=0.7, fast_simulations=3)
        games = play.play(20)
        compared = 0
        for played in take_apart(tic_tac_toe, games):
            for ply in played.plies:
                if not ply.full:
                    assert games.surprises[compared] == 0.0
                else:
                    expected = divergence(tic_tac_toe, ply, play.evaluator)
                    assert games.surprises[compared] == pytest.approx(expected, abs=2e-3)
                compared += 1
        assert compared == len(games.surprises) > 80 and games.surprises.max() > 0.5


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
