"""The evaluation cache: a fixed number of evaluated positions, keyed on `input_hash`.

While leaves are gathered it is only read; new entries are written afterwards, in tree order. It must be emptied when
the network's weights change. It belongs to one search, and so to one thread.
"""

from typing import NamedTuple

import numpy as np

from games.kernel import borrower, njit

WAYS = 4  # places that a key may stand in


class Cache(NamedTuple):
    """C entries (C a power of two, at least WAYS); a key of 0 is an empty place."""

    keys: np.ndarray  # uint64[C]
    values: np.ndarray  # float32[C], for the player to move
    logits: np.ndarray  # float32[C, A]
    turn: np.ndarray  # int64[1], entries written so far


def make_cache(num_actions: int, memory_bytes: int) -> Cache:
    """Return an empty cache of at most `memory_bytes` (a place that is never filled when 0)."""
    entry = 8 + 4 + 4 * num_actions
    entries = WAYS
    while entries * 2 * entry <= memory_bytes:
        entries *= 2
    return Cache(
        np.zeros(entries, np.uint64),
        np.zeros(entries, np.float32),
        np.zeros((entries, num_actions), np.float32),
        np.zeros(1, np.int64),
    )


def clear(cache: Cache) -> None:
    """Forget every entry."""
    cache.keys[:] = 0
    cache.turn[0] = 0


@borrower
def find(cache, key):
    """Return the entry of a key, or -1; always -1 for the key 0, which marks an empty place."""
    if key == 0:
        return np.int64(-1)
    base = key & np.uint64(cache.keys.size - WAYS)
    for way in range(WAYS):
        entry = np.int64(base) + way
        if cache.keys[entry] == key:
            return entry
    return np.int64(-1)


@borrower
def insert(cache, key, logits, value):
    """Remember an evaluation, in a free place of its group or over one of its entries in turn."""
    if key == 0:
        return
    base = np.int64(key & np.uint64(cache.keys.size - WAYS))
    entry = base + cache.turn[0] % WAYS
    for way in range(WAYS):
        if cache.keys[base + way] == 0 or cache.keys[base + way] == key:
            entry = base + way
            break
    cache.turn[0] += 1
    cache.keys[entry] = key
    cache.values[entry] = value
    for action in range(logits.size):  # assigning the whole row would compile for two seconds more
        cache.logits[entry, action] = logits[action]


@njit
def insert_rows(cache, keys, logits, values):
    """Remember evaluations in order: keys uint64[n], logits float32[>= n, A], values float32[>= n]."""
    for row in range(keys.size):
        insert(cache, keys[row], logits[row], values[row])


@njit
def assign_rows(leaves, share, table, rows, slots):
    """Number the waiting leaves so that equal positions share a row, in tree order; return the number of rows.

    leaves LEAF [T, K]; table int32[power of two > 2 T K] is scratch;
    rows int32[T, K] receives each slot's row, slots int32[T * K] the first slot of each row. Without `share` every
    leaf has its own row.
    """
    mask = np.uint64(table.size - 1)
    if share:
        table[:] = -1
    count = 0
    width = leaves.shape[1]
    for tree in range(leaves.shape[0]):
        for slot in range(width):
            rows[tree, slot] = -1
            if leaves[tree, slot].node < 0:
                continue
            place = np.int64(leaves[tree, slot].hash & mask)
            while share and table[place] >= 0:
                first = slots[table[place]]
                if leaves[first // width, first % width].hash == leaves[tree, slot].hash:
                    rows[tree, slot] = table[place]
                    break
                place = np.int64(np.uint64(place + 1) & mask)
            if rows[tree, slot] < 0:
                if share:
                    table[place] = count
                slots[count] = tree * width + slot
                rows[tree, slot] = count
                count += 1
    return count


@njit
def move_together(planes, slots):
    """Move the planes float32[m, size] of slots int32[n], which ascend, to the first n places, in order."""
    for row in range(slots.size):
        if slots[row] != row:
            for index in range(planes.shape[1]):
                planes[row, index] = planes[slots[row], index]
