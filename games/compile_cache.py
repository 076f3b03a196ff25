"""Compiled code on disk: one file for each specialisation of a kernel, in a folder of the user's own.

A file is found by what its code depends on, and by nothing else: the versions and switches in the folder's name, the
digest of the kernel's source and of all that it imports (`games.sources`), the types of its arguments and, for every
class among them (a game is one), the digest of that class's source. So an edit compiles anew what it can change, a
comment nothing, and checkouts of the same sources share their files. The first bytes of a file are a digest of what
it was kept for and of its content: a damaged or exchanged file is compiled anew.

Files are put in place whole, so any number of processes can read and write at once. What nobody used for a month is
removed. Where nothing can be written, nothing is kept, and programs run all the same.
"""

import atexit
import hashlib
import os
import pickle
import shutil
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core import caching, config, dispatcher, sigutils, types
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from games import sources
from games.compile_key import Unnamed, describe, describe_code, digest, stamp_of_function

UNUSED_SECONDS = 30 * 24 * 3600  # after which compiled code is removed
DAY = 24 * 3600
MAGIC = b"alphazero compiled code 1\n"
SWITCHES = (
    "BOUNDSCHECK", "OPT", "CPU_NAME", "CPU_FEATURES", "ENABLE_AVX", "DISABLE_INTEL_SVML", "LOOP_VECTORIZE",
    "SLP_VECTORIZE", "DEBUGINFO_DEFAULT",
)  # fmt: skip


_said: set[str] = set()


class CompiledCode(caching._Cache):
    """The compiled specialisations of one kernel on disk; numba asks it before it compiles and hands it the result.

    `options` are the decorator's, as text.
    """

    def __init__(self, py_func: Any, options: str = ""):
        self._function = py_func
        self._options = options
        self._stamp = stamp_of_function(py_func)
        self._enabled = True

    @property
    def cache_path(self) -> str:
        """Return the folder of this kernel's file of source."""
        return str(folder() / f"{self._function.__module__}-{(self._stamp or 'changed')[:16]}")

    def enable(self) -> None:
        """Use the files from now on."""
        self._enabled = True

    def disable(self) -> None:
        """Leave the files alone from now on."""
        self._enabled = False

    def flush(self) -> None:
        """Remove the files of this kernel."""
        for path in Path(self.cache_path).glob(f"{self._file_name()}.*.nbc"):
            path.unlink(missing_ok=True)

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        """Return the compiled code for argument types, or None when there is none that can be used."""
        target_context.refresh()
        key = self._key(sig, target_context.codegen())
        if key is None:
            return None
        path = self._path(key)
        try:
            payload = _read(path, key)
            return payload and CompileResult._rebuild(target_context, *pickle.loads(payload))
        except OSError:
            return None
        except Exception:  # whatever damaged code does when it is read
            _discard(path)
            return None

    def save_overload(self, sig: Any, data: CompileResult) -> None:
        """Keep compiled code; when it cannot be written, say so once."""
        key = self._key(sig, data.codegen)
        if (
            key is None
            or any(not lifted.can_cache for lifted in data.lifted)
            or data.library.has_dynamic_globals
        ):
            return
        payload = dumps(data._reduce())
        path = self._path(key)
        error = sources.write_whole(path, MAGIC + _check(key, payload) + payload)
        if error is not None:
            _say_once("cannot be kept", f": {error.strerror or error}")

    def _file_name(self) -> str:
        name = self._function.__qualname__.replace("<", "").replace(">", "")
        return f"{name[-80:]}-{describe_code(self._function.__code__)[:8]}"

    def _path(self, key: str) -> Path:
        return Path(self.cache_path) / f"{self._file_name()}.{digest(key)[:20]}.nbc"

    def _key(self, sig: Any, codegen: Any) -> str | None:
        """Return all that tells this code from other code of the same file, or None when it cannot be said."""
        if self._stamp is None or not self._enabled:
            return None
        try:
            parts = [self._stamp, repr(codegen.magic_tuple()), self._options]
            parts += describe((self._function, *sigutils.normalize_signature(sig)))
        except Unnamed:
            return None
        return "\n".join(parts)


def _check(key: str, payload: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(key.encode()).digest() + payload).digest()


