"""What is known of every ply of stored games beyond the moves: from a search, or from the policy that played.

Games without labels are moves and results alone. `Column` says of each array its dtype and what it has a row for.
"""

import enum
from typing import Any, NamedTuple

import numpy as np

WEIGHT_SCALE = 65535  # a policy is stored as whole weights up to this, proportional to its probabilities


class Row(enum.Enum):
    """What an array of stored games has a row for."""

    GAME = "game"
    PLY = "ply"
    ENTRY = "entry"  # of a ply's policy
    OPENING = "opening"  # a ply of a game's opening


class Column(NamedTuple):
    """One array of stored games."""

    dtype: Any
    row: Row
    shape: tuple[int, ...] = ()  # of a row

    def empty(self) -> np.ndarray:
        """Return the array without a row."""
        return np.zeros((0, *self.shape), self.dtype)


class SearchLabels(NamedTuple):
    """What a search found at every ply of G games with n plies in all and m policy entries, one after another.

    Values and surprises belong to the position before the move, and values are for the player to move there.
    """

    values: np.ndarray  # float32[n] in [-1, 1], the search's value for the player to move
    full: np.ndarray  # int8[n], 1 where the search was a full one, whose policy is learned; else 0
    counts: np.ndarray  # int32[n], policy entries of the ply; none where the search was no full one
    surprises: np.ndarray  # float32[n] >= 0, KL(search policy || network's policy) of full searches, in nats
    policy_actions: np.ndarray  # int32[m], ascending within a ply
    policy_weights: np.ndarray  # uint16[m] >= 1, the search's probabilities times WEIGHT_SCALE, rounded
    lowest: (
        np.ndarray
    )  # float32[G, 2], the lowest search value that each player had in the game; 1 without any


class PolicyLabels(NamedTuple):
    """What the policy that played said at every ply of games with n plies in all."""

    values: np.ndarray  # float32[n] in [-1, 1], expected result for the player to move
    log_probs: (
        np.ndarray
    )  # float32[n] <= 0, natural logarithm of the probability with which the action was chosen


Labels = SearchLabels | PolicyLabels | None

COLUMNS: dict[type, dict[str, Column]] = {
    SearchLabels: {
        "values": Column(np.float32, Row.PLY),
        "full": Column(np.int8, Row.PLY),
        "counts": Column(np.int32, Row.PLY),
        "surprises": Column(np.float32, Row.PLY),
        "policy_actions": Column(np.int32, Row.ENTRY),
        "policy_weights": Column(np.uint16, Row.ENTRY),
        "lowest": Column(np.float32, Row.GAME, (2,)),
    },
    PolicyLabels: {
        "values": Column(np.float32, Row.PLY),
        "log_probs": Column(np.float32, Row.PLY),
    },
    type(None): {},
}
KINDS: dict[str, type] = {"search": SearchLabels, "policy": PolicyLabels, "none": type(None)}


def kind_name(labels: Labels) -> str:
    """Return the name of a kind of labels, as manifests have it: "search", "policy" or "none"."""
    return next(name for name, kind in KINDS.items() if isinstance(labels, kind))


def make_labels(kind: type, arrays: dict[str, np.ndarray]) -> Any:
    """Return labels of a kind from its arrays by name; other arrays are left alone. KeyError when one is missing."""
    columns = COLUMNS[kind]
    return kind(**{name: arrays[name] for name in columns}) if columns else None


def label_arrays(labels: Labels) -> dict[str, np.ndarray]:
    """Return the arrays of labels by name; none where there are no labels."""
    return {} if labels is None else labels._asdict()
