"""Saying why nothing happens while code is compiled for the first time."""

import contextlib
import threading
from collections.abc import Callable, Iterator

PATIENCE_SECONDS = 2.0
REASON = "(compiling the rules and the search: some seconds, once after every installation)"


@contextlib.contextmanager
def explaining_delay(say: Callable[[str], object], seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Say that code is being compiled when the block takes longer than `seconds`."""
    timer = threading.Timer(seconds, say, [REASON])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
