"""Nim whose moves have one part or two, for the tests of `games.factored`; who takes the last stone wins.

A move takes `count` stones from a heap. Its first part is the heap for taking one stone, or heaps + heap for
taking more; then a second part says how many more than two.
"""

from typing import NamedTuple

import numpy as np

from games.bits import mix
from games.game import game_class, njit
from games.symmetry import FLIP, IDENTITY, Symmetries, cell_tables


@game_class("nim")
class Nim(NamedTuple):
    """Nim with equal heaps. Action: heap * size + count - 1. Planes: a row of ones for each heap."""

    heaps: int
    size: int

    planes = 1
    board_shape = property(lambda self: (self.heaps, self.size))
    num_actions = property(lambda self: self.heaps * self.size)
    policy_shape = property(lambda self: (1, self.heaps, self.size))
    max_plies = property(lambda self: self.heaps * self.size)
    part_sizes = property(lambda self: (2 * self.heaps, self.size - 1))

    @property
    def state_dtype(self) -> np.dtype:
        return np.dtype([("heaps", np.int8, self.heaps), ("mover", np.int8)], align=True)

    @property
    def symmetries(self) -> Symmetries:
        tables = cell_tables((IDENTITY, FLIP), self.heaps, self.size)
        return Symmetries(tables[[0, 1]], tables[[0, 1]])

    @njit
    def reset(self, state):
        state.mover = 0
        for heap in range(self.heaps):
            state.heaps[heap] = self.size

    @njit
    def legal_actions(self, state, out):
        found = 0
        for heap in range(self.heaps):
            for less in range(state.heaps[heap]):
                out[found] = heap * self.size + less
                found += 1
        return found

    @njit
    def play(self, state, action):
        state.heaps[action // self.size] -= 1 + action % self.size
        state.mover = 1 - state.mover

    @njit
    def is_over(self, state):
        return np.sum(state.heaps) == 0

    @njit
    def outcome(self, state):
        return (1 if state.mover == 1 else -1) if np.sum(state.heaps) == 0 else 0

    @njit
    def to_move(self, state):
        return np.int64(state.mover)

    @njit
    def encode(self, state, planes):
        for heap in range(self.heaps):
            for stone in range(self.size):
                planes[0, heap, stone] = np.float32(stone < state.heaps[heap])

    @njit
    def position_hash(self, state):
        value = mix(np.uint64(state.mover) + np.uint64(1))
        for heap in range(self.heaps):
            value = mix(value + np.uint64(state.heaps[heap]) + np.uint64(1))
        return value

    @njit
    def input_hash(self, state):
        return self.position_hash(state)

    @njit
    def num_parts(self, action):
        return 1 if action % self.size == 0 else 2

    @njit
    def part(self, action, index):
        heap, less = action // self.size, action % self.size
        if index == 1:
            return less - 1
        return heap if less == 0 else self.heaps + heap

    @njit
    def mark_part(self, index, value, plane):
        for stone in range(self.size):
            plane[value % self.heaps, stone] = np.float32(1 + value // self.heaps)

    def action_name(self, state, action: int) -> str:
        return f"{action // self.size + 1}-{action % self.size + 1}"

    def state_text(self, state) -> str:
        return " ".join(str(heap) for heap in state["heaps"]) + f" player {state['mover'] + 1}"

    def parse_state(self, text: str):
        state = self.initial_state()
        *state["heaps"][:], _, mover = (int(word) if word.isdigit() else 0 for word in text.split())
        state["mover"] = mover - 1
        return state
