"""The pace of a search: how much of it to do between two looks at the clock and at who wants it to stop."""

from __future__ import annotations

import time

from games.compile_time import compile_seconds

__all__ = ["SLICE_SECONDS", "UNLIMITED", "Slices", "thinking_clock"]

UNLIMITED = 2**30  # the budget of a search that only the clock, or somebody who waits for it, ends
SLICE_SECONDS = 0.03  # what compiled code aims at: Python sees signals and other threads in between


def thinking_clock() -> float:
    """Return seconds since some moment, on a clock that stands still while code is being compiled."""
    return time.perf_counter() - compile_seconds()


class Slices:
    """How much compiled code does at once, in simulations or positions, so that it takes about `SLICE_SECONDS`.

    A search is the same in slices as in one piece; only its length can depend on them, where the clock ends it.
    """

    def __init__(self, size: int):
        self.size = max(size, 1)

    def took(self, seconds: float) -> None:
        """Note how long the last slice took, which the end of the search did not cut short."""
        if seconds > SLICE_SECONDS:
            self.size = max(self.size // 2, 1)
        elif seconds < SLICE_SECONDS / 2:
            self.size = min(self.size * 2, UNLIMITED)
