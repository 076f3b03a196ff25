"""`alphazero train`: learn a game from a settings file, or go on with a run."""

from __future__ import annotations

import argparse
import os

SUMMARY = "learn a game by self-play"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="*",
        metavar="CONFIG [key=value ...]",
        help="a settings file, or the name of one that comes with alphazero such as connect_four_quick, and "
        "settings that replace its own, such as search.simulations=64",
    )
    parser.add_argument("--resume", metavar="RUN", help="go on with the run in this folder instead")
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        help="where the network runs: the setting device=... in short",
    )


def run(args: argparse.Namespace) -> None:
    files = [word for word in args.words if "=" not in word]
    overrides = [word for word in args.words if "=" in word]
    if args.resume is not None and files:
        raise ValueError(f"--resume {args.resume} has its own settings: leave out {files[0]}")
    if args.resume is None and len(files) != 1:
        given = " and ".join(files) or "none"
        raise ValueError(f"train needs one settings file or name, such as connect_four_quick; given: {given}")
    if args.device is not None:
        overrides.append(f"device={args.device}")

    if os.environ.get("TORCHELASTIC_RUN_ID"):  # torchrun started this process
        _run_together(args, files, overrides)
    else:
        _work(args, files, overrides)


def _run_together(args: argparse.Namespace, files: list[str], overrides: list[str]) -> None:
    """Lead the processes that torchrun started, or follow the one that leads."""
    from alphazero.learning.following import follow
    from alphazero.learning.ranks import RanksLost, joined

    try:
        with joined() as group:
            if group is not None and group.rank:
                follow(group)
            else:
                _work(args, files, overrides)
    except RanksLost as error:
        raise ValueError(str(error)) from None


def _work(args: argparse.Namespace, files: list[str], overrides: list[str]) -> None:
    from alphazero.api import resume, train

    try:
        summary = resume(args.resume, overrides) if args.resume is not None else train(files[0], overrides)
    except KeyboardInterrupt as stopped:
        if str(stopped):
            print(stopped, flush=True)
        raise
    print(summary, flush=True)
