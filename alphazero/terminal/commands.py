"""What can be typed besides moves: each command's words for help and what it does to the session."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from alphazero.terminal.record import GameRecord, save_record

if TYPE_CHECKING:
    from alphazero.terminal.session import Session

SHOWN_MOVES = 10


class Command(NamedTuple):
    """A command: how it is typed, what it does in words, and `run(session, rest_of_the_line)`."""

    usage: str
    meaning: str
    run: Callable[[Session, str], None]


def find_command(word: str) -> Command | None:
    """Return the command that a word means, in any case; None when it is none."""
    return COMMANDS.get(ALIASES.get(word.lower(), word.lower()))


def _board(session: Session, rest: str) -> None:
    session.show()


def _undo(session: Session, rest: str) -> None:
    if not session.take_back():
        raise ValueError("there is no move of yours to take back")
    session.show()


def _hint(session: Session, rest: str) -> None:
    _not_over(session)
    best = session.analyst.analyze(session.state).moves[0]
    session.say(f"Try {best.move}, expecting {' '.join(best.principal_variation)} (q {best.q:+.2f}).")


def _analysis(session: Session, rest: str) -> None:
    _not_over(session)
    session.say(session.analyst.analyze(session.state).table(SHOWN_MOVES))


def _resign(session: Session, rest: str) -> None:
    _not_over(session)
    session.resigned = True
    session.show()


def _save(session: Session, rest: str) -> None:
    import games

    name = rest or f"{session.game.name}-{datetime.now():%Y%m%d-%H%M%S}.txt"
    human = ("first", "second")[session.human]
    record = GameRecord(
        games.spec(session.game), human, session.opponent.name, session.result(), tuple(session.moves)
    )
    save_record(name, record)
    session.say(f"Saved; go on with: alphazero play --load {shlex.quote(name)}")


def _moves(session: Session, rest: str) -> None:
    numbered = [f"{ply}. {move}" for ply, move in enumerate(session.moves, start=1)]
    session.say("  ".join(numbered) or "No moves yet.")


def _new(session: Session, rest: str) -> None:
    session.begin()
    session.introduce()


def _quit(session: Session, rest: str) -> None:
    session.quitting = True


def _help(session: Session, rest: str) -> None:
    width = max(len(command.usage) for command in COMMANDS.values())
    lines = [f"  {'a move':<{width}}  {_examples(session)}"]
    lines += [f"  {command.usage:<{width}}  {command.meaning}" for command in COMMANDS.values()]
    session.say("\n".join(lines))


def _examples(session: Session) -> str:
    legal = [
        session.game.action_name(session.state, int(action)) for action in session.game.legal(session.state)
    ]
    more = ", ..." if len(legal) > SHOWN_MOVES else ""
    return f"now: {', '.join(legal[:SHOWN_MOVES])}{more}" if legal else "none, the game is over"


def _not_over(session: Session) -> None:
    if session.over:
        raise ValueError("the game is over: new, undo, save or quit")


COMMANDS = {
    "undo": Command("undo", "take back, to your previous turn", _undo),
    "hint": Command("hint", "suggest a move", _hint),
    "analysis": Command("analysis", "judge the position and each move", _analysis),
    "board": Command("board", "show the board again", _board),
    "moves": Command("moves", "list the moves so far", _moves),
    "resign": Command("resign", "give up this game", _resign),
    "save": Command("save [FILE]", "write the game to a file, to go on later", _save),
    "new": Command("new", "begin a new game", _new),
    "help": Command("? or help", "show this list", _help),
    "quit": Command("quit", "leave", _quit),
}
ALIASES = {"?": "help", "exit": "quit", "analyze": "analysis", "analyse": "analysis"}
