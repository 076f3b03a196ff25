"""A run on disk: settings, metrics, checkpoints, games of self-play, and the one file that says what counts.

Everything is written under names that nothing refers to yet; then `progress.json` is replaced in one step. A run
that is killed at any moment goes on from the last `progress.json`: what was written after it is taken away and
computed again, equal to the bit on a CPU, so that no game is lost or counted twice.
"""

import contextlib
import fcntl
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from alphazero.files import naming, remove_temporary, write_atomically

CONFIG, PROGRESS, METRICS = "config.toml", "progress.json", "metrics.jsonl"
SUBFOLDERS = ("checkpoints", "selfplay", "plots")
OWN_FILES = {
    "selfplay": ("generation-*.npz", "generation-*.json"),
    "checkpoints": ("learner-*.pt", "*.under_way", "model-*.safetensors"),
}


class RunFolder:
    """The files of one run, locked against a second trainer while it is open.

    ValueError when another process trains in the folder, or it is no run.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        self._is_new = not self.path.exists()
        for name in SUBFOLDERS:
            (self.path / name).mkdir(parents=True, exist_ok=True)
        self._lock = (self.path / "lock").open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise ValueError(
                f"{self.path}: another process is training in this folder: stop it first, or choose "
                "another run.folder"
            ) from None
        self._metrics = (self.path / METRICS).open("ab")
        self.listener: Callable[[str, dict[str, Any]], None] | None = None  # is told of every event

    def __enter__(self) -> "RunFolder":
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(OSError):  # of lines that could not be written: that has been said
            self._metrics.close()
        if self._is_new and not (self.path / CONFIG).exists():
            self._remove_unused()
        self._lock.close()

    def _remove_unused(self) -> None:
        """Take away the folder that this process made for a run that was then refused."""
        if (self.path / METRICS).stat().st_size:
            return
        with contextlib.suppress(OSError):  # a folder that holds something stays
            for name in SUBFOLDERS:
                (self.path / name).rmdir()
            for name in ("lock", METRICS):
                (self.path / name).unlink()
            self.path.rmdir()

    def write_config(self, text: str) -> None:
        """Write config.toml, the settings with every default filled in."""
        write_atomically(self.path / CONFIG, text.encode())

    def log(self, event: str, **values: Any) -> None:
        """Append one line to metrics.jsonl; NaN is written as null."""
        row = {"event": event, "time": time.strftime("%Y-%m-%dT%H:%M:%S"), **values}
        clean = {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in row.items()
        }
        with naming(self.path / METRICS):
            self._metrics.write(json.dumps(clean).encode() + b"\n")
            self._metrics.flush()
        if self.listener is not None:
            self.listener(event, values)

    def commit(self, progress: dict[str, Any]) -> None:
        """Make `progress` and all that it names the state that a later start goes on from."""
        with naming(self.path / METRICS):
            os.fsync(self._metrics.fileno())
            size = os.fstat(self._metrics.fileno()).st_size
        write_atomically(
            self.path / PROGRESS, json.dumps({**progress, "metrics_bytes": size}, indent=1).encode()
        )

    def go_back(self, progress: dict[str, Any]) -> None:
        """Take away what was written after `progress` was committed: lines of metrics, shards, checkpoints.

        Files that no run writes are left alone.
        """
        size = os.fstat(self._metrics.fileno()).st_size
        self._metrics.truncate(min(size, progress["metrics_bytes"]))
        kept = {*progress["shards"], *progress["files"]}
        for path in own_files(self.path):
            if path.name not in kept and path.stem not in kept:
                path.unlink()
        for folder in (self.path, *(self.path / name for name in OWN_FILES)):
            remove_temporary(folder)

    def clear(self) -> None:
        """Take away what a run left that was stopped before its first commit."""
        self.go_back({"shards": [], "files": [], "metrics_bytes": 0})

    def remove(self, names: list[str]) -> None:
        """Remove files of checkpoints/ that are no longer needed."""
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                (self.path / "checkpoints" / name).unlink()


def own_files(path: Path) -> Iterator[Path]:
    """Yield the shards and checkpoints in a run's folder, by their names."""
    for folder, patterns in OWN_FILES.items():
        for pattern in patterns:
            yield from sorted((path / folder).glob(pattern))


def read_progress(path: str | os.PathLike[str]) -> dict[str, Any] | None:
    """Return the committed progress of a run's folder, None when nothing was; ValueError when it is damaged or lost."""
    file = Path(path) / PROGRESS
    if not file.exists():
        if any(own_files(Path(path))):
            raise ValueError(
                f"{file}: missing, but the folder holds games or checkpoints of a run: restore the file, "
                "or start a new run in another folder"
            )
        return None
    try:
        progress = json.loads(file.read_bytes())
        progress["shards"], progress["files"], progress["metrics_bytes"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{file}: damaged ({type(error).__name__}: {error}): restore it, or start a new run"
        ) from None
    return progress
