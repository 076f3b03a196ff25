"""The curves of a run as PNG, drawn from the columns of its metrics.jsonl: losses, Elo by time, self-play.

Knows neither the method nor its settings: what has no column is not drawn. What stands beside the curves, legends and
names, is put outside the axes, so that nothing collides. matplotlib is loaded when something is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from alphazero.arena.rating import Interval
from alphazero.run.metrics import Row, events, number, rating_of, read_metrics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Draw = Callable[["Figure", Sequence[Row], str], None]  # title last
SIZE_INCHES, DOTS_PER_INCH = (10.0, 6.0), 100  # 1000 x 600 pixels
BLUE, ORANGE, GREEN, RED, GREY = "#2166ac", "#d6741a", "#2e8b57", "#b2182b", "#6b7280"
ANCHOR_COLORS = ("#8a8f98", "#a17c3b", "#7b5ea7", "#4d8f8b", "#a0527a", "#5c6f3a")
UNSEEN = {  # what the name of a column begins with -> on which games it was measured
    "fresh_": "on new games",  # before anything was learned from them
    "held_out_": "on games held out",
}
SELFPLAY = {"positions_per_second": ("positions/s", BLUE), "game_length_mean": ("plies a game", GREEN)}
RESULTS = {"first_wins": "first player won", "draws": "draw", "second_wins": "second player won"}
SMALL, MOST_CHARACTERS = 9, 32  # points; characters of a player's name
TIME = "minutes of training"


def plot_run(folder: str | Path) -> list[Path]:
    """Draw plots/losses.png, plots/elo.png and, where games were played, plots/selfplay.png in a run's folder.

    Returns their paths. Raises ValueError when the folder holds no metrics, OSError when a plot cannot be written.
    """
    rows = read_metrics(Path(folder))
    title = f"{Path(folder).resolve().name}, {_game(rows)}"
    drawings: dict[str, Draw] = {"losses": draw_losses, "elo": draw_elo}
    generations = events(rows, "generation")
    if any(_has(generations, key) for key in (*SELFPLAY, *RESULTS)):
        drawings["selfplay"] = draw_selfplay
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
    """Draw every loss of the method on what it learned from and, in red, on games that it had not learned from."""
    generations = events(rows, "generation")
    drawn: list[Callable[[Axes], None]] = [
        partial(_draw_loss, generations=generations, name=name) for name in losses_of(generations)
    ]
    if _has(generations, "held_out_accuracy"):
        drawn.append(partial(_draw_accuracy, generations=generations))
    panels = figure.subplots(max(1, len(drawn)), 1, sharex=True, squeeze=False)[:, 0]
    _head(figure, "Losses", title)
    for axes, draw in zip(panels, drawn, strict=False):
        draw(axes)
    if not drawn:
        _finish(panels[0], "loss")
    panels[-1].set_xlabel(TIME)


def losses_of(generations: Sequence[Row]) -> list[str]:
    """Return the names of the losses that were measured, those of policy and value first."""
    names = {_plain(key): None for row in generations for key in row if key.endswith("_loss")}
    order = [*(name for name in ("policy_loss", "value_loss") if name in names), *names]
    return [
        name for name in dict.fromkeys(order) if any(_has(generations, key) for key in _with_unseen(name))
    ]


def _draw_loss(axes: Axes, generations: Sequence[Row], name: str) -> None:
    alone = name != "policy_loss" and not any(_has(generations, key) for key in _with_unseen(name)[1:])
    _line(axes, generations, name, BLUE, "" if alone else "on games learned from")
    for prefix, where in UNSEEN.items():
        _line(axes, generations, prefix + name, RED, where)
    if name == "policy_loss":
        _line(axes, generations, "policy_entropy", GREY, "entropy of the policy", dashed=True)
    _finish(axes, name.replace("_", " ") + (", nats" if name == "policy_loss" else ""))


def _draw_accuracy(axes: Axes, generations: Sequence[Row]) -> None:
    """Draw the share of moves that the network names right."""
    _line(axes, generations, "policy_accuracy", BLUE, "on games learned from", scale=100.0)
    _line(axes, generations, "held_out_accuracy", RED, UNSEEN["held_out_"], scale=100.0)
    _finish(axes, "moves named right, %")


def draw_elo(figure: Figure, rows: Sequence[Row], title: str) -> None:
    """Draw the network's Elo with 95 % intervals, and each fixed anchor as a line with its band.

    The values of the network and of the anchors decide which part is shown; an interval that reaches much further is
    cut, which an arrow says.
    """
    axes = figure.subplots()
    _head(figure, "Strength", title)
    rated = [
        (row, elo)
        for row in events(rows, "rating")
        if (elo := rating_of(row, str(row.get("current")))) is not None
    ]
    rated = [(row, elo) for row, elo in rated if not math.isnan(number(row, "minutes"))]
    if rated:
        anchors = _anchors([row for row, _ in rated])
        limits = elo_limits([elo for _, elo in rated], list(anchors.values()))
        axes.set_ylim(limits)
        _draw_anchors(axes, anchors, _height_of_text(figure) * (limits[1] - limits[0]))
        _draw_network(axes, [number(row, "minutes") for row, _ in rated], [elo for _, elo in rated], limits)
    _finish(axes, "Elo")
    match = _match_text(rows)
    match = match if len(match) < _room(figure) else match.replace(": ", ":\n", 1)
    axes.set_xlabel("\n".join(filter(None, [TIME, match])))


def elo_limits(network: Sequence[Interval], anchors: Sequence[Interval]) -> tuple[float, float]:
    """Return which Elo to show: every value, and of the intervals what does not squeeze the values together."""
    shown = [*network, *anchors]
    low, high = min(elo.value for elo in shown), max(elo.value for elo in shown)
    beyond = max(0.4 * (high - low), 150.0)
    bottom = max(min(elo.low for elo in shown), low - beyond)
    top = min(max(elo.high for elo in shown), high + beyond)
    margin = max(0.05 * (top - bottom), 10.0)
    return bottom - margin, top + margin


def _draw_network(
    axes: Axes, minutes: Sequence[float], elo: Sequence[Interval], limits: tuple[float, float]
) -> None:
    values = [one.value for one in elo]
    axes.errorbar(
        minutes,
        values,
        yerr=[[one.value - one.low for one in elo], [one.high - one.value for one in elo]],
        color=BLUE,
        marker="o",
        markersize=5,
        linewidth=2,
        capsize=3,
        elinewidth=1.2,
        label="the network, with 95 % intervals",
    )
    for limit, marker, cut in (
        (limits[0], "v", [one.low < limits[0] for one in elo]),
        (limits[1], "^", [one.high > limits[1] for one in elo]),
    ):
        places = [at for at, is_cut in zip(minutes, cut, strict=True) if is_cut]
        if places:
            axes.plot(
                places, [limit] * len(places), marker, color=BLUE, markersize=6, clip_on=False, zorder=5
            )


def _anchors(ratings: Sequence[Row]) -> dict[str, Interval]:
    """Return the players that are in every rating, other than the network, as the last one has them, weakest first."""
    names = set.intersection(*(set(row["players"]) for row in ratings)) - {row["current"] for row in ratings}
    found = {name: elo for name in names if (elo := rating_of(ratings[-1], name)) is not None}
    return dict(sorted(found.items(), key=lambda item: (item[1].value, item[0])))


def _draw_anchors(axes: Axes, anchors: dict[str, Interval], height: float) -> None:
    """Draw the anchors' lines and bands, and their names to the right of the axes, each so high that all are read."""
    places = apart([elo.value for elo in anchors.values()], height, axes.get_ylim())
    for index, ((name, elo), place) in enumerate(zip(anchors.items(), places, strict=True)):
        color = ANCHOR_COLORS[index % len(ANCHOR_COLORS)]
        axes.axhspan(elo.low, elo.high, color=color, alpha=0.12, linewidth=0)
        axes.axhline(elo.value, color=color, linewidth=1.2, linestyle="--")
        axes.annotate(
            _cut(name, MOST_CHARACTERS),
            (1.0, elo.value),
            xycoords=("axes fraction", "data"),
            xytext=(1.02, place),
            textcoords=("axes fraction", "data"),
            va="center",
            color=color,
            fontsize=SMALL,
            arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.8, "shrinkA": 1, "shrinkB": 0},
        )


