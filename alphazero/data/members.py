"""Arrays in an .npz file, read without trust: each is known by its name, and measured before it is unpacked.

An .npz is a zip of .npy files. NumPy reads whatever is in there and believes the sizes that are declared; here the
caller says what it expects, and only that is unpacked.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np

MAX_UNPACKED = 2**31  # bytes of all arrays of a file together; a shard of Go 19 x 19 has 10**8
MAX_MEMBERS = 1000
PLAIN = "biuf"  # kinds of numbers: bool, int, uint, float
BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, KeyError, NotImplementedError)
BROKEN += (SyntaxError, RecursionError, MemoryError, OverflowError, TypeError, RuntimeError)  # of forged headers


class NotTheArrays(ValueError):
    """A file that does not hold the arrays that it should; one line says why."""


class Members:
    """The arrays of an .npz file, by name; none is unpacked before it is asked for. NotTheArrays when it is none."""

    def __init__(self, data: bytes):
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            infos = self._zip.infolist()
        except BROKEN as error:
            raise NotTheArrays(_reason(error)) from None
        names = [info.filename for info in infos]
        if len(infos) > MAX_MEMBERS:
            raise NotTheArrays(f"{len(infos)} members, expected at most {MAX_MEMBERS}")
        if strange := [name for name in names if not re.fullmatch(r"[a-z0-9_]{1,64}\.npy", name)]:
            raise NotTheArrays(f"a member {strange[0][:64]!r} is no array of theirs")
        if len(set(names)) < len(names):
            raise NotTheArrays(f"{max(names, key=names.count)} is there twice")
        self._infos = {info.filename.removesuffix(".npy"): info for info in infos}
        self._left = MAX_UNPACKED

    @property
    def names(self) -> set[str]:
        """Return the names of the arrays."""
        return set(self._infos)

    def expect(self, names: Iterable[str]) -> None:
        """Refuse arrays that are missing or that nobody asked for."""
        expected = set(names)
        if missing := sorted(expected - self.names):
            raise NotTheArrays(f"{missing[0]} is missing")
        if unknown := sorted(self.names - expected):
            raise NotTheArrays(f"{unknown[0]} is no array of theirs")

    def read(self, name: str, dtype: Any, shape: tuple[int | None, ...]) -> np.ndarray:
        """Return an array of a dtype and shape, where None is any length; NotTheArrays when it is another.

        Records are compared by their fields and given back with the dtype asked for.
        """
        kind = np.dtype(dtype)
        return self._read(name, lambda found: _equal_bytes(found, kind), shape, kind)

    def read_plain(self, name: str) -> np.ndarray:
        """Return an array of plain numbers of any shape."""
        return self._read(name, lambda found: found.kind in PLAIN and found.isnative, None, None)

    def _read(self, name: str, is_right: Any, shape: Any, kind: np.dtype | None) -> np.ndarray:
        if name not in self._infos:
            raise NotTheArrays(f"{name} is missing")
        info = self._infos[name]
        try:
            with self._zip.open(info) as stream:
                found_shape, found = _header(stream)
                fits = shape is None or (
                    len(shape) == len(found_shape)
                    and all(want in (None, has) for want, has in zip(shape, found_shape, strict=True))
                )
                if not (fits and is_right(found)):
                    raise NotTheArrays(f"{name} is {_shown(found, found_shape)}{_wanted(kind, shape)}")
                return self._fill(name, stream, found_shape, kind or found, info.file_size)
        except NotTheArrays:
            raise
        except BROKEN as error:
            raise NotTheArrays(f"{name}: {_reason(error)}") from None

    def _fill(self, name: str, stream: Any, shape: tuple[int, ...], kind: np.dtype, declared: int) -> np.ndarray:
        """Unpack the elements of an array whose header has been read, never more than fits the rest of the file."""
        size = kind.itemsize
        for length in shape:
            size *= length
        if size > self._left:
            raise NotTheArrays(f"{name} and the others take more than {MAX_UNPACKED:,} bytes")
        if stream.tell() + size != declared:
            raise NotTheArrays(f"{name} has {declared - stream.tell():,} bytes, not {size:,}")
        self._left -= size
        array = np.empty(shape, kind)
        target = memoryview(array.reshape(-1).view(np.uint8)) if size else memoryview(b"")
        filled = 0
        while filled < size:
            part = stream.read(min(2**20, size - filled))
            if not part:
                raise NotTheArrays(f"{name} ends after {filled:,} of {size:,} bytes")
            target[filled : filled + len(part)] = part
            filled += len(part)
        if stream.read(1):  # reads on to the end, where the checksum is compared
            raise NotTheArrays(f"{name} goes on after its end")
        return array


def _header(stream: Any) -> tuple[tuple[int, ...], np.dtype]:
    """Return shape and dtype that an .npy file declares; ValueError when it is none, or is not in C order."""
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"an array in format {version}, expected (1, 0)")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if fortran and len(shape) > 1:
        raise ValueError("an array in Fortran's order")
    if not all(isinstance(length, int) and length >= 0 for length in shape):
        raise ValueError(f"an array of the shape {str(shape)[:40]}")
    return shape, dtype


def _equal_bytes(found: np.dtype, expected: np.dtype) -> bool:
    """Whether elements are the same bytes; a file does not keep that records are aligned."""
    if expected.fields is None:
        return found == expected
    return not found.hasobject and np.lib.format.dtype_to_descr(found) == np.lib.format.dtype_to_descr(expected)


def _shown(dtype: np.dtype, shape: tuple[int, ...]) -> str:
    name = "records" if dtype.fields else str(dtype)
    return f"{name[:40]}{str(list(shape))[:40]}"


def _wanted(kind: np.dtype | None, shape: Any) -> str:
    if kind is None:
        return ", expected plain numbers"
    return f", expected {_shown(kind, tuple('n' if length is None else length for length in shape))}".replace("'", "")


def _reason(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:160]
