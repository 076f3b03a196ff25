"""Words and random numbers against published values and counting."""

import numpy as np
import pytest

from games.bits import copy_state, mix, next_seed, popcount, random_below, random_unit, trailing_zeros
from games.kernel import njit
from games.lines import hash_cells

WORDS = [0, 1, 2, 3, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF, 0x00FF00000000F000, 1 << 33]


@njit
def _count(word):
    return popcount(word), trailing_zeros(word)


@njit
def _stream(seed, words):
    for index in range(words.size):
        seed = next_seed(seed)
        words[index] = mix(seed)


@njit
def _draw(words, bound, below, unit):
    for index in range(words.size):
        below[index] = random_below(words[index], bound)
        unit[index] = random_unit(words[index])


@njit
def _copy(target, source):
    copy_state(target, source)


@njit
def _hash(cells):
    return hash_cells(cells)


@pytest.mark.parametrize("word", WORDS, ids=hex)
def test_bits_are_counted_as_python_counts_them(word):
    lowest = (word & -word).bit_length() - 1 if word else 64
    assert _count(np.uint64(word)) == (word.bit_count(), lowest)


def test_random_words_are_those_of_splitmix64():
    """The reference implementation's first outputs for seed 1234567 (S. Vigna, splitmix64.c)."""
    words = np.zeros(5, np.uint64)
    _stream(np.uint64(1234567), words)
    assert words.tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


@pytest.mark.parametrize("bound", [1, 2, 7, 225, 2**31])
def test_random_numbers_stay_below_their_bound_and_reach_all_of_it(bound):
    words, below, unit = np.zeros(20000, np.uint64), np.zeros(20000, np.int64), np.zeros(20000)
    _stream(np.uint64(1), words)
    words[:2] = 0, 2**64 - 1
    _draw(words, bound, below, unit)
    assert below[:2].tolist() == [0, bound - 1]
    assert below.min() == 0 and below.max() == bound - 1
    assert 0 <= unit.min() and unit.max() < 1
    if bound <= 225:
        counts = np.bincount(below, minlength=bound)
        expected = len(words) / bound
        assert ((counts - expected) ** 2 / expected).sum() < bound + 5 * np.sqrt(2 * bound)
    assert abs(unit.mean() - 0.5) < 5 / np.sqrt(12 * len(unit))


def test_a_copied_record_has_every_byte_of_its_source_and_its_neighbours_stay():
    dtype = np.dtype([("word", np.uint64), ("small", np.int8), ("cells", np.int8, 5)], align=True)
    source = np.frombuffer(bytearray(range(48)), dtype)
    target = np.frombuffer(bytearray([255] * 48), dtype)
    _copy(target[1], source[2])
    assert target.tobytes() == b"\xff" * 16 + bytes(range(32, 48)) + b"\xff" * 16


def test_boards_of_all_small_contents_hash_differently():
    boards = np.array(np.meshgrid(*[[0, 1, 2]] * 9), np.int8).reshape(9, -1).T.copy()
    assert len({_hash(board) for board in boards}) == 3**9
