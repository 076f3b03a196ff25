"""What memory this machine has, that of the container it may be counted too."""

from __future__ import annotations

import os
from pathlib import Path


def total_memory(root: Path = Path("/")) -> float:
    """Return the bytes of memory that this machine, or the container that the process is in, has."""
    known = _meminfo(root, "MemTotal")
    if known is None:
        known = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min([known, *(limit for limit, _ in _containers(root))])


def available_memory(root: Path = Path("/")) -> float:
    """Return the bytes of memory that are free, or can be made so; where that is not known, all that there are."""
    known = _meminfo(root, "MemAvailable")
    rooms = [limit - used for limit, used in _containers(root)]
    return max(0.0, min([total_memory(root) if known is None else known, *rooms]))


def _meminfo(root: Path, name: str) -> float | None:
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
    except OSError:  # not Linux
        return None
    return next((1024.0 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), None)


def _containers(root: Path) -> list[tuple[float, float]]:
    """Return limit and use, in bytes, of the control groups that the process is in and that have a limit."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, kind, path = line.split(":", 2)
        if kind not in ("", "memory"):
            continue
        base = root / "sys/fs/cgroup" / kind
        names = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes") if kind else ("memory.max", "memory.current")
        )
        own = base / path.lstrip("/")
        for folder in [own, *own.parents][: len(own.parts) - len(base.parts) + 1]:
            limit, used = (_number(folder / name) for name in names)
            if limit is not None and used is not None and limit < 2**60:
                found.append((limit, max(0.0, used - _reclaimable(folder))))
    return found


def _reclaimable(folder: Path) -> float:
    """Return the bytes of a control group's use that are copies of files, given back when they are needed."""
    try:
        lines = (folder / "memory.stat").read_text().splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) for line in lines if line.startswith("inactive_file ")), 0.0)


def _number(path: Path) -> float | None:
    try:
        return float(path.read_text())
    except (OSError, ValueError):  # "max": no limit
        return None
