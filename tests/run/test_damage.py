"""Damaged and forged folders of runs: each is refused, told or harmless (tools/damage_runs.py tries more of them)."""

import shutil

import pytest

from tests.run.runs import killed_at, quick, start
from tools import damage_runs


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Return a run that was killed in its third generation, and what it comes to when it goes on."""
    base = tmp_path_factory.mktemp("source")
    with quick(), killed_at("shard", 6, after=True):
        start(base / "run")
    shutil.copytree(base / "run", base / "whole")
    with quick():
        assert damage_runs.resume(base / "whole")[0] == "went on"
    return base / "run", damage_runs.outcome(base / "whole")


@pytest.mark.parametrize("change", [damage_runs.damage, damage_runs.forge])
def test_damage_is_refused_or_told_and_nothing_else_is_touched(source, tmp_path, change):
    folder, same = source
    results = [damage_runs.trial(folder, tmp_path, number, change, same) for number in range(16)]
    assert [result for result in results if result not in ("refused", "told", "harmless")] == []
    assert "refused" in results
