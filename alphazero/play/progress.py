"""How far something is that takes long: one shape for whoever tells it, and a bar on the terminal that shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alphazero.bars import progress_bar

__all__ = ["Progress", "ProgressBar"]

Progress = Callable[
    [str, int, int], object
]  # told what is under way, how much of it is done, and of how much


class ProgressBar:
    """Shows progress as a bar on a terminal; the bar goes away when all of it is done. unit: what is counted."""

    def __init__(self, unit: str = "game"):
        self.unit = unit
        self._bar: Any = None

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` are done."""
        if self._bar is None:
            self._bar = progress_bar(total=total, desc=what, unit=self.unit)
        self._bar.update(done - self._bar.n)
        if done >= total:
            self.close()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
