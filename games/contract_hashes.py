"""Whether positions that differ share a hash: many random games, of whose positions only the hashes are looked at."""

import itertools
import random
from collections.abc import Iterator

import numpy as np

from games.contract_view import look
from games.protocol import Game


class _Looker:
    """Plays random games from compiled code; every game is known by its seed and can be played again."""

    def __init__(self, game: Game, seed: int):
        self.game, self.seed = game, seed
        self.state = game.initial_state()
        self.legal = np.zeros(game.num_actions, np.int32)
        self.planes = np.zeros((game.planes, *game.board_shape), np.float32)
        self.facts, self.hashes = np.zeros(5, np.int64), np.zeros(2, np.uint64)

    def positions(self, number: int) -> Iterator[tuple[int, int, int, int]]:
        """Play a game; yield input hash, position hash, who is to move, and a hash of all that each position shows."""
        choose = random.Random(f"{self.seed} {number}")
        self.game.reset(self.state)
        action = -1
        while True:
            look(self.game, self.state, np.int64(action), self.legal, self.planes, self.facts, self.hashes)
            count, over, outcome, mover, _ = self.facts.tolist()
            shown = hash((self.legal[:count].tobytes(), self.planes.tobytes(), over, outcome, mover))
            position, whole = self.hashes.tolist()
            yield whole, position, mover, shown
            if count == 0:
                return
            action = int(self.legal[choose.randrange(count)])

    def text(self, number: int, ply: int) -> str:
        """Return the text of a position of a game."""
        for reached, _ in enumerate(self.positions(number)):
            if reached == ply:
                break
        return repr(self.game.state_text(self.state))


def check_hashes(game: Game, num_positions: int, seed: int) -> tuple[bool, str]:
    """Return (True, "") when equal hashes mean equal positions in random games of so many, or the two that differ.

    Positions of one `input_hash` must have the same legal actions, planes, result and `position_hash`; positions of one
    `position_hash` the same player to move.
    """
    looker = _Looker(game, seed)
    whole: dict[int, tuple[int, int, int, int]] = {}
    movers: dict[int, tuple[int, int, int]] = {}
    seen = 0
    for number in itertools.count():
        if seen >= num_positions:
            break
        for ply, (key, position, mover, shown) in enumerate(looker.positions(number)):
            seen += 1
            same = whole.setdefault(key, (shown, position, number, ply))
            if same[:2] != (shown, position):
                return False, _shared(looker, "input_hash", same[2:], (number, ply))
            other = movers.setdefault(position, (mover, number, ply))
            if other[0] != mover:
                return False, _shared(looker, "position_hash", other[1:], (number, ply))
    return True, ""


def _shared(looker: _Looker, name: str, first: tuple[int, ...], second: tuple[int, ...]) -> str:
    return f"two positions share the {name}: {looker.text(*first)} and {looker.text(*second)}"
