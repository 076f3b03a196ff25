"""The experiments on slow machines ask for settings that exist, and their report adds seeds up."""

import json

import pytest

from alphazero.config import load_config
from tools import budgets


@pytest.mark.parametrize("change", budgets.CHANGES)
def test_every_change_is_one_of_possible_settings(change):
    assert (load_config(budgets.CONFIG, budgets.CHANGES[change]) == load_config(budgets.CONFIG)) == (
        change == "quick"
    )


def test_the_report_adds_seeds_up(tmp_path, monkeypatch):
    rows = [{"kind": "cost", "change": "quick", "seconds_per_1000": 4.0}]
    rows += [
        {"kind": "learn", "change": "quick", "seed": seed, "budget": 60000, "positions": 1000 * seed,
         "wrong": {judge: [wrong, 100] for judge in budgets.SIMULATIONS}}
        for seed, wrong in ((1, 10), (3, 20))
    ]  # fmt: skip
    path = tmp_path / "results.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.setattr(budgets, "RESULTS", path)
    assert "| quick | 4.00 | 1, 3 | 2,000 | 15.0 ±" in budgets.report()
    assert "(10.0, 20.0)" in budgets.report()
