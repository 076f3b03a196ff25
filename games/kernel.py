"""The one decorator for compiled code: numba's njit, kept on disk (`games.compile_cache`), and how long it took."""

import functools
from collections.abc import Callable
from typing import Any

import numba
from numba.core.dispatcher import Dispatcher

from games import compile_cache


def njit(function: Callable | None = None, **options: Any) -> Any:
    """Compile a function, kept on disk, without the interpreter lock, with C's division.

    It counts references to arrays (`_nrt`), as a function that is not told so takes after its first caller.
    """
    settings = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": True} | options
    if function is None:
        return functools.partial(njit, **options)
    kept = settings.pop("cache")
    kernel = numba.njit(**settings)(function)
    if kept and isinstance(kernel, Dispatcher):  # with NUMBA_DISABLE_JIT it is the function itself
        kernel._cache = compile_cache.CompiledCode(function, repr(sorted(settings.items())))
    return kernel


def helper(function: Callable) -> Any:
    """Compile a function that only compiled code calls: no wrapper for Python, no cache entry of its own.

    It is part of the machine code of the kernels that call it. Tests reach it through a kernel or `.py_func`.
    """
    return njit(function, cache=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def borrower(function: Callable) -> Any:
    """Compile a `helper` that only reads and writes arrays which its caller keeps, without counting references to them.

    Counting is a locked instruction at every use of an array in a tuple, more than the work of a tree search itself.
    Such a function makes no arrays (numba refuses to compile it) and must return none: its caller would give them back.
    """
    return njit(function, cache=False, no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)


compile_cache.install()
