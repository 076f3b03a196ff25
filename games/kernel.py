"""The one decorator for compiled code: numba's njit, its cache in a folder of these very sources.

numba's `cache=True` notices a change in the decorated function's own file only, not in the functions that it
calls. The cache folder is therefore named after a digest of the sources of both packages, of every game that
is registered from outside, of numba's version and of the switches that change code.
"""

import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numba
from numba.core import caching, config, types

ENTRY_POINT_GROUP = "alphazero.games"
UNUSED_SECONDS = 30 * 24 * 3600  # after which compiled code of other versions is removed


def njit(function: Callable | None = None, **options):
    """Compile a function, cached on disk, without the interpreter lock, with C's division."""
    settings = {"cache": True, "nogil": True, "error_model": "numpy"} | options
    if function is None:
        return functools.partial(njit, **options)
    return numba.njit(**settings)(function)


def helper(function: Callable):
    """Compile a function that only compiled code calls: no wrapper for Python, no cache entry of its own.

    It is part of the machine code of the kernels that call it. Tests reach it through a kernel or `.py_func`.
    """
    return njit(function, cache=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _source_files() -> Iterator[Path]:
    """Yield every Python file whose text can change compiled code.

    These are the folders of both packages in which some file compiles anything, and games from outside:
    kernels take their constants from folders with kernels only.
    """
    here = Path(__file__).resolve().parent
    yield from sorted(here.rglob("*.py"))
    for folder in sorted(path for path in (here.parent / "alphazero").rglob("*") if path.is_dir()):
        files = sorted(folder.glob("*.py"))
        if any(b"njit" in file.read_bytes() for file in files):
            yield from files
    for entry in sorted(importlib.metadata.entry_points(group=ENTRY_POINT_GROUP), key=str):
        spec = importlib.util.find_spec(entry.module.partition(".")[0])
        if spec and spec.submodule_search_locations:
            for folder in map(Path, spec.submodule_search_locations):
                yield from sorted(folder.rglob("*.py"))
        elif spec and spec.origin:
            yield Path(spec.origin)


def source_digest() -> str:
    """Return 16 hexadecimal digits that change whenever compiled code might."""
    digest = hashlib.sha256()
    switches = (numba.__version__, sys.version, config.BOUNDSCHECK, config.OPT, config.CPU_NAME)
    digest.update(repr(switches).encode())
    for path in _source_files():
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _user_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "alphazero" / "compiled"


def _owned_folder(base: Path) -> Path:
    """Make `base/<digest>` with mode 0700 and return it; raise OSError when it is not ours alone.

    Its time says when it was last used; folders of other versions that nobody used for a month are removed.
    """
    folder = base / source_digest()
    is_new = not folder.exists()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if folder.stat().st_uid != os.getuid() or not os.access(folder, os.W_OK):
        raise OSError(f"{folder} is not a writable folder of this user")
    os.utime(folder)
    if is_new:
        for other in base.iterdir():
            if other.is_dir() and other.stat().st_mtime < time.time() - UNUSED_SECONDS:
                shutil.rmtree(other, ignore_errors=True)
    return folder


def notice_source(path: Path) -> None:
    """Forget all compiled code when a game's source that the digest does not cover has changed since.

    That is the source of a game that is neither of this package nor registered, such as one being written.
    Its kernels are part of compiled functions of other files, which numba would go on using.
    """
    path = path.resolve()
    if not path.is_file() or path.is_relative_to(Path(__file__).resolve().parent):
        return
    if path in {covered.resolve() for covered in _source_files()}:
        return
    folder = Path(config.CACHE_DIR)
    mark = folder / (hashlib.sha256(str(path).encode()).hexdigest()[:16] + ".source")
    now = hashlib.sha256(path.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() != now:
        for compiled in [*folder.rglob("*.nbi"), *folder.rglob("*.nbc")]:
            compiled.unlink(missing_ok=True)
    mark.write_text(now)


def _set_cache_folder() -> None:
    """Point numba at the digest's folder, or at a fresh private one where home cannot be written."""
    try:
        config.CACHE_DIR = str(_owned_folder(_user_folder()))
    except OSError:
        config.CACHE_DIR = tempfile.mkdtemp(prefix="alphazero-compiled-")


def _name_records_by_content() -> None:
    """Give compiled functions of records names that tell the records apart in every process.

    numba names a function after its arguments, a record there by a number that counts the types of the process. Two
    records compiled in two processes then share their number, and one process that loads both from the cache links
    the functions of the one to the other's: other offsets, memory overwritten.
    """

    def mangling_args(self):
        return type(self).__name__, (int(hashlib.sha256(self.name.encode()).hexdigest()[:15], 16),)

    types.Record.mangling_args = property(mangling_args)  # type: ignore[method-assign, assignment]


def _forgive_missing_games() -> None:
    """Let an index of compiled code that names a game which is gone count as empty, instead of failing.

    The index of a kernel names the types it was compiled for, by module and class. One that cannot be imported
    any more (a game defined in a script or a test) would otherwise stop every other game from loading it.
    """
    load_index = caching.IndexDataCacheFile._load_index

    def load_or_forget(self):
        try:
            return load_index(self)
        except (ImportError, AttributeError):
            return {}

    caching.IndexDataCacheFile._load_index = load_or_forget


_set_cache_folder()
_name_records_by_content()
_forgive_missing_games()
