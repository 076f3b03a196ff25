"""`alphazero doctor`: what looks wrong in a run, and what to change."""

from __future__ import annotations

import argparse
from pathlib import Path

from alphazero.commands.options import add_json

SUMMARY = "say what looks wrong in a run and what to change"
FOUND = 1  # the exit status when something was found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run_folder", metavar="RUN", help="the folder of a run, such as runs/connect_four_quick"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    import json

    from alphazero.methods.checks import checks_of
    from alphazero.run.doctor import examine, read_run

    found = read_run(Path(args.run_folder))
    checks = checks_of(found.config.method)
    findings = examine(found, checks)
    if args.json:
        print(
            json.dumps(
                {
                    "run": args.run_folder,
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
            )
        )
    else:
        for finding in findings:
            print(f"{finding.name}: {finding.evidence}\n  {finding.change(found.config)}")
        print(
            f"{len(findings) or 'no'} finding{'s' * (len(findings) != 1)} in {len(found.generations)} generations, "
            f"{len(checks)} checks"
        )
    return FOUND if findings else 0
