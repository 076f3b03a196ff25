"""metrics.jsonl of a run read back: one event a line, a JSON object with its name under "event"."""

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from alphazero.arena.rating import Interval
from alphazero.files import read_regular

METRICS = "metrics.jsonl"
Row = dict[str, Any]


def read_metrics(path: str | Path) -> list[Row]:
    """Return the events of a file, or of the metrics.jsonl in a run's folder, in order.

    A last line that a killed run left unfinished is passed over. ValueError, with file and line, when the file is
    missing, no file, empty, or damaged elsewhere.
    """
    path = Path(path) / METRICS if Path(path).is_dir() else Path(path)
    if not path.exists() and path.name != METRICS:
        raise ValueError(f"{path}: no such folder of a run, nor file of metrics")
    if not path.exists():
        raise ValueError(f"{path.parent}: not the folder of a run: it has no {path.name}")
    rows: list[Row] = []
    lines = list(lines_of(read_regular(path)))
    for number, line in lines:
        try:
            rows.append(event_of(line))
        except ValueError as error:
            if (number, line) == lines[-1] and not str(error).startswith("no event"):
                break
            raise ValueError(f"{path}: line {number} is damaged: {error}") from None
    if not rows:
        raise ValueError(
            f"{path}: line 1 is damaged or unfinished, and there is no other"
            if lines
            else f"{path}: no events yet: the run has not finished a generation"
        )
    return rows


def lines_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not empty with their numbers, from 1."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            yield number, line


def event_of(line: bytes) -> Row:
    """Return the event that a line holds; ValueError, which says why, when it holds none."""
    try:
        row = json.loads(line.decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deep for an event") from None
    if not isinstance(row, dict) or not isinstance(row.get("event"), str):
        raise ValueError(f'no event, a JSON object with its name under "event": {line[:60]!r}')
    return row


def events(rows: Iterable[Row], event: str) -> list[Row]:
    """Return the events of one name, such as "generation", in order."""
    return [row for row in rows if row["event"] == event]


def number(row: Row, name: str) -> float:
    """Return a column of an event, NaN where it was not measured or is no finite number."""
    return _finite(row.get(name))


def rating_of(row: Row, name: str) -> Interval | None:
    """Return the Elo of a player in a rating, None where it has none."""
    players = row.get("players")
    found = players.get(name) if isinstance(players, dict) else None
    if not isinstance(found, list) or len(found) != 3:
        return None
    value, low, high = map(_finite, found)
    return None if math.isnan(value + low + high) else Interval(value, low, high)


def _finite(value: Any) -> float:
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    try:
        found = float(value) if known else math.nan
    except OverflowError:  # a whole number of hundreds of digits
        return math.nan
    return found if math.isfinite(found) else math.nan
