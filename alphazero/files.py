"""Files: written whole or not at all; read only where they are files; models found by file or run."""

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

TEMPORARY = ".*.tmp"  # names of files that a crash may leave behind
MODEL_NAME = "model.safetensors"  # the network that plays, in the folder of a run


@contextlib.contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Give an OSError that names no file, such as that of a full disk, the name `path`."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def read_regular(path: str | os.PathLike[str], max_bytes: int | None = None, links: bool = True) -> bytes:
    """Return the content of a regular file, of as many bytes as it has when it is opened.

    Refused at once, with nothing read: what is no file but a device, pipe or socket (reading might never end) or is
    larger than `max_bytes`, by ValueError; without `links` a symbolic link too. OSError as from `open`.
    """
    if not links and Path(path).is_symlink():
        raise ValueError(f"{path}: a symbolic link, expected a file itself")
    _regular_size(path, os.stat(path), max_bytes)  # before it is opened: opening a device can do things
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not links:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    with naming(path), os.fdopen(os.open(path, flags), "rb") as file:
        return file.read(_regular_size(path, os.fstat(file.fileno()), max_bytes))


def _regular_size(path: str | os.PathLike[str], status: os.stat_result, max_bytes: int | None) -> int:
    """Return the size of a regular file; ValueError for anything else, and for more than `max_bytes`."""
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"{path}: a device, pipe or socket, expected a file")
    if max_bytes is not None and status.st_size > max_bytes:
        raise ValueError(f"{path}: {status.st_size:,} bytes, expected at most {max_bytes:,}")
    return status.st_size


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file so that a crash leaves the old content or the new, on disk, never a part; OSError."""
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder", str(path.parent))
    with naming(path):
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), 0o644)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk: a rename is not on it before."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_temporary(folder: str | os.PathLike[str]) -> None:
    """Remove what an interrupted `write_atomically` left in a folder that nobody else is writing."""
    for path in Path(folder).glob(TEMPORARY):
        path.unlink()


def model_file(path: str | os.PathLike[str]) -> Path:
    """Return the model that a path means: a file, or a run's folder; FileNotFoundError when there is none."""
    found = Path(path) / MODEL_NAME if Path(path).is_dir() else Path(path)
    if not found.exists():
        raise FileNotFoundError(
            errno.ENOENT, "no such model (a .safetensors file, or the folder of a run)", str(found)
        )
    return found
