"""`alphazero doctor`: what looks wrong in a run, and what to change; whether the machine is busy."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from alphazero.commands.options import add_json

SUMMARY = "say what looks wrong in a run and what to change, and whether this machine is busy"
FOUND = 1  # the exit status when something was found in the run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run_folder",
        nargs="?",
        metavar="RUN",
        help="the folder of a run, such as runs/connect_four_quick; left out: this machine only",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    import json

    from alphazero.run.busy import busy_text, share_of_others

    report, lines = ({}, []) if args.run_folder is None else _examined(args.run_folder)
    share = share_of_others()
    if args.json:
        print(json.dumps(report | {"share_of_others": share}))
        return FOUND if report.get("findings") else 0
    if others := busy_text(share):
        lines.append(others)
    print(
        "\n".join(lines or [f"this machine is free: {1.0 - share:.0%} of the cores are there for alphazero"])
    )
    return FOUND if report.get("findings") else 0


def _examined(folder: str) -> tuple[dict[str, Any], list[str]]:
    """Return what a run's metrics say, as JSON takes it and in lines."""
    from alphazero.methods.checks import checks_of
    from alphazero.run.doctor import examine, read_run

    found = read_run(Path(folder))
    checks = checks_of(found.config.method)
    findings = examine(found, checks)
    report = {
        "run": folder,
        "generations": len(found.generations),
        "findings": [
            {
                "name": finding.name,
                "evidence": finding.evidence,
                "change": finding.change(found.config),
                "advice": [advice._asdict() for advice in finding.advice],
            }
            for finding in findings
        ],
    }
    lines = [f"{finding.name}: {finding.evidence}\n  {finding.change(found.config)}" for finding in findings]
    number = f"{len(findings) or 'no'} finding{'s' * (len(findings) != 1)}"
    return report, [*lines, f"{number} in {len(found.generations)} generations, {len(checks)} checks"]
