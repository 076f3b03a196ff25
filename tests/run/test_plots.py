"""The plots of a run: drawn from full, short and broken metrics."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from alphazero.run import plots
from alphazero.run.plots import plot_run


def generation(number: int, minutes: float) -> dict:
    return {
        "event": "generation",
        "generation": number,
        "minutes": minutes,
        "positions_per_second": 200.0 + number,
        "policy_loss": 1.9 - 0.01 * number,
        "value_loss": 0.9,
        "policy_entropy": 1.5,
        "game_length_mean": 25.0,
        "first_wins": 120,
        "draws": 30,
        "second_wins": 106,
    }


def rating(number: int, minutes: float, elo: float) -> dict:
    name = f"generation-{number}"
    players = {
        "random": [0.0, -20.0, 20.0],
        "mcts:simulations=100": [700.0, 650.0, 750.0],
        name: [elo, elo - 80.0, elo + 70.0],
    }
    return {"event": "rating", "generation": number, "minutes": minutes, "players": players, "current": name}


def match() -> dict:
    return {
        "event": "match",
        "a": "final",
        "b": "mcts:simulations=1000",
        "wins": 160,
        "draws": 8,
        "losses": 32,
    }


def run_folder(tmp_path: Path, rows: list[dict], tail: str = "") -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows) + tail
    (tmp_path / "metrics.jsonl").write_text(text)
    return tmp_path


def full_run() -> list[dict]:
    rows = [{"event": "start", "game": "connect_four"}]
    for number in range(1, 41):
        rows.append(generation(number, 0.25 * number))
        if number % 10 == 0:
            rows.append(rating(number, 0.25 * number, 30.0 * number))
    return [*rows, match()]


def test_three_plots_of_1000_by_600_are_written(tmp_path):
    paths = plot_run(run_folder(tmp_path, full_run()))
    assert [path.name for path in paths] == ["losses.png", "elo.png", "selfplay.png"]
    assert sorted((tmp_path / "plots").iterdir()) == sorted(paths)
    for path in paths:
        picture = imread(path)
        assert picture.shape[:2] == (600, 1000)
        assert 0.01 < np.mean(picture[..., :3].min(axis=2) < 0.9) < 0.6, f"{path.name} is empty or covered"


@pytest.mark.parametrize("rows", [
    [{"event": "start"}],
    [generation(1, 0.1)],
    [generation(1, 0.1), rating(1, 0.1, 12.0)],
    [{**generation(1, 0.1), "policy_loss": None, "value_loss": math.nan, "first_wins": 0, "draws": 0,
      "second_wins": 0}],
    [{"event": "generation", "generation": 1, "minutes": 0.1}],
    [match()],
])  # fmt: skip
def test_short_runs_are_drawn_too(tmp_path, rows):
    assert len(plot_run(run_folder(tmp_path, rows))) == 3


def test_elo_and_its_interval_are_drawn_where_they_belong():
    figure = Figure()
    plots.draw_elo(figure, [rating(1, 1.5, 100.0), rating(2, 3.0, 300.0), match()], "x")
    axes = figure.axes[0]
    container = axes.containers[0]
    line, _, (bars,) = container
    assert np.array_equal(line.get_xydata(), [[1.5, 100.0], [3.0, 300.0]])
    assert np.array_equal(bars.get_segments()[1], [[3.0, 220.0], [3.0, 370.0]])
    assert {text.get_text() for text in axes.texts} == {"random", "mcts:simulations=100"}
    assert "160 won, 8 drawn, 32 lost (82 % of the points)" in axes.get_xlabel()


def test_shares_of_results_add_up_to_a_hundred():
    figure = Figure()
    plots._draw_selfplay(figure, [generation(1, 1.0), generation(2, 2.0)], "x")
    top = figure.axes[2].collections[-1].get_paths()[0].vertices
    assert top[:, 1].max() == pytest.approx(100.0) and top[:, 0].max() == 2.0
