"""A run that is killed anywhere goes on to the same games, the same weights and the same lines."""

import itertools
from unittest import mock

import pytest

from alphazero.data.games import num_distinct
from alphazero.data.shards import read_folder
from alphazero.methods import training
from alphazero.run.checkpoints import load_learner
from tests.run.runs import Killed, assert_same_run, events, killed_at, learner, shards, start

STAGES = [  # the moment at which the run is killed, which of them, before or after its work
    ("settings", 1, True),
    ("commit", 1, True),
    ("batch", 10, False),
    ("manifest", 1, False),  # a shard without its manifest
    ("shard", 4, True),
    ("under way", 2, True),
    ("commit", 3, False),
    ("commit", 3, True),  # committed, but what is not needed any more has not been removed
    ("batch", 100, True),
    ("step", 30, False),
    ("rating", 2, True),
    ("model", 3, True),
    ("learner", 2, True),
    ("removal", 4, False),
    ("last match", 1, True),
    ("commit", 11, False),  # the end
    ("summary", 1, False),
]


@pytest.mark.parametrize("moment, call, after", STAGES, ids=str)
def test_a_run_killed_anywhere_ends_like_one_that_was_not(tmp_path, whole_run, moment, call, after):
    with killed_at(moment, call, after):
        start(tmp_path / "run")
    training.resume(tmp_path / "run")
    assert_same_run(tmp_path / "run", whole_run)


def test_a_run_that_is_killed_before_it_has_settings_can_be_begun_again(tmp_path, whole_run):
    with killed_at("settings", 1):
        start(tmp_path / "run")
    with pytest.raises(ValueError, match="not the folder of a run"):
        training.resume(tmp_path / "run")
    start(tmp_path / "run")
    assert_same_run(tmp_path / "run", whole_run)


def test_a_run_killed_again_and_again_ends_like_one_that_was_not(tmp_path, whole_run):
    with killed_at("shard", 2, after=True):
        start(tmp_path / "run")
    for _ in range(2):  # goes on from the same commit twice
        with killed_at("batch", 20):
            training.resume(tmp_path / "run")
    for moment in ("step", "model", "removal"):
        with killed_at(moment, 2):
            training.resume(tmp_path / "run")
    training.resume(tmp_path / "run")
    assert_same_run(tmp_path / "run", whole_run)


def test_a_process_of_its_own_that_dies_between_shard_and_commit_loses_no_game(
    tmp_path, whole_run, run_python
):
    code = f"""
import os
from pathlib import Path
from alphazero import moments
from tests.run.runs import quick, start
written = []
def die(moment, ended):
    if moment == "shard" and ended:
        written.append(moment)
        if len(written) == 4:
            os._exit(9)
with quick(), moments.listening(die):
    start(Path({str(tmp_path / "run")!r}))
"""
    assert run_python(code).returncode == 9
    assert "generation-000002-000003.npz" in shards(tmp_path / "run")
    training.resume(tmp_path / "run")
    assert_same_run(tmp_path / "run", whole_run)


@pytest.mark.parametrize("changes", [
    {"run__gate": True, "run__gate_games": 4, "run__gate_threshold": 0.5},
    {"selfplay__groups": 2, "training__optimizer": "sgd", "training__averaging_decay": 0.0},
    {"search__gumbel": True, "search__gumbel_considered": 4, "selfplay__random_opening_plies": 2,
     "selfplay__resign_threshold": -0.5, "run__keep_checkpoints": 1},
    {"network__blocks": 2, "training__value_steps": 2, "replay__surprise_weight": 0.5,
     "search__forced_visits": 2.0},
], ids=["gate", "groups", "gumbel", "forced"])  # fmt: skip
def test_runs_with_other_settings_go_on_to_the_bit_too(tmp_path, changes):
    start(tmp_path / "whole", **changes)
    with killed_at("shard", 4, after=True):
        start(tmp_path / "run", **changes)
    training.resume(tmp_path / "run")
    assert_same_run(tmp_path / "run", tmp_path / "whole")


def test_no_finished_game_is_lost_or_counted_twice(tmp_path):
    with killed_at("commit", 4):
        start(tmp_path / "run")
    with killed_at("commit", 3):
        training.resume(tmp_path / "run")
    summary = training.resume(tmp_path / "run")
    stored = read_folder(tmp_path / "run" / "selfplay").games
    assert (stored.num_games, stored.num_positions) == (summary.games, summary.positions)
    assert num_distinct(stored) > 0.9 * stored.num_games
    assert events(tmp_path / "run", "generation")[-1]["games"] == summary.games


def test_the_samples_trained_on_are_replay_ratio_for_each_position_over_the_whole_run(whole_run):
    so_far = [0, *(row["positions"] for row in events(whole_run, "generation"))]
    state = load_learner(whole_run / "checkpoints" / "learner-000003.pt")
    assert state["learner"]["steps"] == 4 * so_far[-1] // 32
    one_by_one = sum(4 * (after - before) // 32 for before, after in itertools.pairwise(so_far))
    assert one_by_one < 4 * so_far[-1] // 32, (
        "a run with batches left over between generations is needed here"
    )


# Limits that are raised


def test_a_run_that_ended_goes_on_when_its_limit_is_raised(tmp_path, whole_run):
    start(tmp_path / "run", run__generations=2)
    summary = training.resume(tmp_path / "run", {"run.generations": 3})
    assert summary.generations == 3
    assert learner(tmp_path / "run") == learner(whole_run) and shards(tmp_path / "run") == shards(whole_run)
    assert events(tmp_path / "run", "generation") == events(whole_run, "generation")
    assert [row["generation"] for row in events(tmp_path / "run", "end")] == [2, 3]
    assert len(events(tmp_path / "run", "match")) == 2


def test_of_a_run_that_is_over_nothing_is_done_again(run_copy):
    before = {path: path.read_bytes() for path in run_copy.rglob("*") if path.is_file()}
    with mock.patch.object(training, "make_method", side_effect=Killed("something is done again")):
        summary = training.resume(run_copy)
    assert (
        summary.generations == 3
        and summary.match is None
        and "this model against random" in summary.match_text
    )
    assert "this model against random" in str(summary)
    assert {path: path.read_bytes() for path in run_copy.rglob("*") if path.is_file()} == before


def test_other_limits_and_schedules_may_be_given_when_a_run_goes_on(tmp_path):
    with killed_at("step", 20):
        start(tmp_path / "run", training__schedule="cosine")
    training.resume(
        tmp_path / "run", ["run.generations=2", "training.learning_rate=0.01", "training.weight_decay=0.1"]
    )
    row = events(tmp_path / "run", "generation")[-1]
    assert row["generation"] == 2 and row["learning_rate"] < 0.01
    assert "learning_rate = 0.01" in (tmp_path / "run" / "config.toml").read_text()
