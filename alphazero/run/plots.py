"""The curves of a run as PNG, drawn from its metrics.jsonl: losses, Elo by time, self-play.

Knows the run only by that file, whose lines are JSON objects with an "event"; what is missing is not drawn.
matplotlib is loaded when something is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from alphazero.run.metrics import Row, events, read_metrics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Draw = Callable[["Figure", Sequence[Row], str], None]  # title last
SIZE_INCHES, DOTS_PER_INCH = (10.0, 6.0), 100  # 1000 x 600 pixels
BLUE, ORANGE, GREEN, RED, GREY = "#2166ac", "#d6741a", "#2e8b57", "#b2182b", "#6b7280"
ANCHOR_COLORS = ("#8a8f98", "#a17c3b", "#7b5ea7", "#4d8f8b", "#a0527a", "#5c6f3a")


def plot_run(folder: str | Path) -> list[Path]:
    """Draw plots/losses.png, plots/elo.png and plots/selfplay.png in a run's folder; return their paths.

    Raises ValueError when the folder holds no metrics, OSError when a plot cannot be written.
    """
    rows = read_metrics(Path(folder))
    title = f"{_game(rows)}, {Path(folder).resolve().name}"
    drawings: dict[str, Draw] = {
        "losses": draw_losses,
        "elo": draw_elo,
        "selfplay": _draw_selfplay,
    }
    plots = Path(folder) / "plots"
    plots.mkdir(exist_ok=True)
    return [_write(plots / f"{name}.png", draw, rows, title) for name, draw in drawings.items()]


def _write(path: Path, draw: Draw, rows: Sequence[Row], title: str) -> Path:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    draw(figure, rows, title)
    temporary = path.with_suffix(".tmp.png")
    figure.savefig(temporary)
    return temporary.replace(path)


def draw_losses(figure: Figure, rows: Sequence[Row], title: str) -> None:
    upper, lower = figure.subplots(2, 1, sharex=True)
    upper.set_title(f"Losses: {title}", loc="left")
    generations = events(rows, "generation")
    _line(upper, generations, "policy_loss", BLUE, "policy loss (cross-entropy)")
    _line(upper, generations, "policy_entropy", GREY, "entropy of the policy", dashed=True)
    _finish(upper, "nats", "")
    _line(lower, generations, "value_loss", ORANGE, "")
    _finish(lower, "value loss", "minutes of training")


def draw_elo(figure: Figure, rows: Sequence[Row], title: str) -> None:
    """Draw the network's Elo with 95 % intervals, and each fixed anchor as a line with its band."""
    axes = figure.subplots()
    axes.set_title(f"Strength: {title}", loc="left")
    ratings = [row for row in events(rows, "rating") if row.get("current") in row.get("players", {})]
    if ratings:
        minutes = [row["minutes"] for row in ratings]
        elo, low, high = zip(*(row["players"][row["current"]] for row in ratings), strict=True)
        _draw_anchors(axes, ratings)
        below = [value - bound for value, bound in zip(elo, low, strict=True)]
        above = [bound - value for value, bound in zip(elo, high, strict=True)]
        axes.errorbar(
            minutes,
            elo,
            yerr=[below, above],
            color=BLUE,
            marker="o",
            markersize=5,
            linewidth=2,
            capsize=3,
            elinewidth=1.2,
            label="the network, with 95 % intervals",
        )
    _finish(axes, "Elo", "minutes of training")
    text = _match_text(rows)
    if text:
        axes.set_xlabel(f"minutes of training\n{text}")


def _draw_anchors(axes: Axes, ratings: Sequence[Row]) -> None:
    """Draw the players that are in every rating, other than the network, as the last one has them."""
    names = set.intersection(*(set(row["players"]) for row in ratings)) - {row["current"] for row in ratings}
    last = ratings[-1]["players"]
    everything = [value for row in ratings for interval in row["players"].values() for value in interval]
    gap = 0.05 * (max(everything) - min(everything))
    lowest = -math.inf  # where the next label may begin, so that those of close anchors do not overlap
    for index, name in enumerate(sorted(names, key=lambda name: last[name][0])):
        elo, low, high = last[name]
        color = ANCHOR_COLORS[index % len(ANCHOR_COLORS)]
        axes.axhspan(low, high, color=color, alpha=0.12, linewidth=0)
        axes.axhline(elo, color=color, linewidth=1.2, linestyle="--")
        place = (0.99, max(elo + 0.2 * gap, lowest))
        axes.annotate(name, place, xycoords=("axes fraction", "data"), ha="right", va="bottom", color=color)
        lowest = place[1] + gap


