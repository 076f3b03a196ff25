"""Arrays in an .npz file, read without trust: each is known by its name, and measured before it is unpacked.

An .npz is a zip of .npy files. NumPy reads whatever is in there and believes the sizes that are declared; here the
caller says what it expects, and only that is unpacked.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from typing import IO

import numpy as np
from numpy.typing import DTypeLike

MAX_UNPACKED = 2**31  # bytes of all arrays of a file together; a shard of Go 19 x 19 has 10**8
MAX_MEMBERS = 1000
# Bytes of a zip's list of members: of an entry besides its name, and of what ends the list.
ENTRY, END = 46, 22
PLAIN = "biuf"  # kinds of numbers: bool, int, uint, float


class ShardError(ValueError):
    """Stored games that are truncated, altered, of another game or unreadable; one line says why."""


class Members:
    """The arrays of an .npz file, by name; none is unpacked before it is asked for. ShardError when it is none."""

    def __init__(self, data: bytes):
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            infos = self._zip.infolist()
        except Exception as error:  # whatever zipfile makes of forged bytes
            raise ShardError(_reason(error)) from None
        names = [info.filename for info in infos]
        if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
            raise ShardError("compressed in a way that NumPy does not use")
        if len(infos) > MAX_MEMBERS:
            raise ShardError(f"{len(infos)} members, expected at most {MAX_MEMBERS}")
        texts = sum(len(name.encode()) for name in names)  # nothing else stands in the list that NumPy writes
        if len(data) != self._zip.start_dir + ENTRY * len(infos) + texts + END:
            raise ShardError("a list of members that does not end where the file does")
        if strange := [name for name in names if not re.fullmatch(r"[a-z0-9_]{1,64}\.npy", name)]:
            raise ShardError(f"a member {strange[0][:64]!r} is no array of theirs")
        if len(set(names)) < len(names):
            raise ShardError(f"{max(names, key=names.count)} is there twice")
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
            raise ShardError(f"{missing[0]} is missing")
        if unknown := sorted(self.names - expected):
            raise ShardError(f"{unknown[0]} is no array of theirs")

    def read(self, name: str, dtype: DTypeLike, shape: tuple[int | None, ...]) -> np.ndarray:
        """Return an array of a dtype and shape, where None is any length; ShardError when it is another.

        Records are compared by their fields and given back with the dtype asked for.
        """
        kind = np.dtype(dtype)
        return self._read(name, lambda found: found == kind, shape, kind)

    def read_plain(self, name: str) -> np.ndarray:
        """Return an array of plain numbers of any shape."""
        return self._read(name, lambda found: found.kind in PLAIN and found.isnative, None, None)

    def _read(
        self,
        name: str,
        is_right: Callable[[np.dtype], bool],
        shape: tuple[int | None, ...] | None,
        kind: np.dtype | None,
    ) -> np.ndarray:
        if name not in self._infos:
            raise ShardError(f"{name} is missing")
        info = self._infos[name]
        try:
            with self._zip.open(info) as stream:
                found_shape, found = _header(stream)
                fits = shape is None or (
                    len(shape) == len(found_shape)
                    and all(want in (None, has) for want, has in zip(shape, found_shape, strict=True))
                )
                if not (fits and is_right(found)):
                    raise ShardError(f"{name} is {_shown(found, found_shape)}{_wanted(kind, shape)}")
                return self._fill(name, stream, found_shape, kind or found, info.file_size)
        except ShardError:
            raise
        except (
            Exception
        ) as error:  # whatever NumPy makes of forged bytes: a dozen kinds, TokenError among them
            raise ShardError(f"{name}: {_reason(error)}") from None

    def _fill(
        self, name: str, stream: IO[bytes], shape: tuple[int, ...], kind: np.dtype, declared: int
    ) -> np.ndarray:
        """Unpack the elements of an array whose header has been read, never more than fits the rest of the file."""
        size = kind.itemsize
        for length in shape:
            size *= length
        if size > self._left:
            raise ShardError(f"{name} and the others take more than {MAX_UNPACKED:,} bytes")
        if stream.tell() + size != declared:
            raise ShardError(f"{name} has {declared - stream.tell():,} bytes, not {size:,}")
        self._left -= size
        array = np.empty(shape, kind)
        target, filled = array.reshape(-1).view(np.uint8), 0
        while filled < size:
            part = stream.read(min(2**20, size - filled))
            if not part:
                raise ShardError(f"{name} ends after {filled:,} of {size:,} bytes")
            target[filled : filled + len(part)] = np.frombuffer(part, np.uint8)
            filled += len(part)
        if stream.read(1):  # reads on to the end, where the checksum is compared
            raise ShardError(f"{name} goes on after its end")
        return array


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
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


def _shown(dtype: np.dtype, shape: tuple[int | None, ...]) -> str:
    name = "records" if dtype.fields else str(dtype)
    sizes = ", ".join("n" if length is None else str(length) for length in shape)
    return f"{name[:40]}[{sizes[:40]}]"


def _wanted(kind: np.dtype | None, shape: tuple[int | None, ...] | None) -> str:
    return ", expected " + ("plain numbers" if kind is None else _shown(kind, shape or ()))


def _reason(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:160]