def apart(values: Sequence[float], gap: float, limits: tuple[float, float]) -> list[float]:
    """Return places near ascending values, `gap` from each other, inside the limits where there is room for all."""
    places: list[float] = []
    for value in values:
        places.append(max(value, places[-1] + gap) if places else max(value, limits[0] + gap / 2))
    highest = limits[1] - gap / 2
    for index in reversed(range(len(places))):
        places[index] = min(places[index], highest)
        highest = places[index] - gap
    return places


def _height_of_text(figure: Figure) -> float:
    """Return the height of a line of small text as a share of the axes of a figure with a single one."""
    return 1.4 * SMALL / 72.0 / (0.75 * figure.bbox.height / figure.dpi)


def _match_text(rows: Sequence[Row]) -> str:
    """Return the result of the last match in words, or "" when there was none."""
    matches = events(rows, "match")
    if not matches:
        return ""
    match = matches[-1]
    games = match["wins"] + match["draws"] + match["losses"]
    share = 100.0 * (match["wins"] + 0.5 * match["draws"]) / max(games, 1)
    opponent = _cut(match["b"], MOST_CHARACTERS)
    return (
        f"Final match against {opponent}: {match['wins']} won, {match['draws']} drawn, "
        f"{match['losses']} lost ({share:.0f} % of the points)"
    )


