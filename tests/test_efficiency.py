"""The experiments on efficiency ask for settings that exist, and their report adds up."""

import json

import pytest

from alphazero.config import load_config
from tools import efficiency


@pytest.mark.parametrize("change", efficiency.CHANGES)
def test_every_change_is_one_of_possible_settings(change):
    settings = {**efficiency.BASELINE, **efficiency.CHANGES[change]}
    baseline, changed = (load_config(efficiency.CONFIG, values) for values in (efficiency.BASELINE, settings))
    assert (baseline == changed) == (change == "baseline")


def test_the_report_adds_seeds_up_and_leaves_other_times_out(tmp_path, monkeypatch):
    def line(seed: int, minutes: float, wrong: int) -> str:
        judged = {judge: {"some-set": [wrong, 100], "all": [wrong, 100]} for judge in efficiency.JUDGES}
        return json.dumps({"change": "cache", "seed": seed, "minutes": minutes, "games": 1, "positions": 1000 * seed,
                           "wrong": judged})

    path = tmp_path / "results.jsonl"
    path.write_text("\n".join([line(1, 8, 10), line(2, 8, 20), line(1, 4, 90)]) + "\n")
    monkeypatch.setattr(efficiency, "RESULTS", path)
    text = efficiency.report(8)
    assert text.count("| cache | 2 | 1,500 | 15.0 % | 15.0 % |") == 3
