"""Whether a position that stands in a file, as the bytes of its record, is one that the rules can reach.

A record may hold indices that compiled code follows without looking where they lead, so nothing compiled is run on
one that is not known to be sound. Only positions that rules made are: one is accepted when it equals, to the byte, the
initial position, one that its text is read as, or one that a search from the initial position comes by.
"""

import heapq
import itertools
from typing import Any

import numpy as np

from alphazero.data.games import without_padding
from alphazero.data.replay import play_each, play_openings

MAX_TRIED = 500  # positions whose successors are looked at before a start is given up


class Starts:
    """Says of positions of a game how they come about; what has been found is kept."""

    def __init__(self, game: Any):
        self.game = game
        initial = np.zeros(1, game.state_dtype)
        game.reset(initial[0])
        self._initial = without_padding(initial)
        self._known: dict[bytes, tuple[int, ...] | bool] = {self._initial.tobytes(): ()}

    def opening(self, state: np.ndarray) -> tuple[int, ...] | bool:
        """Return the actions from the initial position to state_dtype[1], True for others that are sound, or False.

        state: no bytes but zeros between its fields.
        """
        key = state.tobytes()
        if key not in self._known:
            self._known[key] = self._is_its_text(state) or self._search(state)
        return self._known[key]

    def _is_its_text(self, state: np.ndarray) -> bool:
        """Whether a position is what its text is read as.

        Only asked of games of this package whose text is complete. To write it they index nothing with what a record
        holds but lists of Python's, which look where they are indexed; tests give them records of random bytes.
        """
        if not (self.game.text_is_complete and _is_ours(self.game)):
            return False
        try:
            again = np.zeros(1, self.game.state_dtype)
            again[0] = self.game.parse_state(self.game.state_text(state[0]))
        except Exception:  # whatever Python makes of a record of any bytes
            return False
        return without_padding(again).tobytes() == state.tobytes()

    def _search(self, state: np.ndarray) -> tuple[int, ...] | bool:
        """Return actions that lead to a position from the initial one, those first that bring more bytes into line."""
        target, waiting, number = _rows(state), [(0, 0, ())], itertools.count(1)
        for _ in range(MAX_TRIED):
            if not waiting:
                break
            actions: tuple[int, ...] = heapq.heappop(waiting)[2]
            here, _ = play_openings(self.game, np.array([len(actions)]), np.array(actions, np.int32))
            if without_padding(here).tobytes() == state.tobytes():
                return actions
            legal, states = play_each(self.game, here)
            unlike = (_rows(without_padding(states)) != target).sum(axis=1)
            for action, count in zip(legal.tolist(), unlike.tolist(), strict=True):
                heapq.heappush(waiting, (count, next(number), (*actions, action)))
        return False


def _rows(states: np.ndarray) -> np.ndarray:
    return states.view(np.uint8).reshape(len(states), states.dtype.itemsize)


def _is_ours(game: Any) -> bool:
    """Whether a game, or the one that is played in parts, is of this package."""
    inner = getattr(game, "game", game)
    return type(inner).__module__.partition(".")[0] == "games"
