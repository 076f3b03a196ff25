"""Progress bars: on a terminal and nowhere else, so that no log fills with them."""

from __future__ import annotations

import os
import sys
from typing import Any

USUAL_COLUMNS, USUAL_ROWS = 80, 24  # of a terminal that does not say how large it is


def progress_bar(work: Any = None, *, shown: bool = True, **options: Any) -> Any:
    """Return a tqdm bar (over the iterable `work`, if given) on stderr that goes away when it is closed.

    It writes nothing where stderr is no terminal or `shown` is False. `options` are tqdm's: total, desc, unit.
    """
    from tqdm import tqdm  # loaded only where something may be shown

    shown = shown and is_terminal()
    size: dict[str, Any] = {"ncols": USUAL_COLUMNS, "nrows": USUAL_ROWS}
    if shown and _columns_told(sys.stderr):
        size = {"dynamic_ncols": True}
    return tqdm(work, disable=not shown, leave=False, **size, **options)


def is_terminal() -> bool:
    """Whether somebody can see what is written to stderr as it is written."""
    return sys.stderr is not None and sys.stderr.isatty()


def columns_of(stream: Any) -> int | None:
    """Return how many characters a line of a terminal takes, None where the stream is none: lines of any length."""
    if stream is None or not stream.isatty():
        return None
    return _columns_told(stream) or USUAL_COLUMNS


def _columns_told(stream: Any) -> int:
    """Return the width that a terminal tells, 0 where it tells none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except OSError:
        return 0
