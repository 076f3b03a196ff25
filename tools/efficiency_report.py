"""Tables and a plot of the experiments in docs/efficiency.jsonl, for docs/efficiency.md.

    python tools/efficiency_report.py docs/images/efficiency.png > tables.md

Seeds are taken together. Intervals are 95 %: Wilson's for a share of wrong moves, the normal one for a difference. They
say how well the models were judged, not how much another seed would differ; how far two seeds lie apart is in the
table of differences.
"""

import argparse
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

from alphazero.arena.accuracy import Errors
from alphazero.arena.rating import INTERVAL_Z
from tools.efficiency import CHANGES, GONE, JUDGES, PLAY, results

Results = dict[str, list[dict[str, Any]]]  # by change
TITLES = {"network": "The network alone", "100": "100 simulations", "600": "600 simulations"}


def by_change(minutes: float) -> Results:
    """Return the results of runs of so many minutes, the baseline first."""
    rows: Results = defaultdict(list)
    for result in results():
        if result["minutes"] == minutes:
            rows[result["change"]].append(result)
    order = ["baseline", *CHANGES, *sorted(set(rows) - set(CHANGES))]
    return {name: rows[name] for name in dict.fromkeys(order) if name in rows}


def pooled(found: list[dict[str, Any]], judge: str, name: str) -> Errors:
    """Return the errors in one set of positions, seeds together."""
    counts = [result["wrong"][judge][name] for result in found]
    return Errors(name, sum(asked for _, asked in counts), sum(wrong for wrong, _ in counts))


def share_text(errors: Errors) -> str:
    """Return a share in percent and half its interval."""
    low, high = errors.interval.low, errors.interval.high
    return f"{100 * errors.share:.1f} ±{50 * (high - low):.1f}"


def difference(new: Errors, old: Errors) -> tuple[float, float]:
    """Return share(new) - share(old) and half of its interval."""
    spread = sum(e.share * (1 - e.share) / e.positions for e in (new, old))
    return new.share - old.share, INTERVAL_Z * math.sqrt(spread)


def same_seeds(rows: Results, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the baseline's results with the seeds of `found`."""
    seeds = {result["seed"] for result in found}
    return [result for result in rows["baseline"] if result["seed"] in seeds]


def set_table(rows: Results, judge: str) -> list[str]:
    """Return a table of one judge: wrong moves by set, in percent."""
    sets = list(rows["baseline"][0]["wrong"][judge])
    lines = [
        f"### {TITLES[judge]}",
        "",
        "| change | positions | " + " | ".join(sets) + " |",
        "|---" * (len(sets) + 2) + "|",
    ]
    for change, found in rows.items():
        cells = [share_text(pooled(found, judge, name)) for name in sets]
        positions = sum(result["positions"] for result in found) // len(found)
        lines.append(f"| {change} | {positions:,} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def difference_table(rows: Results) -> list[str]:
    """Return a table of differences from the baseline, all sets together, the seeds in brackets."""
    lines = [
        "### Against the baseline, all sets, percentage points",
        "",
        "| change | settings | " + " | ".join(TITLES.values()) + " |",
        "|---" * (len(TITLES) + 2) + "|",
    ]
    for change, found in rows.items():
        if change == "baseline":
            continue
        cells = []
        for judge in JUDGES:
            gain, half = difference(
                pooled(found, judge, "all"), pooled(same_seeds(rows, found), judge, "all")
            )
            each = [
                difference(pooled([one], judge, "all"), pooled(same_seeds(rows, [one]), judge, "all"))[0]
                for one in found
            ]
            seeds = " (" + ", ".join(f"{100 * e:+.1f}" for e in each) + ")" if len(each) > 1 else ""
            cells.append(f"{100 * gain:+.1f} ±{100 * half:.1f}{seeds}")
        settings = ", ".join(f"{name}={value}".lower() for name, value in CHANGES.get(change, {}).items())
        settings = settings or GONE.get(change, "")
        lines.append(f"| {change} | {settings} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def play_table(rows: Results) -> list[str]:
    """Return a table of what changes play alone, on the models of the baseline."""
    lines = [
        "### In play alone, on the models of the baseline",
        "",
        "| search | wrong, all sets, % |",
        "|---|---|",
    ]
    names = [name for name in (*JUDGES, *PLAY) if name in rows["baseline"][0]["wrong"]]
    lines += [f"| {name} | {share_text(pooled(rows['baseline'], name, 'all'))} |" for name in names]
    return [*lines, ""]


def report(minutes: float) -> str:
    """Return all tables as Markdown; ValueError when nothing was measured."""
    rows = by_change(minutes)
    if "baseline" not in rows:
        raise ValueError(
            f"no baseline of {minutes:g} minutes has been measured: run tools/efficiency.py first"
        )
    lines = difference_table(rows)
    for judge in JUDGES:
        lines += set_table(rows, judge)
    return "\n".join(lines + play_table(rows)).rstrip("\n")


def plot(minutes: float, path: Path) -> None:
    """Draw the share of wrong moves of every change, all sets together, the best at 600 simulations on top."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = by_change(minutes)
    order = sorted(rows, key=lambda name: -pooled(rows[name], "600", "all").share)
    figure = Figure(figsize=(10.0, 1.2 + 0.27 * len(order)), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(JUDGES), sharey=True)
    for axes, judge in zip(panels, JUDGES, strict=True):
        base = pooled(rows["baseline"], judge, "all").share
        axes.axvline(100 * base, color="#6b7280", linewidth=1.0, linestyle="--")
        for place, name in enumerate(order):
            errors = pooled(rows[name], judge, "all")
            low, high = errors.interval.low, errors.interval.high
            color = "#6b7280" if name == "baseline" else "#2166ac" if errors.share < base else "#d6741a"
            axes.plot([100 * low, 100 * high], [place, place], color=color, linewidth=1.5)
            axes.plot([100 * errors.share], [place], "o", color=color, markersize=5)
        axes.set_yticks(range(len(order)), order)
        axes.set_title(TITLES[judge], loc="left", fontsize=11)
        axes.set_xlabel("wrong moves, %")
        axes.grid(axis="x", color="#e5e7eb", linewidth=0.8)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    figure.savefig(path)


def main() -> None:
    """Print the tables and draw the plot."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("plot", type=Path, nargs="?", help="where the plot goes")
    parser.add_argument("--minutes", type=float, default=5.0)
    args = parser.parse_args()
    print(report(args.minutes))
    if args.plot:
        plot(args.minutes, args.plot)


if __name__ == "__main__":
    main()
