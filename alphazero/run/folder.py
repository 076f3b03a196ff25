"""A run on disk: settings, metrics, checkpoints, stored games, and the one file that says what counts.

Everything is written under names that nothing refers to yet; then `progress.json` is replaced in one step. A run
that is killed at any moment goes on from the last `progress.json`: what was written after it is taken away and
computed again, equal to the bit on a CPU, so that no game is lost or counted twice. Nothing is changed before
`alphazero.run.integrity` has read and checked all that the run has; nothing outside the folder is ever touched.
"""

import contextlib
import fcntl
import hashlib
import json
import math
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from alphazero.files import naming, remove_temporary, write_atomically
from alphazero.moments import during
from alphazero.run.integrity import CONFIG, Committed, file_digest, progress_text
from alphazero.run.metrics import METRICS
from alphazero.run.progress import Progress

SUBFOLDERS = ("checkpoints", "selfplay", "plots")
OWN_FILES = {
    "selfplay": ("generation-*.npz", "generation-*.json"),
    "checkpoints": ("learner-*.pt", "*.under_way", "model-*.safetensors"),
}


class RunFolder:
    """The files of one run, locked against a second trainer while it is open.

    ValueError when another process trains in the folder, or something in it is a link to elsewhere.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        self._made = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
        refuse_links(self.path)
        for name in SUBFOLDERS:
            (self.path / name).mkdir(parents=True, exist_ok=True)
        self._lock = _open_own(self.path / "lock")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise ValueError(
                f"{self.path}: another process is training in this folder: stop it first, or choose "
                "another run.folder"
            ) from None
        self._metrics = os.fdopen(_open_own(self.path / METRICS), "ab")
        self._metrics_hash = hashlib.sha256()
        self.listener: Callable[[str, dict[str, Any]], None] | None = None  # is told of every event

    def __enter__(self) -> "RunFolder":
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(OSError):  # of lines that could not be written: that has been said
            self._metrics.close()
        if self._made and not (self.path / CONFIG).exists():
            self._remove_unused()
        os.close(self._lock)

    def _remove_unused(self) -> None:
        """Take away the folders that this process made for a run that was then refused."""
        if (self.path / METRICS).stat().st_size:
            return
        with contextlib.suppress(OSError):  # a folder that holds something stays
            for name in SUBFOLDERS:
                (self.path / name).rmdir()
            for name in ("lock", METRICS):
                (self.path / name).unlink()
            for folder in self._made:
                folder.rmdir()

    def write_config(self, text: str) -> None:
        """Write config.toml, the settings with every default filled in."""
        with during("settings"):
            write_atomically(self.path / CONFIG, text.encode())

    def log(self, event: str, **values: Any) -> None:
        """Append one line to metrics.jsonl; NaN is written as null."""
        row = {"event": event, "time": time.strftime("%Y-%m-%dT%H:%M:%S"), **values}
        clean = {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in row.items()
        }
        line = json.dumps(clean).encode() + b"\n"
        with naming(self.path / METRICS):
            self._metrics.write(line)
            self._metrics.flush()
        self._metrics_hash.update(line)
        if self.listener is not None:
            self.listener(event, values)

    def commit(self, progress: Progress) -> None:
        """Make `progress` and all that it names the state that a later start goes on from.

        The digests of files that it names and has none of yet are added to it.
        """
        self._add_digests(progress)
        with during("commit"):
            with naming(self.path / METRICS):
                os.fsync(self._metrics.fileno())
                size = os.fstat(self._metrics.fileno()).st_size
            text = progress_text(Committed(progress, size, self._metrics_hash.hexdigest()))
            write_atomically(self.path / "progress.json", text.encode())

    def _add_digests(self, progress: Progress) -> None:
        bad = set(progress.bad_shards)
        names = [f"checkpoints/{name}" for name in progress.files]
        names += [f"selfplay/{name}.json" for name in progress.shards if name not in bad]
        known = {name: digest for name, digest in progress.digests.items() if name != CONFIG}
        progress.digests = {
            name: known.get(name) or file_digest(self.path / name) for name in [CONFIG, *names]
        }

    def go_back(self, committed: Committed) -> None:
        """Take away what was written after `committed`: lines of metrics, shards, checkpoints.

        Files that no run writes are left alone. It is the caller's to have checked that all it names is there.
        """
        progress = committed.progress
        self._metrics.truncate(min(os.fstat(self._metrics.fileno()).st_size, committed.metrics_bytes))
        self._metrics_hash = hashlib.sha256((self.path / METRICS).read_bytes())
        kept = {f"selfplay/{name}{kind}" for name in progress.shards for kind in (".npz", ".json")}
        kept |= {f"checkpoints/{name}" for name in progress.files}
        for path in own_files(self.path):
            if path.relative_to(self.path).as_posix() not in kept:
                path.unlink()
        for folder in (self.path, *(self.path / name for name in OWN_FILES)):
            remove_temporary(folder)

    def clear(self) -> None:
        """Take away what a run left that was stopped before its first commit."""
        self.go_back(Committed(Progress(), 0, ""))

    def remove(self, names: list[str]) -> None:
        """Remove files of checkpoints/ that are no longer needed."""
        with during("removal"):
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    (self.path / "checkpoints" / name).unlink()


def own_files(path: Path) -> Iterator[Path]:
    """Yield the shards and checkpoints in a run's folder, by their names."""
    for folder, patterns in OWN_FILES.items():
        for pattern in patterns:
            yield from sorted((path / folder).glob(pattern))


def refuse_links(path: Path) -> None:
    """Refuse a run's folder in which something that the run writes to is a link to elsewhere; ValueError."""
    names = [*SUBFOLDERS, "tensorboard", "selfplay/set_aside", CONFIG, METRICS, "lock", "model.safetensors"]
    names += [f"plots/{file.name}" for file in sorted((path / "plots").glob("*.png"))]
    for file in [path / "progress.json", *(path / name for name in names), *own_files(path)]:
        if file.is_symlink():
            raise ValueError(
                f"{file}: a symbolic link: a run's folder holds its own files and folders: put the real one there"
            )


def _open_own(path: Path) -> int:
    """Open a run's own file for appending, made where it is missing; ValueError when it is a link or no file."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
    except OSError as error:
        if path.is_symlink():
            raise ValueError(f"{path}: a symbolic link: a run's folder holds its own files") from None
        raise error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ValueError(f"{path}: not an ordinary file: a run's folder holds its own files")
    return handle
