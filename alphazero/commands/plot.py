"""`alphazero plot`: draw the curves of a run."""

from __future__ import annotations

import argparse

SUMMARY = "draw a run's losses, Elo and self-play as PNG"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run_folder", metavar="RUN", help="the folder of a run, such as runs/connect_four_quick"
    )


def run(args: argparse.Namespace) -> None:
    from alphazero.run.plots import plot_run

    for path in plot_run(args.run_folder):
        print(path)
