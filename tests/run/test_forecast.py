"""What a run is told of its end when it begins: sums with invented speeds, and a line that it keeps."""

import json
import math
from unittest import mock

import pytest

from alphazero.config import load_config
from alphazero.methods import training
from alphazero.run.forecast import (
    EVIDENCE,
    Evidence,
    Speed,
    evidence_for,
    forecast_text,
    positions_in,
    share_after,
)
from alphazero.run.progress import Progress
from tests.run import runs

EVIDENCE_OF_TWO = Evidence("random", 20.0, 0.25, ((10_000, 0.5), (1_000_000, 10 / 11)))


def test_a_position_costs_its_rows_its_steps_and_its_share_of_the_ratings():
    config = load_config(
        "connect_four_quick", {"training.replay_ratio": 4.0, "training.batch_size": 256, "run.minutes": 10.0,
                               "evaluation.max_share": 1.0}
    )  # fmt: skip
    speed = Speed(rows=20_000.0, steps=15.625)  # a millisecond each for playing and for learning
    assert positions_in(config, EVIDENCE_OF_TWO, speed) == pytest.approx(600 * 0.75 / 0.002)
    config = load_config("connect_four_quick", {"run.minutes": 10.0, "evaluation.max_share": 0.1})
    assert positions_in(config, EVIDENCE_OF_TWO, speed) == pytest.approx(600 * 0.9 / 0.002)


def test_strength_lies_between_that_of_runs_with_fewer_and_with_more_positions():
    half_way = share_after(100_000, EVIDENCE_OF_TWO)  # the odds are 1 and 10
    assert half_way == pytest.approx(math.sqrt(10) / (1 + math.sqrt(10)))
    assert share_after(10_000, EVIDENCE_OF_TWO) == pytest.approx(0.5)
    assert share_after(1, EVIDENCE_OF_TWO) == pytest.approx(0.5)
    assert share_after(1e9, EVIDENCE_OF_TWO) == pytest.approx(10 / 11)


@pytest.mark.parametrize(
    ("rows", "word"), [(10.0, "at most 50 %"), (20_000.0, "about 86 %"), (1e9, "about 90 %")]
)
def test_the_line_says_where_nothing_was_measured(rows, word):
    line = forecast_text(load_config("connect_four_quick"), EVIDENCE_OF_TWO, Speed(rows, 15.625))
    assert word in line and "50 % after 10,000, 91 % after 1,000,000" in line and "\n" not in line


def test_there_is_a_forecast_for_settings_that_were_measured_and_no_others():
    quick = load_config("connect_four_quick")
    assert evidence_for(quick) is not None
    assert evidence_for(load_config("connect_four_quick", {"selfplay.workers": 3, "run.minutes": 5.0}))
    for changed in ({"search.simulations": 31}, {"run.minutes": 0.0, "run.generations": 3}, {"game": "hex"}):
        assert evidence_for(load_config("connect_four_quick", changed)) is None
    assert evidence_for(load_config("connect_four")) is None


def test_more_positions_gave_more_points_in_all_evidence():
    for path in EVIDENCE.glob("*.json"):
        measured = [(run["positions"], run["share"]) for run in json.loads(path.read_text())["runs"]]
        assert measured == sorted(measured)
        assert [share for _, share in measured] == sorted({share for _, share in measured})
        assert all(run["machine"] for run in json.loads(path.read_text())["runs"])


def test_a_run_that_goes_on_keeps_its_forecast(tmp_path):
    with runs.quick(), mock.patch.object(training, "forecast", return_value="forecast: much") as measured:
        notes = runs.start(tmp_path / "run", run__generations=1).notes
        again = training.resume(tmp_path / "run", {"run.generations": 2}, progress=False).notes
    assert "forecast: much" in notes and "forecast: much" in again
    assert measured.call_count == 1


class _Rated:
    """Minutes and settings of a run, without one."""

    def __init__(self, minutes: float, rating_minutes: float, max_share: float):
        self.minutes = minutes
        self.progress = Progress(generation=5, rated_minutes=1.0, rating_minutes=rating_minutes)
        self.config = load_config("connect_four_quick", {"evaluation.max_share": max_share})


@pytest.mark.parametrize(
    ("minutes", "took", "share", "due"),
    [(3.0, 0.5, 0.15, False), (3.0, 0.5, 1.0, True), (4.0, 0.5, 0.15, True), (2.0, 0.0, 0.15, False)],
)
def test_ratings_wait_while_they_took_more_than_their_share(minutes, took, share, due):
    from alphazero.run.run import Run

    rated = _Rated(minutes, took, share)
    assert Run._rating_is_due(rated, over=False) is due
    assert Run._rating_is_due(rated, over=True)