def draw_selfplay(figure: Figure, rows: Sequence[Row], title: str) -> None:
    """Draw how fast games were played, how long they were, and how they ended."""
    panels = figure.subplots(len(SELFPLAY) + 1, 1, sharex=True)
    _head(figure, "Self-play", title)
    generations = events(rows, "generation")
    for axes, (key, (label, color)) in zip(panels, SELFPLAY.items(), strict=False):
        _line(axes, generations, key, color, "")
        _finish(axes, label, from_zero=True)
    _draw_results(panels[-1], generations)
    _finish(panels[-1], "results, %")
    panels[-1].set_xlabel(TIME)


def _draw_results(axes: Axes, generations: Sequence[Row]) -> None:
    """Stack the shares of games won by the first player, drawn, and won by the second."""
    counts = [[number(row, key) for key in (*RESULTS, "minutes")] for row in generations]
    counts = [row for row in counts if not math.isnan(sum(row)) and sum(row[:-1]) > 0]
    if not counts:
        return
    shares = [[100.0 * row[index] / sum(row[:-1]) for row in counts] for index in range(len(RESULTS))]
    minutes = [row[-1] for row in counts]
    if len(counts) == 1:  # a single point has no area: draw it as a short stretch
        minutes, shares = [0.98 * minutes[0], 1.02 * minutes[0]], [share * 2 for share in shares]
    axes.stackplot(minutes, *shares, labels=RESULTS.values(), colors=(BLUE, "#c9ced6", ORANGE), alpha=0.85)
    axes.set_ylim(0, 100)


def _line(
    axes: Axes,
    rows: Sequence[Row],
    key: str,
    color: str,
    label: str,
    dashed: bool = False,
    scale: float = 1.0,
) -> None:
    """Plot a column of the generations by minutes; generations without it are passed over."""
    points = [(number(row, "minutes"), scale * number(row, key)) for row in rows]
    points = [point for point in points if not math.isnan(sum(point))]
    if not points:
        return
    axes.plot(
        *zip(*points, strict=True),
        color=color,
        label=label or None,
        linewidth=1.2 if dashed else 1.8,
        linestyle="--" if dashed else "-",
        marker="o" if len(points) < 30 else None,
        markersize=3.5,
    )


def _head(figure: Figure, what: str, title: str) -> None:
    """Put the title over a figure, cut where it is wider."""
    figure.suptitle(_cut(f"{what}: {title}", _room(figure)), x=0.01, ha="left", fontsize=12)


def _room(figure: Figure) -> int:
    """Return how many characters of a title there is room for."""
    return int(8.5 * figure.bbox.width / figure.dpi)


def _finish(axes: Axes, ylabel: str, from_zero: bool = False) -> None:
    """Label an axis, lighten its frame, put the legend above it, and say so where there is nothing to see."""
    axes.set_ylabel(ylabel)
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
    if axes.get_legend_handles_labels()[1]:
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            borderaxespad=0.1,
            ncols=3,
            frameon=False,
            fontsize=SMALL,
        )


def _game(rows: Sequence[Row]) -> str:
    """Return the game's name when an event tells it."""
    return next((str(row["game"]) for row in rows if "game" in row), "training")


def _plain(key: str) -> str:
    """Return a column's name without the prefix that says on which games it was measured."""
    return next((key.removeprefix(prefix) for prefix in UNSEEN if key.startswith(prefix)), key)


def _with_unseen(name: str) -> list[str]:
    return [name, *(prefix + name for prefix in UNSEEN)]


def _has(rows: Sequence[Row], key: str) -> bool:
    """Whether a column was ever measured."""
    return any(not math.isnan(number(row, key)) for row in rows)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."
