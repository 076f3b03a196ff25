"""The experiments on efficiency ask for settings that exist, and their report adds up."""

import json

import pytest

from alphazero.config import load_config
from tools import efficiency, efficiency_report


@pytest.mark.parametrize("change", efficiency.CHANGES)
def test_every_change_is_one_of_possible_settings(change):
    settings = {**efficiency.BASELINE, **efficiency.CHANGES[change]}
    baseline, changed = (load_config(efficiency.CONFIG, values) for values in (efficiency.BASELINE, settings))
    assert (baseline == changed) == (change == "baseline")


def test_the_report_adds_seeds_up_compares_with_the_same_seeds_and_leaves_other_times_out(
    tmp_path, monkeypatch
):
    def line(change: str, seed: int, minutes: float, wrong: int) -> str:
        judged = {judge: {"some-set": [wrong, 100], "all": [wrong, 100]} for judge in efficiency.JUDGES}
        return json.dumps(
            {
                "change": change,
                "seed": seed,
                "minutes": minutes,
                "games": 1,
                "positions": 1000 * seed,
                "wrong": judged,
            }
        )

    path = tmp_path / "results.jsonl"
    path.write_text(
        "\n".join(
            [
                line("cache", 1, 8, 10),
                line("cache", 2, 8, 20),
                line("cache", 1, 4, 90),
                line("baseline", 1, 8, 30),
                line("baseline", 2, 8, 20),
                line("wdl", 1, 8, 33),
                line("baseline", 3, 8, 99),
            ]
        )
        + "\n"
    )
    monkeypatch.setattr(efficiency, "RESULTS", path)
    text = efficiency_report.report(8)
    assert text.count("| cache | 1,500 | 15.0 ±4.9 | 15.0 ±4.9 |") == 3
    assert text.count("-10.0 ±7.8 (-20.0, +0.0)") == 3 and text.count("+3.0 ±12.9 |") == 3
    efficiency_report.plot(8, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 10_000
    with pytest.raises(ValueError, match="no baseline of 7 minutes"):
        efficiency_report.report(7)


def test_the_page_on_efficiency_has_the_tables_of_what_was_measured():
    page = (efficiency.ROOT / "docs" / "efficiency.md").read_text(encoding="utf-8")
    assert efficiency_report.report(5.0) in page
