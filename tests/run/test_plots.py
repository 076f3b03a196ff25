"""The plots of a run: drawn from full, short and broken metrics."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

from alphazero.run import plots
from alphazero.run.metrics import read_metrics
from alphazero.run.plots import plot_run
from tools.training_runs import PANEL_INCHES


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


def imitated(number: int, minutes: float) -> dict:
    return {
        "event": "generation",
        "generation": number,
        "minutes": minutes,
        "games": 0,
        "positions": 0,
        "policy_loss": 1.9 - 0.1 * number,
        "value_loss": 0.9,
        "policy_entropy": 1.5,
        "policy_accuracy": 0.5,
        "held_out_policy_loss": 1.9,
        "held_out_value_loss": 0.9 + 0.1 * number,
        "held_out_accuracy": 0.4,
    }


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


@pytest.mark.parametrize(("rows", "count"), [
    ([{"event": "start"}], 2),
    ([generation(1, 0.1)], 3),
    ([generation(1, 0.1), rating(1, 0.1, 12.0)], 3),
    ([{**generation(1, 0.1), "policy_loss": None, "value_loss": math.nan, "first_wins": 0, "draws": 0,
       "second_wins": 0}], 3),
    ([{"event": "generation", "generation": 1, "minutes": 0.1}], 2),
    ([imitated(1, 0.1)], 2),
    ([match()], 2),
    ([{"event": "generation", "minutes": "?", "policy_loss": "?", "draws": 10**400},
      {"event": "rating", "minutes": 1, "current": "x", "players": {"x": [1, None, 2]}},
      {"event": "rating", "minutes": 1, "current": "x", "players": None},
      {"event": "rating", "minutes": 2, "current": "x", "players": {"x": [1, 0, 2], "random": "?"}}], 2),
])  # fmt: skip
def test_short_runs_are_drawn_too_without_plots_of_what_they_have_not(tmp_path, rows, count):
    assert len(plot_run(run_folder(tmp_path, rows))) == count


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
    plots.draw_selfplay(figure, [generation(1, 1.0), generation(2, 2.0)], "x")
    top = figure.axes[2].collections[-1].get_paths()[0].vertices
    assert top[:, 1].max() == pytest.approx(100.0) and top[:, 0].max() == 2.0


def lines(figure: Figure) -> dict[str, dict[str, list[float]]]:
    """Return what each panel draws: axis label -> legend's label -> values."""
    return {
        axes.get_ylabel(): {line.get_label(): list(line.get_ydata()) for line in axes.get_lines()}
        for axes in figure.axes
    }


def test_losses_on_new_games_are_drawn_beside_those_on_games_learned_from():
    figure = Figure()
    rows = [{**generation(n, 1.0 * n), "fresh_policy_loss": 2.0, "fresh_value_loss": 1.5} for n in (1, 2)]
    plots.draw_losses(figure, rows, "x")
    drawn = lines(figure)
    assert list(drawn) == ["policy loss, nats", "value loss"]
    assert drawn["value loss"] == {
        "on games learned from": [0.9, 0.9],
        "on new games": [1.5, 1.5],
    }
    assert set(drawn["policy loss, nats"]) == {*drawn["value loss"], "entropy of the policy"}


def test_every_loss_of_a_method_has_a_panel_with_what_was_measured_on_games_held_out():
    figure = Figure()
    plots.draw_losses(figure, [{**imitated(n, 1.0 * n), "critic_loss": 0.5} for n in (1, 2)], "x")
    drawn = lines(figure)
    assert list(drawn) == ["policy loss, nats", "value loss", "critic loss", "moves named right, %"]
    assert drawn["value loss"]["on games held out"] == pytest.approx([1.0, 1.1])
    assert len(drawn["critic loss"]) == 1
    assert drawn["moves named right, %"] == {"on games learned from": [50, 50], "on games held out": [40, 40]}


def elo_rows(players: dict[str, list[float]], *network: list[float]) -> list[dict]:
    return [
        {"event": "rating", "minutes": 1.0 * n, "current": f"generation {n}",
         "players": {**players, f"generation {n}": elo}}
        for n, elo in enumerate(network, start=1)
    ]  # fmt: skip


def test_a_huge_interval_does_not_squeeze_the_curve_and_an_arrow_says_that_it_is_cut():
    figure = Figure()
    players = {"mcts:simulations=100": [0.0, 0.0, 0.0], "random": [-300.0, -4000.0, 900.0]}
    plots.draw_elo(figure, elo_rows(players, [100.0, -2500.0, 2700.0], [400.0, 300.0, 500.0]), "x")
    (axes,) = figure.axes
    low, high = axes.get_ylim()
    assert -700 < low < -300 and 500 < high < 900
    arrows = {line.get_marker(): line.get_xydata().tolist() for line in axes.get_lines()}
    assert arrows["^"] == [[1.0, high]] and arrows["v"] == [[1.0, low]]


