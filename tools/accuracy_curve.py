"""How wrong moves fall over a run of training: judges every rated generation in the labelled positions.

    python tools/accuracy_curve.py runs/connect_four_quick --simulations 600 --plot curve.png

Prints a line for each rated generation: minutes, positions, wrong moves by set in percent. What was judged is kept in
the run's accuracy.jsonl and is not judged again.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import games
from alphazero.arena.accuracy import count_errors, read_positions, total
from alphazero.arena.players import make_player
from alphazero.commands.accuracy import position_files
from alphazero.run.evaluation import model_file
from alphazero.run.metrics import events, read_metrics
from games.options import format_spec

RESULTS = "accuracy.jsonl"


def judged(run: Path) -> list[dict[str, Any]]:
    """Return what has been judged so far."""
    path = run / RESULTS
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def judge(run: Path, rating: dict[str, Any], sets: list[Any], game: Any, simulations: int) -> dict[str, Any]:
    """Return the wrong moves of one rated generation."""
    path = run / "checkpoints" / model_file(rating["generation"])
    player = make_player(format_spec("model", {"path": path, "simulations": simulations}), game, seed=1)
    errors = [count_errors(player, positions) for positions in sets]
    return {
        "generation": rating["generation"],
        "minutes": rating["minutes"],
        "positions": rating["positions"],
        "simulations": simulations,
        "wrong": {e.name: [e.wrong, e.positions] for e in [*errors, total(errors)]},
    }


def line_of(row: dict[str, Any]) -> str:
    """Return a row as text."""
    shares = "  ".join(f"{name} {100 * wrong / asked:.1f}" for name, (wrong, asked) in row["wrong"].items())
    return f"{row['minutes']:6.1f} min  {row['positions']:9,} positions  {shares}"


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw the share of wrong moves by minutes, a line for each set that is not nearly free of errors."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 6.0), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    minutes = [row["minutes"] for row in rows]
    for name in rows[-1]["wrong"]:
        shares = [100 * row["wrong"][name][0] / row["wrong"][name][1] for row in rows]
        axes.plot(
            minutes, shares, marker="o", markersize=4, linewidth=2.5 if name == "all" else 1.5, label=name
        )
    axes.set_xlabel("minutes of training")
    axes.set_ylabel(f"wrong moves at {rows[-1]['simulations']} simulations, %")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.grid(color="#e5e7eb", linewidth=0.8)
    axes.legend(frameon=False)
    figure.savefig(path)


def main() -> None:
    """Judge what has not been judged yet, and print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--simulations", type=int, default=600)
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    metrics = read_metrics(args.run)
    game = games.parse(next(row["game"] for row in metrics if "game" in row))
    sets = [read_positions(path, game) for path in position_files(None, game)]
    known = {(row["generation"], row["simulations"]) for row in judged(args.run)}
    for rating in events(metrics, "rating"):
        if (rating["generation"], args.simulations) not in known:
            row = judge(args.run, rating, sets, game, args.simulations)
            with (args.run / RESULTS).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
    rows = sorted(
        (row for row in judged(args.run) if row["simulations"] == args.simulations),
        key=lambda row: row["minutes"],
    )
    print("\n".join(map(line_of, rows)))
    if args.plot and rows:
        plot(rows, args.plot)


if __name__ == "__main__":
    main()
