"""The console: reads lines, a move or a command each, and writes boards and answers, until "quit" or the end.

Knows games, engines and streams; what is being played is a `GameInPlay`, and who plays whom a `Setup`.
"""

from __future__ import annotations

import contextlib
import random
import shlex
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TextIO

import games
from alphazero.play.analysis import Analysis
from alphazero.terminal.commands import COMMANDS, find_command, obey
from alphazero.terminal.game import FIRST, SIDE_NAMES, GameInPlay
from alphazero.terminal.record import GameRecord, is_record, load_record, save_record
from alphazero.terminal.setup import Setup, game_of_record
from alphazero.visible import visible
from games.notation import play_moves
from games.options import did_you_mean

__all__ = ["Console"]

OVER = "the game is over: new, undo, save or quit"


class Console:
    """A session at a terminal: one game after another between a setup's players.

    played: a game that is under way already; file: where it is saved; open_record: makes the setup of a saved game, for
    `load`; reader: None means the keyboard, with line editing. What it is given it closes (`close`).
    """

    def __init__(
        self,
        setup: Setup,
        *,
        played: GameInPlay | None = None,
        file: str | None = None,
        open_record: Callable[[GameRecord], Setup] | None = None,
        seed: int = 0,
        reader: TextIO | None = None,
        writer: TextIO | None = None,
    ):
        self.setup = setup
        self.reader = reader
        self.writer = sys.stdout if writer is None else writer
        self.open_record = open_record
        self.random = random.Random(seed)
        self.quitting = False
        self.begin(played, file)

    def begin(self, played: GameInPlay | None = None, file: str | None = None) -> None:
        """Set up a new game, or take one over that was saved in `file`; a random side is drawn anew."""
        people = self.setup.people(self.random)
        self.played = played or GameInPlay(self.setup.game, people, self.setup.start)
        self.file = None if file is None else Path(file).expanduser()
        self._saved = self._content() if file is not None else None
        if self.setup.opponent is not None:
            self.setup.opponent.new_game(self.random.getrandbits(32))

    def run(self) -> None:
        """Play until "quit" or the end of the input.

        An interruption, or an opponent that fails, leaves a game in which something was played in a file, says which,
        and goes on to the caller.
        """
        try:
            self._run()
        except BaseException:
            self._keep()
            raise

    def _run(self) -> None:
        if self.reader is None:  # bytes that are no text are shown as such and do not end the session
            with contextlib.suppress(AttributeError, OSError):
                sys.stdin.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        self.introduce()
        while not self.quitting:
            if not self.played.over and not self.played.person_to_move:
                self._opponent_moves()
                continue
            try:
                line = self._read()
            except UnicodeDecodeError as error:
                self.say(f"that was no text in {error.encoding}: type it again")
                continue
            if line is None:
                self.say("")
                return
            self._obey(line.strip())

    def close(self) -> None:
        """Close the engines."""
        self.setup.close()

    def introduce(self) -> None:
        """Say who plays whom, and show the board."""
        game, beginner = self.setup.game, int(self.setup.game.to_move(self.played.states[0]))
        self.say(f"{games.spec(game)}: {self._who(beginner)}. Type a move, or ? for help.")
        if self.played.person_to_move or self.played.over:
            self.show()

    def _who(self, beginner: int) -> str:
        if self.setup.opponent is None:
            begins = f", and the {SIDE_NAMES[beginner]} player begins" if beginner != FIRST else ""
            return f"you play both sides{begins}"
        human = self._human
        side = f"you move {SIDE_NAMES[human]}"
        if beginner != FIRST:  # such as White after handicap stones
            side = f"you are the {SIDE_NAMES[human]} player, and the {SIDE_NAMES[beginner]} player begins"
        return f"{side}, against {self.setup.name}"

    @property
    def _human(self) -> int:
        """The player that the only person is; FIRST where there are two."""
        return min(self.played.people)

    def show(self) -> None:
        """Show the board, the moves since the person's turn before, and the result when there is one."""
        played, view = self.played, self._human
        self.say(f"\n{played.game.render(played.state, view)}\n")
        moves = played.moves
        for ply in range(self._first_unseen(), len(moves)):
            mover = int(played.game.to_move(played.states[ply]))
            name = f", {self._name_of(mover)}" if self.setup.opponent is not None else ""
            self.say(f"Move {ply + 1}: {moves[ply]} ({SIDE_NAMES[mover]} player{name}).")
        if played.over:
            self._say_result()

    def _name_of(self, player: int) -> str:
        return "you" if player in self.played.people else self.setup.name

    def _first_unseen(self) -> int:
        """Return the index of the opponent's first move since the person's last, or of the last move."""
        played = self.played
        first = len(played.actions)
        while first > 0 and int(played.game.to_move(played.states[first - 1])) not in played.people:
            first -= 1
        return max(min(first, len(played.actions) - 1), 0)

    def say(self, text: str) -> None:
        """Write a line at once."""
        print(text, file=self.writer, flush=True)

    def _say_result(self) -> None:
        played = self.played
        reason = "" if played.resigned is not None else played.game.end_reason(played.state)
        why = f" {reason[0].upper()}{reason[1:]}." if reason else ""
        self.say(f"Game over. {self._ending()}{why} (new, undo, save, quit)")

    def _ending(self) -> str:
        played = self.played
        if played.outcome == 0:
            return "A draw."
        winner = played.winner()
        if self.setup.opponent is None:
            gave_up = f"The {SIDE_NAMES[1 - winner]} player resigned: " if played.resigned is not None else ""
            return f"{gave_up}{'the' if gave_up else 'The'} {SIDE_NAMES[winner]} player wins."
        if played.resigned is not None and played.resigned in played.people:
            return f"You resigned: {self.setup.name} wins."
        if played.resigned is not None:  # a second person, whose place a player has taken since
            return f"The {SIDE_NAMES[played.resigned]} player resigned: you win!"
        return "You win!" if winner in played.people else f"{self.setup.name} wins."

    def not_over(self) -> None:
        """Raise ValueError when the game is over."""
        if self.played.over:
            raise ValueError(OVER)

    def analysis(self) -> Analysis:
        """Return what the analyst thinks of the position; ValueError when the game is over."""
        self.not_over()
        self.setup.analyst.set_position(self.played.start, self.played.actions)
        return self.setup.analyst.think()

    def save(self, name: str, replace: bool = False) -> None:
        """Write the game to a file, by default to the one that it comes from, or else a new one.

        ValueError for a file that is another game, without `replace`, or something else; OSError.
        """
        path = self.file or self._new_file() if not name else Path(name).expanduser()
        own = self.file is not None and path.resolve() == self.file.resolve()
        if path.exists() and is_record(path) and not own and not replace:
            raise ValueError(f"{path} holds another game: choose another name, or type save! {path}")
        save_record(path, self._record())
        self.file, self._saved = path, self._content()
        self.say(f"Saved; go on with: alphazero play --load {visible(shlex.quote(str(path)))}")

    def load(self, name: str) -> None:
        """Go on with a saved game instead; ValueError, OSError, and nothing changed, when it cannot be."""
        if self.open_record is None:
            raise ValueError("load is not possible here")
        record = load_record(Path(name).expanduser())
        try:
            setup = self.open_record(record)
            played = game_of_record(setup, record)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        self.setup.close()
        self.setup = setup
        self.begin(played, name)
        self.introduce()

    def _record(self) -> GameRecord:
        played = self.played
        human = "both" if len(played.people) == 2 else SIDE_NAMES[self._human]
        start = "" if played.start is None else played.game.state_text(played.start)
        return GameRecord(
            games.spec(played.game), human, self.setup.text, played.result(), tuple(played.moves), start
        )

    def _content(self) -> tuple[tuple[int, ...], int | None]:
        return tuple(self.played.actions), self.played.resigned

    def _new_file(self) -> Path:
        return Path(f"{self.setup.game.name}-{datetime.now():%Y%m%d-%H%M%S}.txt")

    def _keep(self) -> None:
        """Save a game that nobody has saved as it stands, where it can be, and say where."""
        if not self.played.actions or self._saved == self._content():
            return
        name = self._new_file()
        for path in (name, Path(tempfile.gettempdir()) / name):
            with contextlib.suppress(OSError, ValueError):
                if path.exists():
                    continue
                save_record(path, self._record())
                self.say(f"\nThe game is kept; go on with: alphazero play --load {shlex.quote(str(path))}")
                return
        self.say("\nThe game could not be kept: no file can be written here.")

    def _opponent_moves(self) -> None:
        opponent, played = self.setup.opponent, self.played
        assert opponent is not None
        opponent.set_position(played.start, played.actions)
        played.play(opponent.think().action)
        if played.person_to_move or played.over:
            self.show()

    def _prompt(self) -> str:
        if self.played.over:
            return "game over> "
        return f"{SIDE_NAMES[self.played.to_move]} player> " if self.setup.opponent is None else "your move> "

    def _read(self) -> str | None:
        prompt = self._prompt()
        if self.reader is None:
            with contextlib.suppress(ImportError):
                import readline  # noqa: F401  (gives input() its arrow keys, where the system has it)
            try:
                return input(prompt)
            except EOFError:
                return None
        self.writer.write(prompt)
        return self.reader.readline() or None

    def _obey(self, line: str) -> None:
        """Carry out one line: a command, or else a move."""
        word, _, rest = line.partition(" ")
        if not word:
            return
        command = find_command(word)
        try:
            if command is not None:
                obey(self, command, rest.strip())
            else:
                self._person_moves(line)
        except OSError as error:
            self.say(visible(f"{error.filename or 'file'}: {error.strerror or error}"))
        except ValueError as error:
            self.say(visible(" ".join(str(error).split())))

    def _person_moves(self, text: str) -> None:
        self.not_over()
        actions = self._actions(text)
        self.played.check_own(actions)
        for action in actions:
            self.played.play(action)
        if self.played.person_to_move or self.played.over:
            self.show()

    def _actions(self, text: str) -> list[int]:
        """Return the actions that a line means, one or several; ValueError for a first one that is none."""
        game, state = self.played.game, self.played.state
        try:
            return [int(game.parse_action(state, text))]
        except ValueError as problem:
            error = problem
        try:
            actions, _ = play_moves(game, text, state)
            if actions:
                return actions
        except ValueError as problem:
            error = problem if len(text.split()) > 1 else error
        hint = did_you_mean(text, COMMANDS, "; ") or " (? for help)"
        known = f" in {game.state_text(state)!r}"  # the board is on the screen
        raise ValueError(f"{str(error).replace(known, '')}{hint}") from None
