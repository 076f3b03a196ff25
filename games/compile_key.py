"""What tells compiled code apart: text for types, classes, functions and constants that is equal in every process.

It tells apart exactly what numba does, and classes and functions also by the digests of their sources
(`games.sources`): a game among the arguments brings its kernels along.
"""

import functools
import hashlib
import inspect
import sys
import types as python_types
from collections.abc import Iterator
from typing import Any

import numpy as np
from numba.core import dispatcher, types

from games import sources


class Unnamed(Exception):
    """Something that a kernel depends on cannot be described, so its code is not kept."""


def describe(value: Any, within: tuple = ()) -> Iterator[str]:
    """Yield lines that are equal for equal types, classes, functions and constants only, in every process.

    Classes and functions count with their sources. `within` are the functions that are being described; Unnamed is
    raised for what has no name that lasts.
    """
    if isinstance(value, types.Type):
        yield from _describe_type(value, within)
    elif isinstance(value, type):
        yield from _describe_class(value, within)
    elif isinstance(value, dispatcher.Dispatcher):
        yield from describe(value.py_func, within)
    elif isinstance(value, python_types.FunctionType):
        yield from _describe_function(value, within)
    elif isinstance(value, (tuple, list)):
        yield f"{type(value).__name__} of {len(value)}"
        for item in value:
            yield from describe(item, within)
    elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
        yield f"array {value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    elif value is None or isinstance(value, (bool, int, float, complex, str, bytes, np.generic, np.dtype)):
        yield f"{type(value).__name__} {value!r}"
    else:
        raise Unnamed(repr(value))


def _describe_type(value: types.Type, within: tuple) -> Iterator[str]:
    if isinstance(value, types.Dispatcher):
        yield "kernel"
        yield from describe(value.dispatcher, within)
        return
    yield f"{type(value).__module__}.{type(value).__qualname__} {value.name}"
    key = value.key
    if isinstance(key, str):  # by numba's definition it says everything but which classes it names
        for part in vars(value).values():
            if isinstance(part, (types.Type, type)):
                yield from describe(part, within)
    else:
        yield from describe(key, within)


def _describe_class(value: type, within: tuple) -> Iterator[str]:
    """Yield what stands for a class: its name, its file, those of its bases and of its kernels, what it wraps."""
    if value.__module__.partition(".")[0] in sources.BY_VERSION:
        yield f"class {value.__module__}.{value.__qualname__}"
        return
    yield f"class {value.__module__}.{value.__qualname__} {_stamp_of_module(value.__module__)}"
    if value in within:
        return
    within = (*within, value)
    for base in value.__bases__:
        yield from _describe_class(base, within)
    for name, part in sorted(vars(value).items()):
        kernel = getattr(part, "kernel", part)
        if isinstance(kernel, dispatcher.Dispatcher):
            yield name
            yield from describe(kernel, within)
        elif isinstance(part, type) and hasattr(part, "_fields"):
            yield name
            yield from describe(part, within)


def _describe_function(function: Any, within: tuple) -> Iterator[str]:
    yield f"function {function.__module__}.{function.__qualname__} {describe_code(function.__code__)}"
    if function in within:
        return
    mark = stamp_of_function(function)
    if mark is None:
        raise Unnamed(function)
    yield mark
    try:
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
    except ValueError:
        raise Unnamed(function) from None
    yield from describe((cells, function.__defaults__), (*within, function))


@functools.cache
def describe_code(code: python_types.CodeType) -> str:
    """Return what tells functions of one file and one name apart: a digest without lines and docstrings."""
    constants = list(code.co_consts)
    has_docstring = sys.version_info < (3, 13) or code.co_flags & 0x4000000
    if has_docstring and constants and isinstance(constants[0], str):
        constants[0] = None
    parts = [code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars]
    for constant in constants:
        if isinstance(constant, python_types.CodeType):
            parts.append(describe_code(constant))
        elif isinstance(constant, frozenset):
            parts.append(sorted(map(repr, constant)))
        else:
            parts.append(constant)
    return digest(repr(parts))


@functools.cache  # what a function was made of does not change
def stamp_of_function(function: Any) -> str | None:
    return _stamp(function.__module__, inspect.getfile(function))


def _stamp_of_module(name: str) -> str:
    module = sys.modules.get(name)
    mark = _stamp(name, getattr(module, "__file__", None) or "")
    if mark is None:
        raise Unnamed(name)
    return mark


def _stamp(module: str, path: str) -> str | None:
    if module == "__main__":  # run with python -m, it has a name
        spec = getattr(sys.modules["__main__"], "__spec__", None)
        module = spec.name if spec else module
    return sources.stamp(module, path)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
