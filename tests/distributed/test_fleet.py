"""A fleet in a run: its games are learned from, what it lost is told, and the run goes on; workers keep their word."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest

import games
from alphazero.config import ConfigError
from alphazero.data.games import join, same_games
from alphazero.data.shards import read_shard, shard_paths, unpack
from alphazero.distributed.pool import FleetError
from alphazero.distributed.transport import Order
from alphazero.distributed.worker import Player, Setup, seed_of, weights_of
from alphazero.methods import training
from alphazero.network import for_game
from tests.distributed.fake import FakeTransport, died
from tests.run.conftest import be_quick  # noqa: F401
from tests.run.runs import config, events, start

RAY = "alphazero.methods.expert_iteration.RayTransport"
FLEET = {"distributed__workers": 2, "evaluation__every_generations": 0, "evaluation__final_opponent": ""}


@pytest.fixture
def fake():
    """Let runs have a transport without Ray; return a list of those that were made, and what meddles with them."""
    made, meddle = [], {}

    def make(setup, settings):
        made.append(FakeTransport(games.make("tic_tac_toe"), meddle.get("how")))
        return made[-1]

    with mock.patch(RAY, make), mock.patch("alphazero.methods.expert_iteration.require_ray"):
        yield made, meddle


def stored(folder):
    return join(read_shard(path) for path in shard_paths(folder / "selfplay"))


def test_a_run_learns_from_each_game_of_its_fleet_once_and_tells_what_was_lost(tmp_path, fake):
    made, meddle = fake
    meddle["how"] = lambda o, r: [died(o)] if o[:3] == (0, 0, 2) else [r, r]
    start(tmp_path / "run", **FLEET)
    rows = events(tmp_path / "run", "generation")
    assert [row["workers"] for row in rows] == [2, 2, 2] and rows[-1]["games"] == 72
    assert sum(row["lost_games"] for row in rows) == 7 and sum(row["worker_deaths"] for row in rows) == 1
    assert all(row["weights_lag"] <= 2 for row in rows) and all(
        row["policy_loss"] is not None for row in rows
    )
    transport = made[0]
    played = [unpack(report.data, transport.game)[0] for report in transport.played.values()]
    keys = {game_key(part) for part in played}
    games_stored = stored(tmp_path / "run")
    assert games_stored.num_games == 72 and transport.closed
    assert all(key in keys for key in pairs(games_stored))
    assert len(transport.played) * 2 >= 72 and [version for version, _ in transport.versions][0] == 0


def pairs(whole):
    """Return the keys of games two by two, as the pretended workers play them."""
    from alphazero.data.games import select

    return [game_key(select(whole, first, first + 2)) for first in range(0, whole.num_games, 2)]


def game_key(part):
    return part.actions.tobytes() + part.labels.values.tobytes()


def test_a_run_of_a_fleet_goes_on_with_new_incarnations_and_not_without_a_fleet(tmp_path, fake):
    made, _ = fake
    start(tmp_path / "run", **FLEET, run__generations=1)
    training.resume(tmp_path / "run", {"run.generations": 2, "distributed.workers": 3}, progress=False)
    assert made[0].started == [(0, 0), (1, 0)] and made[1].started == [(0, 1), (1, 1), (2, 1)]
    with pytest.raises(ValueError, match="played by a fleet: go on with distributed.workers"):
        training.resume(tmp_path / "run", {"run.generations": 3, "distributed.workers": 0}, progress=False)


def test_a_run_on_one_machine_goes_on_with_a_fleet(tmp_path, fake):
    start(tmp_path / "run", run__generations=1)
    training.resume(tmp_path / "run", {"run.generations": 2, "distributed.workers": 2}, progress=False)
    assert events(tmp_path / "run", "generation")[-1]["lost_games"] > 0


def test_a_fleet_that_cannot_play_ends_the_run_with_one_line(tmp_path, fake):
    made, meddle = fake
    meddle["how"] = lambda o, r: [died(o, "out of memory")]
    with pytest.raises(FleetError, match="out of memory"):
        start(tmp_path / "run", **FLEET, distributed__max_starts=2)
    assert made[0].closed


def test_without_ray_a_fleet_is_refused_before_anything_is_written(tmp_path):
    with (
        mock.patch("importlib.util.find_spec", return_value=None),
        pytest.raises(ValueError, match="pip install"),
    ):
        start(tmp_path / "run", **FLEET)
    assert not (tmp_path / "run" / "config.toml").exists()


@pytest.mark.parametrize("changes, message", [
    ({"distributed__workers": 17}, "more than selfplay.parallel_games=16"),
    ({"distributed__patience_seconds": 1.0}, "is not above report_seconds"),
])  # fmt: skip
def test_settings_that_cannot_be(changes, message):
    with pytest.raises(ConfigError, match=message):
        config(**changes)


def player(incarnation=0):
    settings = config(distributed__workers=2, distributed__report_seconds=0.05)
    game = games.make("tic_tac_toe")
    weights = weights_of(for_game(game, settings.network))
    return Player(Setup(settings.to_toml(), {}), 1, incarnation), weights


def test_a_worker_plays_an_order_once_and_its_games_go_on_with_the_next(be_quick):  # noqa: F811
    worker, weights = player()
    first = worker.play(Order(1, 0, 0, 0, 0), weights)
    assert worker.play(Order(1, 0, 0, 0, 0), weights) is first
    second = worker.play(Order(1, 0, 1, 0, 1), weights)
    third = worker.play(Order(1, 0, 2, 1, 1), weights)  # other weights
    assert list(worker.replies) == [1, 2] and first.under_way == 8
    game = worker.game
    parts = [unpack(report.data, game)[0] for report in (first, second, third)]
    assert all(part.num_games for part in parts) and not same_games(parts[0], parts[1])
    assert first.tally.moves > 0 and third.version == 1


def test_each_incarnation_of_each_worker_has_a_seed_of_its_own():
    seeds = {seed_of(seed, number, inc) for seed in (1, 2) for number in range(50) for inc in range(50)}
    assert len(seeds) == 5000 and all(0 <= seed < 2**63 for seed in seeds)


@pytest.mark.slow
def test_a_run_under_ray(tmp_path):
    pytest.importorskip("ray")
    start(tmp_path / "run", **FLEET, distributed__report_seconds=0.2)
    rows = events(tmp_path / "run", "generation")
    assert len(rows) == 3 and rows[-1]["games"] >= 72 and sum(row["worker_deaths"] for row in rows) == 0
    assert np.isfinite(rows[-1]["policy_loss"])
