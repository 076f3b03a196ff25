"""Runs as a user meets them: what is refused, what is damaged, what is full, and how each is said."""

import contextlib
import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch

from alphazero.cli import main
from alphazero.methods import training
from alphazero.network import load_model
from alphazero.run.folder import RunFolder
from alphazero.run.integrity import file_digest
from tests.run.runs import assert_same_run, config, events, shards, start


def error_of(capsys, *arguments) -> str:
    """Run a command that fails and return its one line."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("alphazero")]
    assert len(lines) == 1, lines
    return lines[0]


@pytest.fixture
def settings(tmp_path) -> Path:
    """Return a settings file of the small run."""
    path = tmp_path / "small.toml"
    path.write_text(config().to_toml())
    return path


# What is refused


def test_a_second_trainer_in_the_folder_is_refused(run_copy, settings, capsys):
    with RunFolder(run_copy):
        for arguments in (["train", "--resume", run_copy], ["train", settings, f"run.folder={run_copy}"]):
            assert "another process is training in this folder" in error_of(capsys, *arguments)
    assert main(["train", "--resume", str(run_copy)]) == 0


def test_a_run_is_not_begun_over_another_one(run_copy, settings, whole_run, capsys):
    line = error_of(capsys, "train", settings, f"run.folder={run_copy}")
    assert f"holds a run already: go on with `alphazero train --resume {run_copy}`" in line
    assert_same_run(run_copy, whole_run)


def test_a_refused_run_leaves_no_folder_behind(tmp_path, settings, capsys):
    folder = tmp_path / "runs" / "new"
    assert "rows" in error_of(capsys, "train", settings, "game=connect_four:rows=0", f"run.folder={folder}")
    assert "hex" in error_of(capsys, "train", settings, "evaluation.anchors=['hex']", f"run.folder={folder}")
    assert not folder.exists()
    folder.mkdir(parents=True)
    assert "rows" in error_of(capsys, "train", settings, "game=connect_four:rows=0", f"run.folder={folder}")
    assert folder.exists()


def test_a_folder_that_is_no_run_cannot_be_gone_on_with(tmp_path, capsys):
    assert "not the folder of a run: it has no config.toml" in error_of(capsys, "train", "--resume", tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert "not the folder of a run" in error_of(capsys, "train", "--resume", tmp_path / "missing")


@pytest.mark.parametrize("change, message", [
    ("game=gomoku:rows=5,cols=5", "a run of tic_tac_toe cannot go on with game=gomoku:rows=5,cols=5"),
    ("network.channels=8", "learner-000003.pt: the weights are those of a network with other settings"),
    ("training.optimizer=sgd", "training.optimizer='sgd': the run began with 'adamw'"),
    ("selfplay.parallel_games=8", "another selfplay.parallel_games or selfplay.groups"),
    ("evaluation.final_opponent=mcst", "evaluation.final_opponent: unknown kind of player 'mcst', did you mean 'mcts'"),
    ('evaluation.anchors=["mcts"]', "evaluation.anchors=['mcts']: the run began with ['random']"),
    ("search.simulatons=3", "did you mean 'search.simulations'"),
])  # fmt: skip
@pytest.mark.parametrize("generations", [3, 4], ids=["over", "unfinished"])
def test_settings_a_run_cannot_go_on_with_are_refused_and_nothing_changes(
    run_copy, whole_run, capsys, change, message, generations
):
    before = (run_copy / "config.toml").read_bytes()
    line = error_of(capsys, "train", "--resume", run_copy, f"run.generations={generations}", change)
    assert message in line
    assert (run_copy / "config.toml").read_bytes() == before
    assert_same_run(run_copy, whole_run)


@pytest.mark.parametrize("change, message", [
    ("network.channels=8", "the weights are those of a network with other settings"),
    ("game=connect_four", "a run of tic_tac_toe cannot go on with game=connect_four"),
])  # fmt: skip
def test_a_run_that_has_ended_is_no_other_run_either(run_copy, whole_run, capsys, change, message):
    assert message in error_of(capsys, "train", "--resume", run_copy, change)
    assert_same_run(run_copy, whole_run)


@pytest.mark.parametrize("change, message", [
    ('evaluation.anchors=["random","mcst:simulations=3"]', "evaluation.anchors: unknown kind of player"),
    ("evaluation.final_opponent=mcts:simulatons=3", "did you mean 'simulations'"),
])  # fmt: skip
def test_opponents_that_do_not_exist_are_refused_before_anything_is_played(
    tmp_path, settings, capsys, change, message
):
    assert message in error_of(capsys, "train", settings, f"run.folder={tmp_path / 'run'}", change)
    assert not (tmp_path / "run" / "config.toml").exists()


# What is damaged


def damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(
            {"cut": data[: len(data) // 2], "empty": b"", "other": b"something else\n" * 20}[how]
        )


FILES = (
    "progress.json",
    "config.toml",
    "checkpoints/learner-000003.under_way",
)
DAMAGES = [(name, how) for name in FILES for how in ("missing", "cut", "empty", "other")]
DAMAGES.remove(("config.toml", "empty"))  # these are settings: all the defaults


@pytest.mark.parametrize("name, how", DAMAGES)
def test_a_damaged_file_of_a_run_is_one_line_that_names_it(run_copy, whole_run, capsys, name, how):
    damage(run_copy / name, how)
    line = error_of(capsys, "train", "--resume", run_copy, "run.generations=4")
    assert Path(name).name in line and "Traceback" not in line
    (run_copy / name).write_bytes((whole_run / name).read_bytes())
    assert training.resume(run_copy).generations == 3
    assert_same_run(run_copy, whole_run)


@pytest.mark.parametrize("how", ["missing", "cut", "empty", "other"])
def test_a_damaged_learner_is_named_and_the_one_before_it_goes_on(run_copy, capsys, how):
    damage(run_copy / "checkpoints" / "learner-000003.pt", how)
    assert training.resume(run_copy, {"run.generations": 4}).generations == 4
    out = capsys.readouterr().out
    assert "learner-000003.pt: " in out and "going on with learner-000002.pt" in out


def test_without_any_learner_the_run_is_refused_and_nothing_is_lost(run_copy, whole_run, capsys):
    for number in (1, 2, 3):
        damage(run_copy / "checkpoints" / f"learner-00000{number}.pt", "cut")
    line = error_of(capsys, "train", "--resume", run_copy, "run.generations=4")
    assert "learner-000003.pt: damaged" in line and "there is no older one" in line
    for number in (1, 2, 3):
        name = f"checkpoints/learner-00000{number}.pt"
        (run_copy / name).write_bytes((whole_run / name).read_bytes())
    assert training.resume(run_copy).generations == 3
    assert_same_run(run_copy, whole_run)


def test_a_checkpoint_of_right_hash_and_other_content_is_one_line(run_copy, capsys):
    from alphazero.run.checkpoints import load_learner, save_learner

    path = run_copy / "checkpoints" / "learner-000003.pt"
    state = load_learner(path)
    progress = json.loads((run_copy / "progress.json").read_text())
    for change in ({}, {"learner": {}}, {"learner": 3}, {**state, "sample_debt": "x"}, {**state, "best": 5},
                   {**state, "learner": {**state["learner"], "network": {}}},
                   {**state, "learner": {**state["learner"], "optimizer": {"state": {}, "param_groups": []}}},
                   {**state, "learner": {**state["learner"], "steps": None}}):  # fmt: skip
        save_learner(path, change)
        del progress["sha256"]
        progress["digests"]["checkpoints/learner-000003.pt"] = file_digest(path)
        digest = hashlib.sha256(json.dumps(progress, sort_keys=True).encode()).hexdigest()
        progress["sha256"] = digest
        (run_copy / "progress.json").write_text(json.dumps(progress))
        assert "learner-000003.pt: " in error_of(capsys, "train", "--resume", run_copy, "run.generations=4")


# What reaches outside the folder


@pytest.mark.parametrize("name", [
    "metrics.jsonl", "lock", "selfplay", "checkpoints", "plots", "progress.json", "config.toml", "model.safetensors",
    "tensorboard", "selfplay/set_aside", "checkpoints/learner-000003.pt", "selfplay/generation-000001-000000.npz",
    "plots/elo.png",
])  # fmt: skip
def test_a_link_to_elsewhere_is_refused_and_what_it_points_to_stays(run_copy, tmp_path, capsys, name):
    outside = tmp_path / "outside"
    (run_copy / name).parent.mkdir(exist_ok=True)
    if (run_copy / name).exists():
        (run_copy / name).rename(outside)
    else:
        outside.write_text("mine")
    before = outside.read_bytes() if outside.is_file() else sorted(outside.iterdir())
    (run_copy / name).symlink_to(outside)
    assert f"{name}: a symbolic link" in error_of(capsys, "train", "--resume", run_copy, "run.generations=4")
    assert (outside.read_bytes() if outside.is_file() else sorted(outside.iterdir())) == before


@pytest.mark.parametrize("how", ["missing", "cut", "empty", "other"])
def test_a_bad_shard_is_set_aside_counted_and_named_and_the_run_goes_on(run_copy, capsys, how):
    name = sorted(path.stem for path in (run_copy / "selfplay").glob("*.npz"))[-1]
    damage(run_copy / "selfplay" / f"{name}.npz", how)
    summary = training.resume(run_copy, {"run.generations": 4})
    assert summary.generations == 4
    assert f"set aside: {run_copy / 'selfplay' / name}.npz" in capsys.readouterr().out
    (row,) = events(run_copy, "bad_shard")
    assert row["shard"] == name and row["bad_shards"] == 1 and name in row["reason"]
    assert (run_copy / "selfplay" / "set_aside" / f"{name}.json").exists()
    training.resume(run_copy, {"run.generations": 5})
    assert len(events(run_copy, "bad_shard")) == 1  # counted once
    names = [path.stem for path in (run_copy / "selfplay").glob("*.npz")]
    assert len(names) == len({stem[-6:] for stem in names}) == 9  # two a generation, one of them gone


def test_a_manifest_that_is_gone_makes_its_shard_a_bad_one(run_copy):
    (run_copy / "selfplay" / "generation-000003-000005.json").unlink()
    training.resume(run_copy, {"run.generations": 4})
    assert [row["shard"] for row in events(run_copy, "bad_shard")] == ["generation-000003-000005"]


# What is full


def full_disk(call: int):
    """Return a patch: the n-th file that is written finds the disk full."""
    from alphazero import files

    fsync, calls = os.fsync, 0

    def full(handle):
        nonlocal calls
        calls += 1
        if calls >= call:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    return mock.patch.object(files.os, "fsync", full)


@pytest.mark.parametrize("call", [1, 2, 5, 9, 14, 23, 38, 50])
def test_a_full_disk_is_one_line_and_the_run_goes_on_once_there_is_room(
    tmp_path, whole_run, settings, capsys, call
):
    with full_disk(call):
        line = error_of(capsys, "train", settings, f"run.folder={tmp_path / 'run'}")
    assert f"{tmp_path / 'run'}/" in line and "the disk is full" in line
    if call == 1:  # not even the settings could be written
        start(tmp_path / "run")
    else:
        assert main(["train", "--resume", str(tmp_path / "run")]) == 0
    assert_same_run(tmp_path / "run", whole_run)


# What diverges


def test_a_training_that_diverges_stops_with_the_last_good_checkpoint(tmp_path, settings, capsys):
    from alphazero.data.window import ReplayWindow

    draw, calls = ReplayWindow.draw, 0

    def poisoned(self, *arguments, **only_to_measure):
        nonlocal calls
        calls += not only_to_measure
        samples = draw(self, *arguments, **only_to_measure)
        return samples._replace(value=samples.value * np.nan) if calls > 25 else samples

    with mock.patch.object(ReplayWindow, "draw", poisoned):
        line = error_of(capsys, "train", settings, f"run.folder={tmp_path / 'run'}")
    good = tmp_path / "run" / "checkpoints" / "learner-000001.pt"
    assert (
        "5 training steps in a row" in line
        and line.endswith(f"last good checkpoint: {good}")
        and good.exists()
    )
    model = load_model(tmp_path / "run" / "model.safetensors")
    assert all(torch.isfinite(tensor).all() for tensor in model.network.state_dict().values())


def test_a_few_bad_steps_are_skipped_and_counted(tmp_path):
    from alphazero.data.window import ReplayWindow

    draw, calls = ReplayWindow.draw, 0

    def poisoned(self, *arguments, **only_to_measure):
        nonlocal calls
        calls += not only_to_measure
        samples = draw(self, *arguments, **only_to_measure)
        return samples._replace(planes=samples.planes * np.nan) if calls in (3, 4, 30) else samples

    with mock.patch.object(ReplayWindow, "draw", poisoned):
        assert start(tmp_path / "run").generations == 3
    assert [row["bad_steps"] for row in events(tmp_path / "run", "generation")] == [2, 3, 3]


# The gate


def test_a_candidate_that_does_not_pass_the_gate_does_not_play(tmp_path):
    settings = {"run__gate": True, "run__gate_games": 4}
    start(tmp_path / "kept", run__gate_threshold=1.0, **settings)
    start(tmp_path / "passed", run__gate_threshold=0.0, **settings)
    start(tmp_path / "plain")
    assert [row["passed"] for row in events(tmp_path / "kept", "gate")] == [False] * 3
    assert [row["passed"] for row in events(tmp_path / "passed", "gate")] == [True] * 3
    kept, passed, plain = (
        load_model(tmp_path / name / "model.safetensors").network.state_dict()
        for name in ("kept", "passed", "plain")
    )
    assert all(torch.equal(passed[name], plain[name]) for name in plain)
    assert shards(tmp_path / "passed") == shards(tmp_path / "plain") != shards(tmp_path / "kept")
    steps = [name for name in plain if name.endswith("num_batches_tracked")]
    assert all(
        kept[name] == 0 and passed[name] > 0 for name in steps
    )  # never trained: the one the run began with


# Ctrl-C


def test_ctrl_c_stops_cleanly_says_how_to_go_on_and_the_run_goes_on(tmp_path, settings):
    folder = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "alphazero",
        "train",
        settings,
        f"run.folder={folder}",
        "run.generations=100000",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 100
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError):
                if '"generation": 2' in (folder / "metrics.jsonl").read_text():
                    break
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert f"alphazero train --resume {folder}" in out and "Traceback" not in err
    done = len(events(folder, "generation"))
    assert training.resume(folder, {"run.generations": done + 2}).generations == done + 2
