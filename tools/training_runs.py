"""Keeps what finished runs measured, in docs/training_runs/, and draws all of it for docs/training_runs.md.

    python tools/training_runs.py othello6=runs/othello6 hex5=runs/hex5     (adds or replaces these runs)
    python tools/training_runs.py                                           (draws and prints the table again)

Kept are the losses, ratings and last match of metrics.jsonl. The pictures have a panel for each run.
"""

import json
import math
import sys
from pathlib import Path

import games
from alphazero.arena.result import share_interval
from alphazero.run.metrics import Row, events, read_metrics
from alphazero.run.plots import DOTS_PER_INCH, Draw, draw_elo, draw_losses

DOCS = Path(__file__).resolve().parent.parent / "docs"
KEPT, IMAGES = DOCS / "training_runs", DOCS / "images"
FIELDS = (
    "event",
    "generation",
    "minutes",
    "games",
    "positions",
    "positions_per_second",
    "game_length_mean",
    "policy_loss",
    "value_loss",
    "policy_entropy",
    "fresh_policy_loss",
    "fresh_value_loss",
    "held_out_policy_loss",
    "held_out_value_loss",
    "held_out_accuracy",
)  # of a generation, those that it has
COLUMNS, PANEL_INCHES = 3, (7.2, 4.6)


def keep(name: str, run: Path) -> None:
    """Copy what the documents need of a run's metrics."""
    rows = [kept for row in read_metrics(run) if (kept := shortened(row)) is not None]
    KEPT.mkdir(exist_ok=True)
    (KEPT / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def shortened(row: Row) -> Row | None:
    """Return what is kept of an event, None for nothing."""
    if row["event"] == "generation":
        kept = {key: row[key] for key in FIELDS if key in row}
        return {key: float(f"{x:.4g}") if isinstance(x, float) else x for key, x in kept.items()}
    if row["event"] == "rating":
        players = {
            name: [round(elo) for elo in interval]
            for name, interval in row["players"].items()
            if name == row["current"] or not name.startswith("generation")
        }
        return {**row, "players": players}
    return row if row["event"] in ("start", "match", "end") else None


def draw(runs: dict[str, list[Row]], path: Path, panel: Draw) -> None:
    """Draw one panel for each run."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lines = math.ceil(len(runs) / COLUMNS)
    size = (COLUMNS * PANEL_INCHES[0], lines * PANEL_INCHES[1])
    figure = Figure(figsize=size, dpi=0.75 * DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subfigures(lines, COLUMNS, squeeze=False).ravel()
    for part, rows in zip(panels, runs.values(), strict=False):
        panel(part, rows, game_of(rows))
    figure.savefig(path)


def game_of(rows: list[Row]) -> str:
    """Return a run's game with those of its rules that are not the usual ones."""
    name, _, rules = next(row["game"] for row in rows if "game" in row).partition(":")
    usual = set(games.spec(games.make(name)).partition(":")[2].split(","))
    others = [rule for rule in rules.split(",") if rule and rule not in usual]
    return f"{name}:{','.join(others)}" if others else name


def table(runs: dict[str, list[Row]]) -> str:
    """Return what every run came to, as a table in Markdown."""
    columns = ("run", "game", "minutes", "games", "positions", "Elo", "last match", "points (95 %)")
    lines = [columns, ("---",) * len(columns), *(columns_of(name, rows) for name, rows in runs.items())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def columns_of(name: str, rows: list[Row]) -> tuple[str, ...]:
    """Return a run's line of the table."""
    end = events(rows, "end")[-1]
    ratings = events(rows, "rating")
    elo = "{:+d} [{:+d}, {:+d}]".format(*ratings[-1]["players"][ratings[-1]["current"]]) if ratings else ""
    return (
        name,
        f"`{game_of(rows)}`",
        f"{end['minutes']:.1f}",
        f"{end['games']:,}",
        f"{end['positions']:,}",
        elo,
        *match_text(rows),
    )


def match_text(rows: list[Row]) -> tuple[str, str]:
    """Return opponent and result of a run's last match, and the share of the points with its interval."""
    matches = events(rows, "match")
    if not matches:
        return "", ""
    match = matches[-1]
    low, high = share_interval(match["pairs"])
    return (
        f"`{match['b']}`: {match['wins']}-{match['draws']}-{match['losses']}",
        f"{100 * match['share']:.0f} % ({100 * low:.0f} to {100 * high:.0f})",
    )


def main() -> None:
    """Add the runs that are named, draw all, print the table."""
    for argument in sys.argv[1:]:
        name, _, run = argument.partition("=")
        if not run:
            sys.exit(f"{argument!r}: expected NAME=RUN, such as hex5=runs/hex5")
        keep(name, Path(run))
    runs = {path.stem: read_metrics(path) for path in sorted(KEPT.glob("*.jsonl"))}
    draw(runs, IMAGES / "training_runs_elo.png", draw_elo)
    draw(runs, IMAGES / "training_runs_losses.png", draw_losses)
    print(table(runs))


if __name__ == "__main__":
    main()
