"""What a game is to everybody else, as types: `Game`. The contract in words stands at the top of `games.game`.

Nothing heavy is loaded for these hints, so that any file can name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np

    from games.symmetry import Symmetries

__all__ = ["Game", "WrittenGame"]


class WrittenGame(Protocol):
    """What the class of a game must bring itself; `games.game.game_class` makes a `Game` of it.

    A position `state` is one record of `state_dtype`: an element of a structured array.
    """

    @property
    def planes(self) -> int:
        """Return the number of planes that `encode` writes."""

    @property
    def board_shape(self) -> tuple[int, int]:
        """Return rows and columns of a plane."""

    @property
    def num_actions(self) -> int:
        """Return the number of actions; they are 0 to num_actions - 1."""

    @property
    def policy_shape(self) -> tuple[int, ...]:
        """Return (num_actions,), or (channels, rows, cols) of as many elements as actions, a pass left out."""

    @property
    def max_plies(self) -> int:
        """Return the most actions that a game can have, counted from its start."""

    @property
    def state_dtype(self) -> np.dtype[Any]:
        """Return the structured dtype of a position."""

    def reset(self, state: np.void) -> None:
        """Make `state` the starting position."""

    def legal_actions(self, state: np.void, out: np.ndarray) -> int:
        """Write the legal actions, ascending, into out int32[num_actions] and return how many they are."""

    def play(self, state: np.void, action: int) -> None:
        """Play one action on `state`, in place; IllegalAction when the rules do not allow it."""

    def is_over(self, state: np.void) -> bool:
        """Return whether the game has ended."""

    def outcome(self, state: np.void) -> int:
        """Return the result for the first player: 1, 0 or -1; 0 also while the game is not over."""

    def to_move(self, state: np.void) -> int:
        """Return 0 when the first player is to move, 1 when the second is."""

    def encode(self, state: np.void, planes: np.ndarray) -> None:
        """Write planes float32[planes, rows, cols], seen by the player to move."""

    def position_hash(self, state: np.void) -> int:
        """Return what repetition rules compare, a uint64: the board and the player to move."""

    def input_hash(self, state: np.void) -> int:
        """Return a uint64 of everything that legality, outcome and encoding depend on."""

    def action_name(self, state: np.void, action: int) -> str:
        """Return the name of a legal action, without blanks."""

    def state_text(self, state: np.void) -> str:
        """Return the position as one line of text."""


class Game(WrittenGame, Protocol):
    """A game under its rules, which are the fields of a NamedTuple: compare and hash it by them."""

    @property
    def name(self) -> str:
        """Return the name that the registry knows the game by."""

    @property
    def rules(self) -> Mapping[str, Any]:
        """Return the rules, name to value; `games.make(name, **rules)` makes the game again."""

    @property
    def plane_pairs(self) -> tuple[tuple[int, int], ...]:
        """Return the pairs of planes, own and other, that change places when the turn passes."""

    @property
    def text_is_complete(self) -> bool:
        """Return whether `state_text` holds all of a position; it may leave earlier positions out."""

    @property
    def rollout_is_uniform(self) -> bool:
        """Return whether `random_rollout` chooses every legal action equally often."""

    @property
    def symmetries(self) -> Symmetries:
        """Return the symmetries of planes and actions; the identity stands first."""

    def initial_state(self) -> np.record:
        """Return a new record that holds the starting position."""

    def legal(self, state: np.void) -> np.ndarray:
        """Return the legal actions, ascending, int64[count]; none when the game is over."""

    def is_truncated(self, state: np.void) -> bool:
        """Return whether the game is over only because it reached its longest length: its outcome is no true result."""

    def random_rollout(self, state: np.void, out: np.ndarray, seed: np.uint64) -> int:
        """Play random actions on `state` to the end and return the outcome; out int32[num_actions] is scratch."""

    def parse_action(self, state: np.void, text: str) -> int:
        """Return the legal action that a text means; ValueError when it is none, IllegalAction when not legal."""

    def parse_state(self, text: str) -> np.record:
        """Return the position that a text describes; ValueError when it describes none that can come about."""

    def end_reason(self, state: np.void) -> str:
        """Return why a finished game ended, such as "checkmate", in one line; "" while it is not over."""

    def render(self, state: np.void, view: int = 0) -> str:
        """Return the position drawn for a terminal, lines without colours, seen by the first (0) or second player (1).

        Where the board has no own side for either player, both see the same.
        """
