"""Who plays whom at a terminal: a game, an opponent or a second person, and who judges positions for hints."""

from __future__ import annotations

import enum
import random
from collections.abc import Callable

import numpy as np

from alphazero.play.engine import Engine
from alphazero.terminal.game import FIRST, SECOND, SIDE_NAMES, GameInPlay
from alphazero.terminal.record import GameRecord
from alphazero.visible import visible
from games import Game

__all__ = ["Setup", "Side", "game_of_record"]


class Side(enum.StrEnum):
    """Which player the person is; random is drawn anew for each game."""

    FIRST = "first"
    SECOND = "second"
    RANDOM = "random"
    BOTH = "both"  # two people


class Setup:
    """Who plays what: all that is needed to begin a game, and to begin another.

    opponent: None where both players are people; text: the opponent as `make_player` reads it, for a saved game; name:
    what it is called; make_analyst: makes the engine for hints, when it is first needed; start: where games begin, None
    for the start of the game.
    """

    def __init__(
        self,
        game: Game,
        side: Side,
        opponent: Engine | None,
        text: str,
        name: str,
        make_analyst: Callable[[], Engine],
        start: np.void | None = None,
    ):
        self.game, self.side, self.opponent, self.start = game, side, opponent, start
        self.text, self.name = text, visible(name)
        self._make_analyst = make_analyst
        self._analyst: Engine | None = None

    @property
    def analyst(self) -> Engine:
        """The engine for hints and analyses."""
        if self._analyst is None:
            self._analyst = self._make_analyst()
        return self._analyst

    def close(self) -> None:
        """Close the engines."""
        for engine in (self.opponent, self._analyst):
            if engine is not None:
                engine.close()

    def people(self, rng: random.Random) -> set[int]:
        """Return which players are people in a new game."""
        if self.side is Side.BOTH:
            return {FIRST, SECOND}
        return {rng.randrange(2) if self.side is Side.RANDOM else SIDE_NAMES.index(self.side)}


def game_of_record(setup: Setup, record: GameRecord) -> GameInPlay:
    """Return the game of a record as it stood; ValueError for a move that is illegal, with its number."""
    game = setup.game
    people = {FIRST, SECOND} if record.human == "both" else {SIDE_NAMES.index(record.human)}
    if setup.side in (Side.FIRST, Side.SECOND, Side.BOTH):
        people = setup.people(random.Random(0))
    played = GameInPlay(game, people, setup.start)
    for ply, text in enumerate(record.moves, start=1):
        try:
            played.play(game.parse_action(played.state, text))
        except ValueError as error:
            raise ValueError(f"move {ply} of the saved game: {error}") from None
    if not played.over:
        played.resigned = record.resigned
    return played
