"""Samples rebuilt from stored games are what was played, by a slow reference in plain Python."""

from collections import Counter

import numpy as np
import pytest

from alphazero.data.games import End
from alphazero.data.labels import PolicyLabels
from alphazero.data.samples import ValueTarget, index_games, rebuild
from alphazero.data.window import ReplayWindow
from tests.selfplay.helpers import take_apart, worker


def reference(game, games, share: float = 1.0, steps: int = 0, bootstrap: bool = True):
    """Yield planes, policy, legal mask, value and result of every full ply, in plain Python."""
    for played in take_apart(game, games):
        cut = bootstrap and played.end == End.TRUNCATED
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
            later, place = z, ply.ply + steps
            if (steps and place < len(played.plies)) or cut:
                other = played.plies[place if steps and place < len(played.plies) else -1]
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
        ValueTarget(0.6, 3, False),
    ],
    ids=str,
)
def test_samples_are_the_positions_and_targets_that_were_played(game_and_games, target):
    game, games = game_and_games
    games = games._replace(ends=np.where(np.arange(games.num_games) % 3 == 0, End.TRUNCATED, games.ends))
    games = games._replace(ends=games.ends.astype(np.int8))
    index = index_games(games)
    samples = rebuild(game, games, index, np.arange(len(index.sample_game)), target)
    rows = list(reference(game, games, *target))
    assert len(rows) == len(samples.planes) == games.labels.full.sum() > 50
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


# Games that were cut, games without a search


def test_the_target_of_a_truncated_game_is_its_last_value_seen_by_the_mover(tic_tac_toe, in_parts):
    for game in (tic_tac_toe, in_parts):
        games = worker(game, parallel_games=3).play(3, only=3)
        cut = games._replace(ends=np.full(games.num_games, End.TRUNCATED, np.int8))
        index, row = index_games(cut), 0
        chosen = np.arange(len(index.sample_game))
        bootstrapped, plain = (
            rebuild(game, cut, index, chosen, ValueTarget(bootstrap=b)) for b in (True, False)
        )
        assert (plain.value == plain.result).all() and (bootstrapped.result == plain.result).all()
        for played in take_apart(game, cut):
            last = played.plies[-1]
            for ply in played.plies:
                sign = 1 if game.to_move(ply.state) == game.to_move(last.state) else -1
                assert bootstrapped.value[row] == sign * np.float32(last.value)
                row += 1
        assert row == len(chosen) > 10


@pytest.mark.parametrize("with_values", [True, False])
def test_games_without_a_search_teach_the_moves_that_were_played(tic_tac_toe, played, with_values):
    values = np.linspace(-1, 1, played.num_positions, dtype=np.float32)
    labels = PolicyLabels(values, np.full(played.num_positions, -1.0, np.float32)) if with_values else None
    games = played._replace(labels=labels, ends=np.full(played.num_games, End.TRUNCATED, np.int8))
    index = index_games(games)
    assert len(index.sample_game) == games.num_positions
    samples = rebuild(tic_tac_toe, games, index, np.arange(games.num_positions), ValueTarget(0.0))
    assert (samples.policy.argmax(axis=1) == games.actions).all() and (
        samples.policy.max(axis=1) == 1.0
    ).all()
    assert (samples.value == (values if with_values else samples.result)).all()
    window = ReplayWindow(tic_tac_toe, 10**6, 10**6, 0.5)
    window.add(games)
    assert window.num_samples == games.num_positions
    assert len(window.draw(10, np.random.default_rng(0)).planes) == 10
