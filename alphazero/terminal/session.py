"""One person at a terminal against one player.

Knows the game only through its contract and the opponent only as a player; who is to move is asked of the
game, so a side may move several times running. Reads lines until "quit" or the end of the input.
"""

from __future__ import annotations

import contextlib
import enum
import random
import sys
from collections.abc import Sequence
from typing import Any, Protocol, TextIO

import numpy as np

import games
from alphazero.play.analysis import Analysis
from alphazero.play.player import Player
from alphazero.terminal.commands import COMMANDS, find_command
from alphazero.terminal.delay import explaining_delay
from games.options import did_you_mean

FIRST, SECOND = 0, 1
SIDE_NAMES = ("first", "second")


class Side(enum.StrEnum):
    """Which player the person is; random is drawn anew for each game."""

    FIRST = "first"
    SECOND = "second"
    RANDOM = "random"


class Analyzes(Protocol):
    """Whatever can judge one position."""

    def analyze(self, state: Any) -> Analysis:
        """Return the analysis of a position that is not over."""


class Session:
    """A game being played: its positions and actions so far, who is who, and the streams.

    `moves` are played before the first prompt; ValueError when one is illegal. `reader` None means the
    keyboard, with line editing.
    """

    def __init__(
        self,
        game,
        opponent: Player,
        side: Side,
        analyst: Analyzes,
        *,
        seed: int = 0,
        moves: Sequence[str] = (),
        reader: TextIO | None = None,
        writer: TextIO | None = None,
    ):
        self.game = game
        self.opponent = opponent
        self.side = side
        self.analyst = analyst
        self.reader = reader
        self.writer = sys.stdout if writer is None else writer
        self.random = random.Random(seed)
        self.quitting = False
        self._has_searched = False  # the first search of a process may have to be compiled
        self.begin()
        for ply, text in enumerate(moves, start=1):
            try:
                self.play(self.game.parse_action(self.state, text))
            except ValueError as error:
                raise ValueError(f"move {ply} of the saved game: {error}") from None

    @property
    def state(self):
        """The position on the board: a record of game.state_dtype."""
        return self.states[-1]

    @property
    def over(self) -> bool:
        """Whether the game has ended, by the rules or because the person resigned."""
        return self.resigned or bool(self.game.is_over(self.state))

    @property
    def my_turn(self) -> bool:
        """Whether the person is to move; False when the game is over."""
        return not self.over and self.game.to_move(self.state) == self.human

    @property
    def moves(self) -> list[str]:
        """The moves so far in the game's notation."""
        return [
            self.game.action_name(state, action)
            for state, action in zip(self.states, self.actions, strict=False)
        ]

    def begin(self) -> None:
        """Set up a new game; a random side is drawn anew."""
        self.human = self.random.randrange(2) if self.side is Side.RANDOM else SIDE_NAMES.index(self.side)
        self.states = [self.game.initial_state()]
        self.actions: list[int] = []
        self.resigned = False
        self.opponent.new_games(self.random.getrandbits(32))

    def play(self, action: int) -> None:
        """Play one legal action for whoever is to move."""
        state = self.state.copy()
        self.game.play(state, action)
        self.states.append(state)
        self.actions.append(action)

    def take_back(self) -> bool:
        """Go back to the person's previous turn; False, and nothing changed, when there is none."""
        if self.resigned:
            self.resigned = False
            return True
        turns = [
            index
            for index, state in enumerate(self.states[:-1])
            if not self.game.is_over(state) and self.game.to_move(state) == self.human
        ]
        if not turns:
            return False
        del self.states[turns[-1] + 1 :], self.actions[turns[-1] :]
        return True

    def result(self) -> str:
        """Return who won, in words."""
        if not self.over:
            return "unfinished"
        if self.resigned:
            return f"{SIDE_NAMES[self.human]} player resigned"
        outcome = int(self.game.outcome(self.state))
        return "draw" if outcome == 0 else f"{SIDE_NAMES[FIRST if outcome > 0 else SECOND]} player won"

    def run(self) -> None:
        """Play until "quit" or the end of the input."""
        self.introduce()
        while not self.quitting:
            if not self.over and not self.my_turn:
                self._opponent_moves()
                continue
            line = self._read()
            if line is None:
                self.say("")
                return
            self._obey(line.strip())

    def introduce(self) -> None:
        """Say who plays whom, and show the board."""
        side = f"you move {SIDE_NAMES[self.human]}"
        beginner = int(self.game.to_move(self.states[0]))
        if beginner != FIRST:  # such as White after handicap stones
            side = (
                f"you are the {SIDE_NAMES[self.human]} player, and the {SIDE_NAMES[beginner]} player begins"
            )
        self.say(
            f"{games.spec(self.game)}: {side}, against {self.opponent.name}. Type a move, or ? for help."
        )
        if self.my_turn or self.over:
            self.show()

    def show(self) -> None:
        """Show the board, the moves since the person's turn before, and the result when there is one."""
        self.say(f"\n{self.game.render(self.state)}\n")
        moves = self.moves
        for ply in range(self._first_unseen(), len(moves)):
            mover = int(self.game.to_move(self.states[ply]))
            name = "you" if mover == self.human else self.opponent.name
            self.say(f"Move {ply + 1}: {moves[ply]} ({SIDE_NAMES[mover]} player, {name}).")
        if self.over:
            self._say_result()

    def _first_unseen(self) -> int:
        """Return the index of the opponent's first move since the person's last, or of the last move."""
        first = len(self.actions)
        while first > 0 and self.game.to_move(self.states[first - 1]) != self.human:
            first -= 1
        return max(min(first, len(self.actions) - 1), 0)

    def say(self, text: str) -> None:
        """Write a line at once."""
        print(text, file=self.writer, flush=True)

    def _say_result(self) -> None:
        if self.resigned:
            text = f"You resigned: {self.opponent.name} wins."
        else:
            outcome = int(self.game.outcome(self.state)) * (1 if self.human == FIRST else -1)
            text = {1: "You win!", 0: "A draw.", -1: f"{self.opponent.name} wins."}[outcome]
        self.say(f"Game over. {text} (new, undo, save, quit)")

    def _opponent_moves(self) -> None:
        states = np.zeros(1, self.game.state_dtype)
        states[0] = self.state
        with contextlib.nullcontext() if self._has_searched else explaining_delay(self.say):
            action = int(self.opponent.choose(states)[0])
        self._has_searched = True
        self.play(action)
        if self.my_turn or self.over:
            self.show()

    def _read(self) -> str | None:
        prompt = "game over> " if self.over else "your move> "
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
                command.run(self, rest.strip())
            else:
                self._human_moves(line)
        except OSError as error:
            self.say(f"{error.filename or 'file'}: {error.strerror or error}")
        except ValueError as error:
            self.say(" ".join(str(error).split()))

    def _human_moves(self, text: str) -> None:
        if self.over:
            raise ValueError("the game is over: new, undo, save or quit")
        try:
            action = self.game.parse_action(self.state, text)
        except ValueError as error:
            hint = did_you_mean(text, COMMANDS, "; ") or " (? for help)"
            known = f" in {self.game.state_text(self.state)!r}"  # the board is on the screen
            raise ValueError(f"{str(error).replace(known, '')}{hint}") from None
        self.play(action)
        if self.my_turn or self.over:
            self.show()
