"""Whether a run's folder is what its last commit says: all is read and checked before anything is changed.

`progress.json` carries a SHA-256 of itself, of the committed part of metrics.jsonl, and of every file that it names.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from alphazero.data.shards import ShardError, read_manifest
from alphazero.run.metrics import METRICS, event_of, lines_of
from alphazero.run.progress import Progress, upgraded

CONFIG, PROGRESS = "config.toml", "progress.json"
FORMAT = 2  # 1: without any SHA-256, the counters of expert iteration beside the run's own
RESTORE = "restore it, or start a new run"
MAX_PROGRESS_BYTES = 2**28


class Committed(NamedTuple):
    """What the last commit of a run says."""

    progress: Progress
    metrics_bytes: int  # of metrics.jsonl; what follows was written after the commit
    metrics_sha256: str  # of those bytes; "" in the first format


class Damage(NamedTuple):
    """What a run can go on without."""

    shards: dict[str, str]  # stored games that cannot be used: why, by the shard's name
    checkpoints: dict[str, str]  # files of checkpoints/ likewise
    notes: list[str]  # what else is not as the run left it, a line each


def progress_text(committed: Committed) -> str:
    """Return the text of progress.json."""
    data: dict[str, Any] = {
        "format": FORMAT,
        **committed.progress.as_dict(),
        "metrics_bytes": committed.metrics_bytes,
        "metrics_sha256": committed.metrics_sha256,
    }
    return json.dumps({**data, "sha256": _digest(data)}, indent=1)


def read_committed(folder: str | os.PathLike[str]) -> Committed | None:
    """Return the last commit of a run's folder, None when there was none; ValueError when it is damaged or lost."""
    file = Path(folder) / PROGRESS
    if not file.exists() and not file.is_symlink():
        if any(_leftovers(Path(folder))):
            raise ValueError(
                f"{file}: missing, but the folder holds games or checkpoints of a run: restore the file, "
                "or start a new run in another folder"
            )
        return None
    try:
        return _parsed(json.loads(_read(file)))
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{file}: damaged ({type(error).__name__}: {reason}): {RESTORE}") from None


def _leftovers(folder: Path) -> Iterator[Path]:
    yield from (folder / "selfplay").glob("generation-*")
    yield from (folder / "checkpoints").glob("learner-*")


def _read(file: Path) -> bytes:
    status = file.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("not an ordinary file")
    if status.st_size > MAX_PROGRESS_BYTES:
        raise ValueError(f"{status.st_size:,} bytes are too many")
    return file.read_bytes()


def _parsed(data: object) -> Committed:
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    if "format" not in data:
        return _first_format(data)
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']!r}, this version reads {FORMAT} and the one before")
    digest = data.pop("sha256", None)
    if digest != _digest(data):
        raise ValueError("altered since it was written, its SHA-256 does not agree")
    del data["format"]
    size, metrics = data.pop("metrics_bytes", None), data.pop("metrics_sha256", None)
    if not isinstance(size, int) or size < 0 or not isinstance(metrics, str):
        raise ValueError(f"metrics_bytes: {size!r}, metrics_sha256: {metrics!r}")
    return Committed(Progress.from_dict(data), size, metrics)


def _first_format(data: dict[str, Any]) -> Committed:
    missing = [key for key in ("shards", "files", "metrics_bytes", "game", "generation") if key not in data]
    if missing:
        raise ValueError(f"no {missing[0]!r} in it")
    size = data["metrics_bytes"]
    if not isinstance(size, int) or size < 0:
        raise ValueError(f"metrics_bytes: {size!r}")
    return Committed(Progress.from_dict(upgraded(data)), size, "")


def _digest(data: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hex; OSError when it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def examine(folder: Path, committed: Committed) -> Damage:
    """Read all that a commit names and return what is damaged; changes nothing.

    Raises ValueError, naming the file, for what the run cannot go on without: its metrics, unless they are gone
    altogether, and the games under way.
    """
    progress = committed.progress
    damage = Damage({}, {}, [])
    _examine_metrics(folder / METRICS, committed, damage)
    _examine_config(folder, progress, damage)
    for name in progress.files:
        reason = _problem(folder, f"checkpoints/{name}", progress)
        if reason and name == progress.under_way:
            raise ValueError(f"{folder / 'checkpoints' / name}: {reason}: {RESTORE}")
        if reason:
            damage.checkpoints[name] = reason
    for name in progress.shards:
        if name not in progress.bad_shards and (reason := _shard_problem(folder, name, progress)):
            damage.shards[name] = reason
    return damage


def _examine_metrics(path: Path, committed: Committed, damage: Damage) -> None:
    size = path.stat().st_size if path.exists() else 0
    if size == 0 and committed.metrics_bytes:
        damage.notes.append(f"{path}: gone, and with it the curves so far: begun anew")
        return
    if size < committed.metrics_bytes:
        raise ValueError(
            f"{path}: {committed.metrics_bytes - size:,} bytes are missing at its end: restore it, or remove "
            "it to go on without what was measured so far"
        )
    with path.open("rb") as file:
        data = file.read(committed.metrics_bytes)
    if committed.metrics_sha256 and hashlib.sha256(data).hexdigest() != committed.metrics_sha256:
        raise ValueError(
            f"{path}: altered since it was written{_bad_line(data)}: restore it, or remove it to go on without "
            "what was measured so far"
        )
    if not committed.metrics_sha256 and (line := _bad_line(data)):
        raise ValueError(f"{path}: damaged{line}: restore it, or remove it to go on without it")


def _bad_line(data: bytes) -> str:
    """Return which line is the first that is no event, in words, "" when all are."""
    for number, line in lines_of(data):
        try:
            event_of(line)
        except ValueError:
            return f" (line {number} is no event)"
    return ""


def _examine_config(folder: Path, progress: Progress, damage: Damage) -> None:
    digest = progress.digests.get(CONFIG)
    if digest is not None and file_digest(folder / CONFIG) != digest:
        damage.notes.append(
            f"{folder / CONFIG}: changed since the run wrote it: going on with the settings as they are now"
        )


def _problem(folder: Path, name: str, progress: Progress) -> str:
    """Return what is wrong with a file that a commit names, "" when nothing is."""
    path = folder / name
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return "not an ordinary file"
        digest = progress.digests.get(name)
        if digest is not None and file_digest(path) != digest:
            return "damaged, its SHA-256 is not the one that the run noted"
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return ""


def _shard_problem(folder: Path, name: str, progress: Progress) -> str:
    path = folder / "selfplay" / f"{name}.npz"
    if reason := _problem(folder, f"selfplay/{name}.json", progress):
        return f"{path}: its manifest: {reason}"
    try:
        manifest = read_manifest(path)
    except ShardError as error:
        return str(error)
    if reason := _problem(folder, f"selfplay/{name}.npz", progress):
        return f"{path}: {reason}"
    if file_digest(path) != manifest["sha256"]:
        return f"{path}: does not agree with its manifest: truncated or altered"
    return ""
