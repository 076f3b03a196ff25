"""The player who is asked: a person at the keyboard, or whatever answers a question with a move as text."""

from collections.abc import Callable

import numpy as np

from alphazero.play.player import Decisions, Player, Turns
from games import Game


class HumanPlayer(Player):
    """Shows each position and asks for a move until a legal one is given.

    ask: takes the text to show (board, what was wrong with the last answer, prompt) and returns the answer.
    """

    def __init__(self, game: Game, ask: Callable[[str], str] = input, name: str = "human"):
        super().__init__(game, name)
        self.ask = ask

    def decide(self, turns: Turns) -> Decisions:
        """Return the action asked for in each turn; ValueError when the answers end."""
        return Decisions(np.array([self._ask_for_move(state) for state in turns.states], dtype=np.int64))

    def _ask_for_move(self, state: np.void) -> int:
        player = ("first", "second")[self.game.to_move(state)]
        shown = f"{self.game.render(state)}\n"
        while True:
            try:
                return int(self.game.parse_action(state, self.ask(f"{shown}{player} player, your move: ")))
            except EOFError:
                raise ValueError(
                    f"player {self.name!r}: the input ended in {self.game.state_text(state)!r}; "
                    "expected a move"
                ) from None
            except ValueError as error:
                shown = f"{error}\n"
