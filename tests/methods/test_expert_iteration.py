"""What learning is for: the network plays better after a few seconds of it, and TensorBoard shows how."""

import numpy as np
import pytest
import torch

from alphazero.arena.match import play_match
from alphazero.arena.players import make_player
from alphazero.config import NetworkConfig
from alphazero.methods import training
from alphazero.methods.expert_iteration import ExpertIteration
from alphazero.network import save_model
from alphazero.network.model import for_game
from games.options import format_spec
from tests.run.runs import assert_same_run, config, events, killed_at, start

GAMES = 200


def share_of_points(game, model) -> float:
    """Return what the network's policy, without any search, takes from random moves."""
    player = make_player(format_spec("policy", {"path": model, "temperature": 0}), game, seed=1, device="cpu")
    return play_match(player, make_player("random", game, seed=2), game, GAMES, seed=3).share


def test_expert_iteration_makes_the_network_play_better(tmp_path, tic_tac_toe):
    """A fresh network plays like random moves, 0.5; four seeds learned 0.77 to 0.83; a share is known to 0.03."""
    torch.manual_seed(1)
    fresh = tmp_path / "fresh.safetensors"
    network = {"blocks": 1, "channels": 16, "precision": "float32"}
    save_model(fresh, for_game(tic_tac_toe, NetworkConfig(**network)), tic_tac_toe)
    settings = config(
        network__channels=16,
        search__simulations=32,
        selfplay__parallel_games=32,
        selfplay__games_per_generation=64,
        selfplay__shard_games=64,
        selfplay__full_search_fraction=1.0,
        replay__window_min=1000,
        training__batch_size=64,
        training__learning_rate=0.01,
        training__averaging_decay=0.0,
        training__replay_ratio=6.0,
        evaluation__every_generations=0,
        evaluation__final_opponent="",
        run__generations=6,
    )
    summary = training.train(settings, tmp_path / "run")
    before, after = share_of_points(tic_tac_toe, fresh), share_of_points(tic_tac_toe, summary.model)
    print(f"share of points against random: {before:.3f} fresh, {after:.3f} trained")
    assert after > before + 0.15 and after > 0.68
    losses = [row["policy_loss"] for row in events(tmp_path / "run", "generation")]
    assert losses[-1] < losses[0] - 0.1
    assert summary.match is None and summary.match_text == ""


def test_what_was_learned_from_a_generation_that_was_lost_is_not_shown_twice(tmp_path):
    event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with killed_at("learner", 2):
        start(tmp_path / "run")
    training.resume(tmp_path / "run")
    curves = event_accumulator.EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    curves.Reload()
    for name in ("generation/policy_loss", "generation/positions", "rating/elo"):
        assert [point.step for point in curves.Scalars(name)] == [1, 2, 3]
    logged = [row["policy_loss"] for row in events(tmp_path / "run", "generation")]
    assert np.allclose([point.value for point in curves.Scalars("generation/policy_loss")], logged)


def test_generations_without_a_position_to_learn_from_are_passed_over_and_the_run_goes_on(tmp_path):
    nothing = {"selfplay__full_search_fraction": 0.0, "selfplay__fast_simulations": 3, "run__generations": 2}
    start(tmp_path / "run", **nothing)
    rows = events(tmp_path / "run", "generation")
    assert [row["window_positions"] for row in rows] == [0, 0]
    assert [row["policy_loss"] for row in rows] == [None, None]
    training.resume(
        tmp_path / "run", {"selfplay.full_search_fraction": 1.0, "run.generations": 3}, progress=False
    )
    last = events(tmp_path / "run", "generation")[-1]
    assert last["window_positions"] > 0 and last["policy_loss"] is not None


BESIDE = {"training__beside_selfplay": True, "selfplay__shard_games": 4}


def test_beside_selfplay_the_network_learns_from_the_games_before(tmp_path, monkeypatch):
    seen, learn = [], ExpertIteration._learn

    def spy(self, *arguments):
        before, owed = self.window.positions_seen, self.sample_debt
        measured = learn(self, *arguments)
        seen.append((before, self.window.positions_seen, owed >= self.config.training.batch_size))
        return measured

    monkeypatch.setattr(ExpertIteration, "_learn", spy)
    start(tmp_path / "run", **BESIDE)
    positions = [0] + [row["positions"] for row in events(tmp_path / "run", "generation")]
    assert seen == [(count, count, count > 0) for count in positions[:-1]]
    assert [row["policy_loss"] is None for row in events(tmp_path / "run", "generation")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("moment", "call", "after"),
    [
        ("shard", 3, True),
        ("commit", 4, True),
        ("commit", 5, True),
        ("step", 2, False),
        ("training", 2, True),
        ("learner", 2, False),
    ],
)
def test_beside_selfplay_a_killed_run_goes_on_to_the_bit(tmp_path, moment, call, after):
    start(tmp_path / "whole", **BESIDE)
    with killed_at(moment, call, after):
        start(tmp_path / "run", **BESIDE)
    training.resume(tmp_path / "run")
    assert_same_run(tmp_path / "run", tmp_path / "whole")
