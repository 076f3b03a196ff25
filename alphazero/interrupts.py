"""What Ctrl-C does to the program: one KeyboardInterrupt that is not lost, and no traceback at any moment."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

SAME_PRESS_SECONDS = 0.3  # a second Ctrl-C so soon after the first is the same wish
AGAIN_SECONDS = 0.05  # until a KeyboardInterrupt that was swallowed is raised once more


class Interrupts:
    """Raises KeyboardInterrupt at SIGINT, but for a moment after the last, so that a command can end in peace.

    It ends the process at once where an exception would come to nothing good: amid the import of a library, which may
    make another error of it (torch, scipy and numpy do), and when the command is over (`leaving`), at Python's exit.
    An exception raised within a callback of compiled code is printed and forgotten: it is raised again.

    `tell` says that the process was interrupted and returns the exit status.
    """

    def __init__(self, tell: Callable[[], int]) -> None:
        self.tell = tell
        self.leaving = False
        self._last = -SAME_PRESS_SECONDS
        self._hook = sys.unraisablehook

    def install(self) -> None:
        """Handle SIGINT from now on, unless the process was started with it ignored, as shells do in scripts with &."""
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._interrupt)
            signal.signal(signal.SIGALRM, self._interrupt_again)
            sys.unraisablehook = self._unraisable

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._last < SAME_PRESS_SECONDS:
            return
        self._last = now
        if self.leaving:
            os._exit(128 + number)
        if _is_importing(frame):
            with contextlib.suppress(Exception):
                self.tell()
            os._exit(128 + number)
        raise KeyboardInterrupt

    def _interrupt_again(self, number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def _unraisable(self, problem: Any) -> None:
        if issubclass(problem.exc_type, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
        else:
            self._hook(problem)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
