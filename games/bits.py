"""Compiled primitives on machine words, and the random generator that every kernel carries by value."""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from games.kernel import helper, njit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S11, _S32 = (np.uint64(n) for n in (27, 30, 31, 11, 32))


@intrinsic
def popcount(typingctx, word):
    """Return the number of set bits of a uint64, as int64."""
    if word != types.uint64:
        return None

    def codegen(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


@intrinsic
def trailing_zeros(typingctx, word):
    """Return the index of the lowest set bit of a uint64 (64 for zero), as int64."""
    if word != types.uint64:
        return None

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), codegen


@intrinsic
def leading_zeros(typingctx, word):
    """Return how many bits of a uint64 lie above the highest set one (64 for zero), as int64."""
    if word != types.uint64:
        return None

    def codegen(context, builder, signature, args):
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), codegen


@intrinsic
def byte_swap(typingctx, word):
    """Return a uint64 with its bytes in reverse order: a bitboard of 8 x 8 turned upside down."""
    if word != types.uint64:
        return None

    def codegen(context, builder, signature, args):
        return builder.bswap(args[0])

    return types.uint64(types.uint64), codegen


@intrinsic
def copy_state(typingctx, target, source):
    """Copy one record onto another of the same dtype, as a single memory copy."""
    if not isinstance(target, types.Record) or target != source:
        return None

    def codegen(context, builder, signature, args):
        size = context.get_constant(types.intp, signature.args[0].size)
        cgutils.raw_memcpy(builder, args[0], args[1], size, 1)
        return context.get_dummy_value()

    return types.void(target, source), codegen


@njit
def mix(word):
    """Scramble a uint64 (the finaliser of SplitMix64; Steele, Lea and Flood 2014)."""
    word = (word ^ (word >> _S30)) * _MIX_1
    word = (word ^ (word >> _S27)) * _MIX_2
    return word ^ (word >> _S31)


@helper
def stone_key(cell, stone):
    """Return the uint64 that stone 1 or 2 on a cell adds to the hash (Zobrist's keys, out of SplitMix64)."""
    return mix(_GOLDEN * np.uint64(2 * cell + stone))


@helper
def next_seed(seed):
    """Advance a SplitMix64 state: the state to keep; `mix` of it is the random word."""
    return seed + _GOLDEN


@helper
def random_below(word, bound):
    """Turn a random uint64 into an int64 in [0, bound), bound below 2**32 (Lemire's multiply and shift)."""
    return np.int64(((word >> _S32) * np.uint64(bound)) >> _S32)


@helper
def random_unit(word):
    """Turn a random uint64 into a float64 in [0, 1)."""
    return np.float64(word >> _S11) * (1.0 / 9007199254740992.0)
