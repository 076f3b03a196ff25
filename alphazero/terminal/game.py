"""A game that is being played at a terminal: what was played, who is a person, how it ended. No streams, no engines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from games import Game

__all__ = ["FIRST", "SECOND", "SIDE_NAMES", "GameInPlay"]

FIRST, SECOND = 0, 1
SIDE_NAMES = ("first", "second")


class GameInPlay:
    """Positions and actions so far, who is a person (`people`, of FIRST and SECOND), and who has resigned, if anybody.

    Who is to move is asked of the game, so a side may move several times running. start: the position that the game
    begins from, by default its own start; actions: played at once, ValueError when one is illegal.
    """

    def __init__(
        self,
        game: Game,
        people: Iterable[int],
        start: np.void | None = None,
        actions: Sequence[int] = (),
    ):
        self.game, self.people = game, frozenset(people)
        self.start = start
        self.states = [game.initial_state() if start is None else start.copy()]
        self.actions: list[int] = []
        self.resigned: int | None = None
        for action in actions:
            self.play(action)

    @property
    def state(self) -> np.void:
        """The position on the board: a record of game.state_dtype."""
        return self.states[-1]

    @property
    def over(self) -> bool:
        """Whether the game has ended, by the rules or because somebody resigned."""
        return self.resigned is not None or bool(self.game.is_over(self.state))

    @property
    def to_move(self) -> int:
        """Who is to move: FIRST or SECOND."""
        return int(self.game.to_move(self.state))

    @property
    def person_to_move(self) -> bool:
        """Whether a person is to move; False when the game is over."""
        return not self.over and self.to_move in self.people

    @property
    def moves(self) -> list[str]:
        """The moves so far in the game's notation."""
        return [
            self.game.action_name(state, action)
            for state, action in zip(self.states, self.actions, strict=False)
        ]

    def play(self, action: int) -> None:
        """Play one action for whoever is to move; ValueError, and nothing changed, when it is illegal."""
        state = self.state.copy()
        self.game.play(state, action)
        self.states.append(state)
        self.actions.append(int(action))

    def check_own(self, actions: Sequence[int]) -> None:
        """Raise ValueError unless all of these actions, legal one after another, are a person's to play."""
        state = self.state.copy()
        for number, action in enumerate(actions):
            if number and (self.game.is_over(state) or int(self.game.to_move(state)) not in self.people):
                raise ValueError("moves for both sides: type your own alone")
            self.game.play(state, action)

    def resign(self) -> None:
        """Have whoever is to move give up, or the only person where there is one; ValueError when it is over."""
        if self.over:
            raise ValueError("the game is over")
        self.resigned = self.to_move if len(self.people) != 1 else next(iter(self.people))

    def take_back(self, turns: int = 1) -> None:
        """Go back so many turns of people, taking back a resignation first.

        ValueError, and nothing changed, when there are not so many.
        """
        wanted = turns - (self.resigned is not None)
        own = [
            index
            for index, state in enumerate(self.states[:-1])
            if int(self.game.to_move(state)) in self.people
        ]
        if wanted > len(own):
            whose = "move of yours" if len(self.people) == 1 else "move"
            raise ValueError(
                f"there {'is' if len(own) == 1 else 'are'} only {len(own)} turn{'s' * (len(own) != 1)} to take back"
                if own
                else f"there is no {whose} to take back"
            )
        self.resigned = None
        if wanted > 0:
            first = own[-wanted]
            del self.states[first + 1 :], self.actions[first:]

    @property
    def outcome(self) -> int | None:
        """The result for the first player: 1, 0 or -1; None while the game is not over."""
        if not self.over:
            return None
        if self.resigned is not None:
            return -1 if self.resigned == FIRST else 1
        return int(self.game.outcome(self.state))

    def result(self) -> str:
        """Return who won, in words; a saved game's line, read back by `resigner`."""
        if not self.over:
            return "unfinished"
        if self.resigned is not None:
            return f"{SIDE_NAMES[self.resigned]} player resigned"
        return "draw" if self.outcome == 0 else f"{SIDE_NAMES[self.winner()]} player won"

    def winner(self) -> int:
        """Return who has won a game that is over and no draw."""
        return FIRST if self.outcome == 1 else SECOND