def test_intervals_that_squeeze_nothing_are_shown_whole():
    figure = Figure()
    plots.draw_elo(figure, [rating(1, 1.5, 100.0), rating(2, 3.0, 300.0)], "x")
    low, high = figure.axes[0].get_ylim()
    assert low < -20 and high > 750
    assert not {"^", "v"} & {line.get_marker() for line in figure.axes[0].get_lines()}


@pytest.mark.parametrize(("values", "expected"), [
    ([], []),
    ([50], [50]),
    ([0, 100], [5, 95]),
    ([40, 41, 42], [40, 50, 60]),
    ([98, 99, 100], [75, 85, 95]),
    ([0, 0, 60], [5, 15, 60]),
])  # fmt: skip
def test_names_keep_apart_and_inside(values, expected):
    assert plots.apart(values, 10, (0, 100)) == expected


def boxes(figure: Figure) -> list[tuple[str, object]]:
    """Return every text and legend that is seen, with its box in pixels."""
    renderer = figure.canvas.get_renderer()
    found = [figure._suptitle] if figure._suptitle else []
    for axes in figure.axes:
        found += [axes.xaxis.label, axes.yaxis.label, *axes.texts]
        found += [label for axis in (axes.xaxis, axes.yaxis) for label in seen_labels(axis)]
        found += [axes.get_legend()] if axes.get_legend() else []
    named = [(getattr(one, "get_text", lambda: "legend")(), text_box(one, renderer)) for one in found]
    return [(name, box) for name, box in named if name]


def text_box(artist, renderer):
    """Return the box of an artist; of an annotation without its line."""
    return (
        Text.get_window_extent(artist, renderer) if isinstance(artist, Text) else artist.get_window_extent()
    )


def seen_labels(axis) -> list[Text]:
    low, high = sorted(axis.get_view_interval())
    ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=False)  # none if shared
    return [label for place, label in ticks if low <= place <= high and label.get_visible()]


CROWDED = {
    f"mcts:simulations={n},c_uct=1.4,evaluations=rollouts": [n / 10, -9000.0, 9000.0] for n in range(7)
}


def crowded() -> list[dict]:
    rows = [
        {"event": "start", "game": "go:size=7,komi=7.5,superko=1,suicide=0,handicap=0,history=8,features=0"}
    ]
    rows += [
        {**generation(n, float(n)), "fresh_policy_loss": 1.0, "fresh_value_loss": 1.0} for n in range(1, 40)
    ]
    return [*rows, *elo_rows(CROWDED, [1.0, -800.0, 800.0], [3.0, 2.0, 4.0]), {**match(), "b": "x" * 200}]


def drawings() -> list:
    old = Path(__file__).parent.parent.parent / "docs" / "training_runs"
    runs = {
        "hex5": read_metrics(old / "hex5.jsonl"),
        "go19": read_metrics(old / "go19.jsonl"),
        "crowded": crowded(),
        "imitation": [imitated(n, 0.5 * n) for n in range(1, 5)],
        "one point": [generation(1, 0.1), rating(1, 0.1, 12.0)],
        "nothing": [{"event": "start"}],
    }
    return [
        pytest.param(rows, draw, size, id=f"{name}-{draw.__name__}-{size[0]}")
        for name, rows in runs.items()
        for draw in (plots.draw_losses, plots.draw_elo, plots.draw_selfplay)
        for size in (plots.SIZE_INCHES, PANEL_INCHES)
        if size == PANEL_INCHES or name == "crowded"
    ]


@pytest.mark.parametrize(("rows", "draw", "size"), drawings())
def test_no_text_covers_another_or_leaves_the_picture(rows, draw, size):
    figure = Figure(figsize=size, dpi=72, layout="constrained")
    FigureCanvasAgg(figure)
    draw(figure, rows, f"name of the run, {plots._game(rows)}")
    figure.canvas.draw()
    found = boxes(figure)
    assert len(found) > 3
    for index, (name, box) in enumerate(found):
        assert box.x0 > -1 and box.y0 > -1, name
        assert box.x1 < figure.bbox.width + 1 and box.y1 < figure.bbox.height + 1, name
        for other, beside in found[index + 1 :]:
            across = min(box.x1, beside.x1) - max(box.x0, beside.x0)
            along = min(box.y1, beside.y1) - max(box.y0, beside.y0)
            assert across < 1 or along < 1, f"{name!r} and {other!r}"