def _match_text(rows: Sequence[Row]) -> str:
    """Return the result of the last match in words, or "" when there was none."""
    matches = events(rows, "match")
    if not matches:
        return ""
    match = matches[-1]
    games = match["wins"] + match["draws"] + match["losses"]
    share = 100.0 * (match["wins"] + 0.5 * match["draws"]) / max(games, 1)
    return (
        f"Final match against {match['b']}: {match['wins']} won, {match['draws']} drawn, {match['losses']} "
        f"lost ({share:.0f} % of the points)"
    )


def _draw_selfplay(figure: Figure, rows: Sequence[Row], title: str) -> None:
    speed, length, results = figure.subplots(3, 1, sharex=True)
    speed.set_title(f"Self-play: {title}", loc="left")
    generations = events(rows, "generation")
    _line(speed, generations, "positions_per_second", BLUE, "")
    _finish(speed, "positions/s", "", from_zero=True)
    _line(length, generations, "game_length_mean", GREEN, "")
    _finish(length, "plies a game", "", from_zero=True)
    _draw_results(results, generations)
    _finish(results, "results, %", "minutes of training")


def _draw_results(axes: Axes, generations: Sequence[Row]) -> None:
    """Stack the shares of games won by the first player, drawn, and won by the second."""
    keys = ("first_wins", "draws", "second_wins")
    counted = [row for row in generations if all(_is_number(row.get(key)) for key in keys)]
    counted = [row for row in counted if sum(row[key] for key in keys) > 0]
    if not counted:
        return
    shares = [[100.0 * row[key] / sum(row[k] for k in keys) for row in counted] for key in keys]
    minutes = [row["minutes"] for row in counted]
    if len(counted) == 1:  # a single point has no area: draw it as a short stretch
        minutes, shares = [0.98 * minutes[0], 1.02 * minutes[0]], [share * 2 for share in shares]
    labels = ("first player won", "draw", "second player won")
    axes.stackplot(minutes, *shares, labels=labels, colors=(BLUE, "#c9ced6", ORANGE), alpha=0.85)
    axes.set_ylim(0, 100)
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=3, fontsize=10)


def _line(axes: Axes, rows: Sequence[Row], key: str, color: str, label: str, dashed: bool = False) -> None:
    """Plot a value of the generations by minutes; generations without it are passed over."""
    known = [row for row in rows if _is_number(row.get(key)) and _is_number(row.get("minutes"))]
    if not known:
        return
    axes.plot(
        [row["minutes"] for row in known],
        [row[key] for row in known],
        color=color,
        label=label or None,
        linewidth=1.2 if dashed else 1.8,
        linestyle="--" if dashed else "-",
        marker="o" if len(known) < 30 else None,
        markersize=3.5,
    )


def _finish(axes: Axes, ylabel: str, xlabel: str, from_zero: bool = False) -> None:
    """Label an axis, lighten its frame, and say so where there is nothing to see."""
    axes.set_ylabel(ylabel)
    axes.set_xlabel(xlabel)
    axes.grid(color="#e5e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if not axes.has_data():
        axes.text(0.5, 0.5, "nothing measured yet", transform=axes.transAxes, ha="center", color=GREY)
        axes.tick_params(left=False, labelleft=False)
        return
    axes.set_xlim(left=0)
    if from_zero:
        axes.set_ylim(0, 1.1 * axes.dataLim.y1)
    if axes.get_legend_handles_labels()[1] and axes.get_legend() is None:
        axes.legend(frameon=False, loc="best", fontsize=10)


def _game(rows: Sequence[Row]) -> str:
    """Return the game's name when an event tells it."""
    return next((str(row["game"]) for row in rows if "game" in row), "training")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
