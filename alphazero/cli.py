"""The command `alphazero`: parse, call, print; every error is one line and exit status 2.

Each command is a module of `alphazero.commands` with SUMMARY, `add_arguments(parser)` and `run(args)`.
Nothing here or at the top of those modules loads torch, numba or pydantic: `--help` answers at once.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from alphazero.interrupts import Interrupts
from alphazero.visible import visible

COMMANDS = (
    "games",
    "train",
    "play",
    "match",
    "analyze",
    "solve",
    "accuracy",
    "champions",
    "players",
    "selfplay",
    "bench",
    "plot",
    "doctor",
)
GENERAL_OPTIONS = ("-h", "--help", "--version")
EXIT_ERROR, EXIT_INTERRUPTED, EXIT_BROKEN_PIPE = (
    2,
    130,
    141,
)  # the last two as shells report SIGINT and SIGPIPE

OUT_OF_MEMORY = "out of memory: set smaller search.memory_mb, selfplay.parallel_games or training.batch_size"


class UsageError(ValueError):
    """Arguments that cannot be used."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UsageError with one line instead of printing its usage and exiting."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")

    def _print_message(self, message: str, file: Any = None) -> None:
        print(message, end="", file=file)  # argparse keeps silent about a place that takes nothing


class CommandHelp(argparse.HelpFormatter):
    """Leaves room for the longest command, which argparse counts without its indent."""

    def add_argument(self, action: argparse.Action) -> None:
        super().add_argument(action)
        self._action_max_length = max(self._action_max_length, 4 + max(map(len, COMMANDS)))


class ShowVersion(argparse.Action):
    """Prints the version."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        print(f"alphazero {importlib.import_module('alphazero').__version__}")
        parser.exit()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, 1 (`doctor` found something), 2 (an error), 130 (interrupted) or 141 (closed pipe).

    Without `arguments` it is the program: it reads the command line and decides what Ctrl-C does from here to the end.
    """
    if arguments is not None:
        return _run(arguments)
    interrupts = Interrupts(lambda: _fail("interrupted", EXIT_INTERRUPTED))
    interrupts.install()
    try:
        return _run(sys.argv[1:])
    except KeyboardInterrupt:  # while another end was being told
        return EXIT_INTERRUPTED
    finally:
        interrupts.leaving = True


def _run(arguments: Sequence[str]) -> int:
    try:
        return _call(arguments)
    except KeyboardInterrupt:
        return _fail("interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:
        _discard_output()
        return EXIT_BROKEN_PIPE
    except OSError as error:
        return _fail(_file_problem(error))
    except MemoryError:
        return _fail(OUT_OF_MEMORY)
    except ValueError as error:
        return _fail(str(error))
    except RuntimeError as error:  # torch's
        if not any(words in str(error) for words in ("out of memory", "allocate memory")):
            raise
        return _fail(OUT_OF_MEMORY)


def _call(arguments: Sequence[str]) -> int:
    try:
        args = parse(arguments)
        status = args.run(args) or 0
    except SystemExit:  # after --help and --version
        _flush()
        raise
    _flush()
    return status


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the parsed arguments, with `run` the function of the command; raises UsageError."""
    command = next((word for word in arguments if not word.startswith("-")), None)
    if command is not None and command not in COMMANDS:
        raise UsageError(
            f"unknown command {command!r}{_hint(command, COMMANDS)}; commands: {', '.join(COMMANDS)}"
        )
    if command is None and (
        unknown := next((word for word in arguments if word not in GENERAL_OPTIONS), None)
    ):
        raise UsageError(
            f"unknown option {unknown!r}{_hint(unknown, GENERAL_OPTIONS)}; expected a command: "
            f"{', '.join(COMMANDS)}"
        )
    parser = Parser(
        prog="alphazero",
        description="Learn board games from nothing, and play.",
        allow_abbrev=False,
        formatter_class=CommandHelp,
    )
    parser.add_argument("--version", action=ShowVersion, nargs=0, help="show the version and exit")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    options: dict[str, list[str]] = {}
    for name in COMMANDS:
        module = importlib.import_module(f"alphazero.commands.{name}")
        sub = subparsers.add_parser(name, help=module.SUMMARY, description=module.SUMMARY, allow_abbrev=False)
        module.add_arguments(sub)
        sub.set_defaults(run=module.run, command=name, overrides_allowed=name == "train")
        options[name] = list(sub._option_string_actions)
    args, extra = parser.parse_known_args(arguments)
    _take_extra(args, extra, options[args.command])
    return args


def _take_extra(args: argparse.Namespace, extra: list[str], options: list[str]) -> None:
    """Add overrides that stand after options (argparse does not find them there); refuse everything else."""
    for word in extra:
        if args.overrides_allowed and "=" in word and not word.startswith("-"):
            args.words.append(word)
            continue
        name = word.partition("=")[0]
        raise UsageError(
            f"unknown argument {word!r}{_hint(name, options)} (see alphazero {args.command} --help)"
        )


def _hint(name: str, known: Sequence[str]) -> str:
    from games.options import did_you_mean

    return did_you_mean(name, known)


def _file_problem(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}the disk is full ({error.strerror}); what was written before is kept, free some space"
    if error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


def _fail(message: str, status: int = EXIT_ERROR) -> int:
    try:
        _flush()
    except OSError:  # there is no place for what was printed; what is wrong is told all the same
        _discard_output()
    text = visible(" ".join(message.split()))
    if status == EXIT_INTERRUPTED:
        print(f"{_fresh_line()}alphazero: {text}", file=sys.stderr)
    else:
        print(f"alphazero: error: {text}", file=sys.stderr)
    return status


def _flush() -> None:
    """Write out what was printed: a pipe or a disk that does not take it is noticed here and not at the exit."""
    if sys.stdout is not None:
        sys.stdout.flush()


def _discard_output() -> None:
    """Let what is still to be printed go nowhere: Python writes it out once more at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fresh_line() -> str:
    """Return what moves a terminal to a new line after the "^C" that stands there."""
    return "\n" if all(s is not None and s.isatty() for s in (sys.stdin, sys.stderr)) else ""