def _read(path: Path, key: str) -> bytes | None:
    """Return the content of a file of compiled code, or None when it is not there or not what was written."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    start = len(MAGIC) + 32
    payload = content[start:]
    if content[:start] != MAGIC + _check(key, payload):
        _discard(path)
        return None
    if path.stat().st_mtime < time.time() - DAY:
        os.utime(path)
    return payload


def _discard(path: Path) -> None:
    _say_once("is damaged", ": it is compiled anew")
    try:
        path.unlink(missing_ok=True)
    except OSError:
        pass


def _say_once(what: str, why: str) -> None:
    """Tell the user, once in a process, what is the matter with the folder."""
    if what not in _said:
        _said.add(what)
        print(f"alphazero: compiled code in {folder()} {what}{why}", file=sys.stderr)


def folder() -> Path:
    """Return the folder of compiled code for these versions and switches; numba's own caches use it too."""
    return Path(config.CACHE_DIR)


def switches_digest() -> str:
    """Return 16 hexadecimal digits that change with the versions and switches on which all compiled code depends."""
    versions = (numba.__version__, llvmlite.__version__, np.__version__, sys.version, sys.flags.optimize)
    switches = tuple((name, getattr(config, name, None)) for name in SWITCHES)
    return digest(repr((MAGIC, versions, switches)))[:16]


def _user_folder() -> Path:
    """Return where compiled code belongs; OSError when this user has no home."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    if not os.path.isabs(base):
        raise OSError(f"{base} is no absolute path")
    return Path(base) / "alphazero" / "compiled"


def _own_folder(base: Path) -> Path:
    """Make `base/<digest>` with mode 0700 and return it; OSError when it is a link, not ours or cannot be written."""
    path = base / switches_digest()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for part in (base, path):
        status = part.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            raise OSError(f"{part} is not a folder of this user")
    path.chmod(0o700)
    tempfile.TemporaryFile(dir=path).close()
    return path


def _remove_unused(base: Path) -> None:
    """Remove, once a day, the files in the folders of a base that nobody used for a month, and empty folders."""
    mark = base / "cleaned"
    now = time.time()
    try:
        if mark.exists() and mark.stat().st_mtime > now - DAY:
            return
        mark.touch()
        for path in sorted(base.glob("*/**/*"), reverse=True):  # what is in a folder before the folder
            if path.is_dir() and not path.is_symlink():
                if path.stat().st_mtime < now - DAY and not any(path.iterdir()):
                    path.rmdir()
            elif path.lstat().st_mtime < now - UNUSED_SECONDS:
                path.unlink()
    except OSError:
        pass  # another process is at it


def _private_folder() -> Path:
    """Return this user's one folder among temporary files; OSError when somebody else has taken its name."""
    base = Path(tempfile.gettempdir()) / f"alphazero-compiled-{os.getuid()}"
    base.mkdir(mode=0o700, exist_ok=True)
    status = base.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise OSError(f"{base} is not a folder of this user alone")
    return base


def choose_folder() -> Path:
    """Return a folder for compiled code: in the user's cache, else among temporary files, else until this ends."""
    for choice in (_user_folder, _private_folder):
        try:
            base = choice()
            path = _own_folder(base)
        except OSError:
            continue
        _remove_unused(base)
        return path
    path = Path(tempfile.mkdtemp(prefix="alphazero-compiled-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def install() -> None:
    """Let every function that numba caches in this process be cached here."""
    config.CACHE_DIR = str(choose_folder())
    sources.keep_summaries_in(lambda: folder() / "sources")
    dispatcher.FunctionCache = CompiledCode
    for kind in (types.Record, types.NamedTuple, types.NamedUniTuple):
        kind.mangling_args = property(_mangling_args)  # type: ignore[method-assign]


def _mangling_args(self: Any) -> tuple[str, tuple[int]]:
    """Return how functions of a record or named tuple are called in machine code, by its content.

    numba names a function after its arguments, a record there by a number that counts the types of the process, a
    tuple by its class without the module. Two that were compiled in two processes may then share their name, and one
    process that loads both from the cache links the functions of the one to the other's: other offsets, memory
    overwritten.
    """
    kind = getattr(self, "instance_class", None)
    where = f"{kind.__module__}.{kind.__qualname__} " if kind else ""
    return type(self).__name__, (int(digest(where + self.name)[:15], 16),)
