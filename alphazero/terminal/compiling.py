"""Telling somebody who waits that code is being compiled: which, how much is done, and for how long already."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import TextIO

from games.compile_time import Compilation, on_compile

__all__ = ["telling_compilation"]

PATIENCE_SECONDS = 2.0  # before anything is said: most code is compiled sooner, or was long ago
LOOK_SECONDS = 0.25  # between two looks at how far it is
LINE_SECONDS = 10.0  # between two lines where they stay
PAUSE_SECONDS = 1.0  # without compiling, after which it counts anew
REASON = "once after every installation"


@contextlib.contextmanager
def telling_compilation(writer: TextIO | None, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Say so on a stream while code is really being compiled within the block, once it takes longer than `patience`.

    What is said: the kernel and its game, how many kernels are done, and the seconds so far. On a terminal one line
    that goes away again, elsewhere a line now and then. writer: None for a process without such a stream.
    """
    if writer is None:
        yield
        return
    watcher = _Watcher(writer, patience)
    forget = on_compile(watcher.hear)
    ticker = threading.Thread(target=watcher.work, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        forget()
        watcher.ended.set()
        ticker.join()


class _Watcher:
    """Hears of compilations in the thread that compiles, and writes in one of its own."""

    def __init__(self, writer: TextIO, patience: float):
        self.writer, self.patience, self.rewrites = writer, patience, writer.isatty()
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.current: Compilation | None = None
        self.done = 0  # kernels, since compiling began after a pause
        self.began, self.last = 0.0, -PAUSE_SECONDS  # when that was, and when something was compiled last
        self.next_line = 0.0  # seconds from `began` to the next line
        self.width = 0  # of the line that stands on the terminal

    def hear(self, compilation: Compilation) -> None:
        """Note that compiling begins or has ended; a line that stands there makes room before anything else is said."""
        with self.lock:
            now = time.perf_counter()
            if compilation.seconds is None:
                if now - self.last >= PAUSE_SECONDS:
                    self.done, self.began, self.next_line = 0, now, self.patience
                self.current = compilation
            else:
                self.current, self.done, self.last = None, self.done + 1, now
                self.wipe()

    def work(self) -> None:
        """Write until the end."""
        while not self.ended.wait(min(LOOK_SECONDS, self.patience)):
            with self.lock:
                seconds = time.perf_counter() - self.began
                if self.current is not None and seconds >= self.next_line:
                    self.tell(self.current, seconds)

    def tell(self, current: Compilation, seconds: float) -> None:
        """Say what is being compiled, and how far it is."""
        game = f" for {current.game}" if current.game else ""
        text = f"(compiling {current.kernel}{game}, {REASON}: {self.done} done, {seconds:.0f} s)"
        if self.rewrites:
            self.writer.write(f"\r{text:<{self.width}}")
            self.width = max(self.width, len(text))
        else:
            self.writer.write(f"{text}\n")
            self.next_line = seconds + LINE_SECONDS
        self.writer.flush()

    def wipe(self) -> None:
        """Take the line away that stands on the terminal."""
        if self.width:
            self.writer.write(f"\r{' ' * self.width}\r")
            self.writer.flush()
            self.width = 0
