"""Processes that learn together learn what one learns from as many parts; none waits for one that is gone."""

from __future__ import annotations

import copy
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import games
from alphazero.config import build_config
from alphazero.data.samples import Samples
from alphazero.learning.learner import check_parts, new_learner
from alphazero.learning.losses import policy_value_loss
from alphazero.learning.ranks import launched

ROOT = Path(__file__).parent.parent.parent
STEPS, BATCH = 200, 63  # not a multiple of the parts
BAD = 50  # a step whose batch holds a NaN in the part of the last process
LOSS = policy_value_loss(1.0)
SETTINGS = {
    "game": "tic_tac_toe", "device": "cpu", "threads": 1,
    "network": {"blocks": 1, "channels": 8, "value_hidden": 8, "precision": "float32"},
}  # fmt: skip
TOGETHER = """
import json, sys, time, os
from alphazero.learning import following, learner
from alphazero.learning.ranks import RanksLost, joined
from tests.learning.test_ranks import lead
out, ending, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
if ending:
    def end(self, step, count=[0], take=learner.Learner.step_on):
        count[0] += 1
        if count[0] == 5:
            os._exit(9) if ending == "dies" else time.sleep(60)
        return take(self, step)
    if os.environ["RANK"] == "1":
        learner.Learner.step_on = end
with joined(seconds) as group:
    if group.rank:
        following.follow(group)
    else:
        try:
            found = [lead(2), lead(4)]
        except RanksLost as error:
            found = str(error)
        json.dump(found, open(out, "w"))
        if ending:
            os._exit(0)
"""


def config(parts: int):
    training = {"parts": parts, "batch_size": BATCH, "warmup_steps": 10}
    return build_config({**SETTINGS, "training": training})


def batch(step: int) -> Samples:
    rng = np.random.default_rng(step % 20)
    mask = rng.random((BATCH, 9)) < 0.7
    mask[:, 0] = True
    policy = rng.random((BATCH, 9)).astype(np.float32) * mask
    planes = rng.integers(0, 2, (BATCH, 2, 3, 3)).astype(np.float32)
    if step == BAD:
        planes[-1] = np.nan
    return Samples(
        planes,
        policy / policy.sum(axis=1, keepdims=True),
        rng.uniform(-1, 1, BATCH).astype(np.float32),
        rng.integers(-1, 2, BATCH).astype(np.int8),
        mask,
    )


def lead(parts: int) -> dict:
    """Learn; go back to the half of the way in a new learner and go that way again."""
    learner = new_learner(games.make("tic_tac_toe"), config(parts))
    rows, again, state = [], [], {}
    for step in range(STEPS):
        if step == STEPS // 2:
            state = copy.deepcopy(learner.state())
        rows.append(learner.step(LOSS, batch(step), step / STEPS))
    last = [float(parameter.sum()) for parameter in learner.network.state_dict().values()]
    other = new_learner(games.make("tic_tac_toe"), config(parts))
    other.restore(state)
    for step in range(STEPS // 2, STEPS):
        again.append(other.step(LOSS, batch(step), step / STEPS))
    return {"rows": rows, "again": again, "last": last}


def together(out: Path, ending: str = "", seconds: float = 60.0):
    """Run two processes as torchrun starts them; return what the leader wrote, and the statuses of both."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    each = {
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "TORCHELASTIC_RUN_ID": "t",
    }
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", TOGETHER, str(out), ending, str(seconds)]
    processes = [
        subprocess.Popen(
            command,
            env={**os.environ, **each, "RANK": rank, "LOCAL_RANK": rank, "PYTHONPATH": path},
            cwd=ROOT,
        )
        for rank in ("0", "1")
    ]
    try:
        processes[0].wait(90)
        if not ending:
            processes[1].wait(20)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return json.loads(out.read_text()), [process.returncode for process in processes]


def test_two_processes_learn_what_one_learns_from_as_many_parts(tmp_path):
    found, statuses = together(tmp_path / "out.json")
    assert statuses == [0, 0]
    for parts, both in zip((2, 4), found, strict=True):
        alone = lead(parts)
        assert both["rows"][BAD] is None and alone["rows"][BAD] is None
        alike = (
            STEPS if parts == 2 else 50
        )  # gradients of four are added in another order: rounding grows over steps
        for mine, theirs in zip(alone["rows"][:alike], both["rows"], strict=False):
            if mine is not None:
                assert theirs == pytest.approx(mine, abs=1e-4)
        if parts == 2:
            assert both["last"] == pytest.approx(alone["last"], abs=1e-4)
        assert both["again"] == both["rows"][STEPS // 2 :]
    assert found[0]["rows"][100]["policy_loss"] != pytest.approx(
        found[1]["rows"][100]["policy_loss"], abs=1e-4
    )


@pytest.mark.parametrize(("ending", "seconds"), [("dies", 60.0), ("hangs", 2.0)])
def test_a_process_that_is_gone_is_told_and_not_waited_for(tmp_path, ending, seconds):
    begun = time.monotonic()
    found, statuses = together(tmp_path / "out.json", ending, seconds)
    assert statuses[0] == 0 and "has ended, or did not answer in time" in found
    assert time.monotonic() - begun < 45


@pytest.mark.parametrize(("parts", "count", "words"), [
    (0, 2, "set training.parts to 2"),
    (3, 2, "set training.parts to 4"),
    (64, 64, "training.batch_size=63: less than training.parts=64"),
])  # fmt: skip
def test_parts_that_processes_cannot_share_are_refused(parts, count, words):
    with pytest.raises(ValueError, match=words):
        check_parts(config(parts), count)
    check_parts(config(4), 2)


def test_one_process_without_torchrun_learns_alone(monkeypatch):
    assert not launched()
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "t")
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert not launched()
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert launched()
