"""Files: written so that a crash, or a full disk, leaves the old content or the new; models found by file or run."""

import contextlib
import errno
import os
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
    if not found.is_file():
        raise FileNotFoundError(
            errno.ENOENT, "no such model (a .safetensors file, or the folder of a run)", str(found)
        )
    return found
