"""Runs that the first format describes, as version 0.1.0 wrote them, go on: ended ones and killed ones."""

import json
import shutil
from pathlib import Path

import pytest

from alphazero.data.shards import read_folder
from alphazero.methods import training
from alphazero.run.integrity import read_committed
from tests.run.runs import events

WRITTEN = Path(__file__).parent / "written_before"


@pytest.fixture
def old(tmp_path):
    """Return a function that copies one of the old runs."""
    return lambda name: shutil.copytree(WRITTEN / name, tmp_path / name)


def test_a_run_that_had_ended_goes_on(old):
    folder = old("ended")
    before = [path.read_bytes() for path in sorted((folder / "selfplay").iterdir())]
    lines = (folder / "metrics.jsonl").read_text()
    assert training.resume(folder, progress=False).generations == 2
    summary = training.resume(folder, {"run.generations": 4}, progress=False)
    assert summary.generations == 4 and len(events(folder, "generation")) == 4
    after = [path.read_bytes() for path in sorted((folder / "selfplay").iterdir())]
    assert after[: len(before)] == before  # what was stored stays as it was
    assert (folder / "metrics.jsonl").read_text().startswith(lines)
    stored = read_folder(folder / "selfplay").games
    assert (stored.num_games, stored.num_positions) == (summary.games, summary.positions)
    ratings = events(folder, "rating")[-1]["players"]
    assert {"random", "generation 1", "generation 2", "generation 4"} <= ratings.keys()


def test_a_run_that_was_killed_in_a_generation_goes_on_with_its_games(old):
    folder = old("killed")
    counted = json.loads((folder / "progress.json").read_text())
    assert counted["generation"] == 1 and counted["generation_games"] > 0
    summary = training.resume(folder, progress=False)
    first, second = events(folder, "generation")[:2]
    assert summary.generations == 3
    shards = (folder / "selfplay").glob("generation-000002-*.json")
    assert second["games"] - first["games"] == sum(json.loads(path.read_text())["games"] for path in shards)
    assert counted["shards"][-1] in read_committed(folder).progress.shards
    assert [row["generation"] for row in events(folder, "gate")] == [1, 2, 3]


def test_what_the_first_format_says_is_kept(old):
    folder = old("killed")
    committed = read_committed(folder)
    data = json.loads((folder / "progress.json").read_text())
    assert (committed.progress.games, committed.progress.positions) == (data["games"], data["positions"])
    assert committed.progress.earlier["sample_debt"] == data["sample_debt"]
    assert committed.progress.counts["games"] == data["generation_games"]
