"""Whether a position that stands in a file, as the bytes of its record, is one that the rules can reach.

A record may hold indices that compiled code follows without looking where they lead, so nothing compiled is run on
one that is not known to be sound. Only positions that rules made are: one is accepted when it equals, to the byte, the
initial position, one that its text is read as, or one that a search from the initial position comes by.
"""

import numpy as np

from alphazero.data.games import without_padding
from alphazero.data.replay import play_each
from games.protocol import Game

WIDTHS = (1, 4, 32)  # positions that are followed at once, one after the other until one succeeds
PATIENCE, MAX_PLIES = 8, 40  # a search is given up after plies without coming nearer, and after plies in all


class Starts:
    """Says of positions of a game how they come about; what has been found is kept.

    Tells the starts after up to 16 random plies of Go and 7 of chess, whose records keep a past, and any number of
    those of the other games of this package. Newer files keep the opening itself, which needs no such search.
    """

    def __init__(self, game: Game):
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
        """Whether a position is what its text is read as: without a past, or of a game where none matters.

        Only asked of games of this package: to write a text they index nothing with what a record holds but strings and
        lists, which look where they are indexed. Tests give them records of random bytes.
        """
        if not _is_ours(self.game):
            return False
        try:
            again = np.zeros(1, self.game.state_dtype)
            again[0] = self.game.parse_state(self.game.state_text(state[0]))
        except Exception:  # whatever Python makes of a record of any bytes
            return False
        return without_padding(again).tobytes() == state.tobytes()

    def _search(self, state: np.ndarray) -> tuple[int, ...] | bool:
        """Return actions that lead to a position from the initial one, or False: what is kept of it shows the way."""
        for width in WIDTHS:
            if (found := self._search_within(state, width)) is not None:
                return found
        return False

    def _search_within(self, state: np.ndarray, width: int) -> tuple[int, ...] | None:
        """Search ply by ply among so many positions, those with the fewest bytes that differ; None if it is in vain."""
        target = _rows(state)
        layer: list[tuple[tuple[int, ...], np.ndarray]] = [((), self._initial)]
        best, waited = state.dtype.itemsize + 1, 0
        for _ in range(MAX_PLIES):
            if not layer or waited == PATIENCE:
                break
            found: list[tuple[int, tuple[int, ...], np.ndarray]] = []
            for actions, here in layer:
                legal, states = play_each(self.game, here)
                unlike = (_rows(states) != target).sum(axis=1)
                for place in np.argsort(unlike, kind="stable")[:width].tolist():
                    found.append(
                        (int(unlike[place]), (*actions, int(legal[place])), states[place : place + 1])
                    )
            found.sort(key=lambda entry: entry[:2])
            if found and found[0][0] == 0:
                return found[0][1]
            layer = [(actions, without_padding(states)) for _, actions, states in found[:width]]
            nearest = found[0][0] if found else best
            best, waited = min(best, nearest), 0 if nearest < best else waited + 1
        return None


def _rows(states: np.ndarray) -> np.ndarray:
    return states.view(np.uint8).reshape(len(states), states.dtype.itemsize)


def _is_ours(game: Game) -> bool:
    """Whether a game, or the one that is played in parts, is of this package."""
    inner = getattr(game, "game", game)
    return type(inner).__module__.partition(".")[0] == "games"
