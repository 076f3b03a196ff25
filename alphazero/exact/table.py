"""The transposition table of the exact solvers: what is known about positions, within a fixed memory.

Entries come in pairs: the first of a pair keeps what took most work to find out, the second what was found out last.
Keys are compared whole, so two positions are confused only if their keys are equal.
"""

import numpy as np

from games.bits import mix
from games.kernel import helper

ENTRY = np.dtype(
    [
        ("key", np.uint64),  # 0: the entry is free
        ("low", np.int16),  # the value is at least this, for the player to move
        ("high", np.int16),  # and at most this
        ("move", np.int16),  # the action to try first, or -1
        ("work", np.uint8),  # more for what took longer to find out
    ],
    align=True,
)

NOT_FOUND = np.int64(-1)
SMALLEST = 2  # entries
CACHE_LINE = 64  # bytes; two pairs


def make_table(memory_bytes: int) -> np.ndarray:
    """Return an empty table ENTRY[power of two] of at most `memory_bytes`, but no less than one pair.

    No pair lies across cache lines. ValueError where the machine has not so much memory.
    """
    entries = SMALLEST
    while 2 * entries * ENTRY.itemsize <= memory_bytes:
        entries *= 2
    try:
        room = np.zeros(entries * ENTRY.itemsize + CACHE_LINE, np.uint8)
    except MemoryError:
        raise ValueError(
            f"a table of {entries * ENTRY.itemsize / 2**20:,.0f} MB is more than the memory of this "
            "machine: allow less"
        ) from None
    start = -room.ctypes.data % CACHE_LINE
    return room[start : start + entries * ENTRY.itemsize].view(ENTRY)


@helper
def find(table, key):
    """Return the entry of a key, or NOT_FOUND; keys are not 0."""
    first = np.int64(mix(key) & np.uint64(table.size - 2))
    if table[first].key == key:
        return first
    if table[first + 1].key == key:
        return first + 1
    return NOT_FOUND


@helper
def store(table, key, low, high, move, work):
    """Remember that a position's value lies in [low, high]; `work` in [0, 255] decides what gives way to it."""
    first = np.int64(mix(key) & np.uint64(table.size - 2))
    entry = first
    if table[first].key != key and (table[first + 1].key == key or work < table[first].work):
        entry = first + 1
    table[entry].key = key
    table[entry].low = low
    table[entry].high = high
    table[entry].move = move
    table[entry].work = work
