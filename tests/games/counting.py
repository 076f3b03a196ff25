"""Counting positions by their paths and by their number, for comparison with published tables."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from games.game import copy_state, njit

MOST_LEGAL = 60  # legal actions of a position whose children are listed


@njit
def _perft(game, depth, states, legal, counts, tried):
    """Return the number of action sequences of length `depth` from states[0], with an explicit stack.

    states: depth + 1 records; legal int32[depth + 1, num_actions]; counts, tried int64[depth + 1].
    """
    level = paths = 0
    counts[0], tried[0] = game.legal_actions(states[0], legal[0]), 0
    while level >= 0:
        if level == depth - 1:
            paths += counts[level]
            level -= 1
        elif tried[level] == counts[level]:
            level -= 1
        else:
            copy_state(states[level + 1], states[level])
            game.play(states[level + 1], np.int64(legal[level, tried[level]]))
            tried[level] += 1
            level += 1
            counts[level], tried[level] = game.legal_actions(states[level], legal[level]), 0
    return paths


def perft(game, depth: int, start=None) -> int:
    """Return how many sequences of `depth` actions there are from a position (the start); ended games have no more."""
    states = np.zeros(depth + 1, game.state_dtype)
    states[0] = game.initial_state() if start is None else start
    legal = np.zeros((depth + 1, game.num_actions), np.int32)
    counts, tried = np.zeros((2, depth + 1), np.int64)
    return _perft(game, depth, states, legal, counts, tried)


@njit
def _expand(game, states, legal, children, hashes):
    """Write all children of states, and their input and position hashes to hashes uint64[n, 2]; return how many."""
    count = 0
    for parent in range(len(states)):
        for action in legal[: game.legal_actions(states[parent], legal)]:
            copy_state(children[count], states[parent])
            game.play(children[count], np.int64(action))
            hashes[count, 0] = game.input_hash(children[count])
            hashes[count, 1] = game.position_hash(children[count])
            count += 1
    return count


def positions_by_ply(game, depth: int) -> list[np.ndarray]:
    """Return the distinct positions after 0, 1, ..., depth plies, told apart by input_hash alone."""
    layers = [np.zeros(1, game.state_dtype)]
    game.reset(layers[0][0])
    legal = np.zeros(game.num_actions, np.int32)
    for _ in range(depth):
        children = np.zeros(len(layers[-1]) * game.num_actions, game.state_dtype)
        hashes = np.zeros((len(children), 2), np.uint64)
        count = _expand(game, layers[-1], legal, children, hashes)
        layers.append(children[np.unique(hashes[:count, 0], return_index=True)[1]])
    return layers


class Reached(NamedTuple):
    """Positions that can be reached, told apart by all their bytes."""

    states: np.ndarray  # state_dtype[n]
    input_hashes: np.ndarray  # uint64[n]
    position_hashes: np.ndarray  # uint64[n]


def reachable(game, plies: int, start=None) -> Reached:
    """Return every position that can be reached from one (the start) by 1 to `plies` actions."""
    layer = np.zeros(1, game.state_dtype)
    layer[0] = game.initial_state() if start is None else start
    legal = np.zeros(game.num_actions, np.int32)
    known: dict[bytes, np.ndarray] = {}
    for _ in range(plies):
        children = np.zeros(len(layer) * MOST_LEGAL, game.state_dtype)
        hashes = np.zeros((len(children), 2), np.uint64)
        count = _expand(game, layer, legal, children, hashes)
        rows = children[:count].view(f"V{children.itemsize}").tolist()
        new = {row: pair for row, pair in zip(rows, hashes[:count], strict=True) if row not in known}
        known |= new
        layer = _records(new, game.state_dtype)
        if not len(layer):
            break
    pairs = np.array(list(known.values()))
    return Reached(_records(known, game.state_dtype), pairs[:, 0], pairs[:, 1])


def _records(rows: Iterable[bytes], dtype: np.dtype) -> np.ndarray:
    return np.frombuffer(bytearray().join(rows), dtype)
