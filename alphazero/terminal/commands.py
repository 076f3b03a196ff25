"""What can be typed besides moves: each command's words for help and what it does to the console."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from alphazero.terminal.console import Console

SHOWN_MOVES = 10


class Command(NamedTuple):
    """A command: how it is typed, what it does in words, `run(console, rest_of_the_line)`, whether it takes a rest."""

    usage: str
    meaning: str
    run: Callable[[Console, str], None]
    takes_more: bool = False


def find_command(word: str) -> Command | None:
    """Return the command that a word means, in any case; None when it is none."""
    return {**COMMANDS, **FORCED}.get(ALIASES.get(word.lower(), word.lower()))


def obey(console: Console, command: Command, rest: str) -> None:
    """Carry out a command; ValueError when it cannot be, or is followed by something that it does not take."""
    if rest and not command.takes_more:
        raise ValueError(
            f"{rest!r} after {command.usage}: nothing was expected there; type {command.usage} alone"
        )
    command.run(console, rest)


def _board(console: Console, rest: str) -> None:
    console.show()


def _undo(console: Console, rest: str) -> None:
    turns = int(rest) if rest.isascii() and rest.isdigit() else 0 if rest else 1
    if turns < 1:
        raise ValueError(f"undo {rest!r}: expected how many turns, a whole number of at least 1")
    console.played.take_back(turns)
    console.show()


def _hint(console: Console, rest: str) -> None:
    best = console.analysis().moves[0]
    console.say(f"Try {best.move}, expecting {' '.join(best.principal_variation)} (q {best.q:+.2f}).")


def _analysis(console: Console, rest: str) -> None:
    console.say(console.analysis().table(SHOWN_MOVES))


def _resign(console: Console, rest: str) -> None:
    console.not_over()
    console.played.resign()
    console.show()


def _save(console: Console, rest: str) -> None:
    console.save(rest)


def _save_over(console: Console, rest: str) -> None:
    console.save(rest, replace=True)


def _load(console: Console, rest: str) -> None:
    if not rest:
        raise ValueError("load needs the file of a saved game: load FILE")
    console.load(rest)


def _moves(console: Console, rest: str) -> None:
    numbered = [f"{ply}. {move}" for ply, move in enumerate(console.played.moves, start=1)]
    console.say("  ".join(numbered) or "No moves yet.")


def _new(console: Console, rest: str) -> None:
    console.begin()
    console.introduce()


def _quit(console: Console, rest: str) -> None:
    console.quitting = True


def _help(console: Console, rest: str) -> None:
    width = max(len(command.usage) for command in COMMANDS.values())
    lines = [f"  {'a move':<{width}}  {_examples(console)}"]
    lines += [f"  {command.usage:<{width}}  {command.meaning}" for command in COMMANDS.values()]
    console.say("\n".join(lines))


def _examples(console: Console) -> str:
    game, state = console.played.game, console.played.state
    legal = [game.action_name(state, int(action)) for action in game.legal(state)]
    more = ", ..." if len(legal) > SHOWN_MOVES else ""
    return f"now: {', '.join(legal[:SHOWN_MOVES])}{more}" if legal else "none, the game is over"


COMMANDS = {
    "undo": Command("undo [N]", "take back, to your previous turn or N turns", _undo, True),
    "hint": Command("hint", "suggest a move", _hint),
    "analysis": Command("analysis", "judge the position and each move", _analysis),
    "board": Command("board", "show the board again", _board),
    "moves": Command("moves", "list the moves so far", _moves),
    "resign": Command("resign", "give up this game", _resign),
    "save": Command(
        "save [FILE]", "write the game to a file, to go on later (save! over another game)", _save, True
    ),
    "load": Command("load FILE", "go on with a saved game instead of this one", _load, True),
    "new": Command("new", "begin a new game", _new),
    "help": Command("? or help", "show this list", _help),
    "quit": Command("quit", "leave", _quit),
}
FORCED = {"save!": Command("save! FILE", "write the game over another one", _save_over, True)}
ALIASES = {"?": "help", "exit": "quit", "analyze": "analysis", "analyse": "analysis"}
