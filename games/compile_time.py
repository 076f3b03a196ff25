"""How much compiling this process has done, and who wants to be told: so that it counts as nobody's thinking time.

Compiling happens where a kernel is first called with new types and its code is not on disk, so in the middle of a
move, a search or a game. To leave it out of a time that is measured:

    started, compiled = time.perf_counter(), compile_seconds()
    ...
    seconds = time.perf_counter() - started - (compile_seconds() - compiled)

To tell somebody who waits:

    def tell(compilation):
        if compilation.seconds is None:
            print(f"compiling {compilation.kernel} for {compilation.game or 'every game'}")

    forget = on_compile(tell)

Only kernels that somebody calls count, with all that they call in turn; what is read from disk does not. numba compiles
in one thread at a time, so the seconds of all threads together never exceed those of the clock. Counting begins when
this module is loaded.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from numba.core import event, types

from games.registry import FACTORED


class Compilation(NamedTuple):
    """A kernel that is being compiled, or has been."""

    number: int  # 1 for the first of this process
    kernel: str  # such as "run_tree" or "ConnectFour.play"
    game: str | None  # the name of the game it is compiled for, None when it is for none
    seconds: float | None  # None when compiling begins, afterwards what it took


class _Clock(event.Listener):
    """Adds up the seconds of outermost compilations, in each thread."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.thread = threading.local()
        self.total = 0.0
        self.count = 0
        self.running: dict[int, float] = {}  # number -> when it began
        self.listeners: list[Callable[[Compilation], None]] = []

    def on_start(self, happening: Any) -> None:
        depth = self.thread.depth = getattr(self.thread, "depth", 0) + 1
        if depth > 1:
            return
        with self.lock:
            self.count += 1
            number = self.count
        self.thread.current = Compilation(number, *_names(happening.data), None)
        self.tell(self.thread.current)
        with self.lock:
            self.running[number] = time.perf_counter()

    def on_end(self, happening: Any) -> None:
        self.thread.depth -= 1
        if self.thread.depth:
            return
        number = self.thread.current.number
        with self.lock:
            seconds = time.perf_counter() - self.running.pop(number)
            self.total += seconds
        self.tell(self.thread.current._replace(seconds=seconds))

    def tell(self, compilation: Compilation) -> None:
        for listener in tuple(self.listeners):
            with suppress(Exception):
                listener(compilation)


def _names(data: dict[str, Any]) -> tuple[str, str | None]:
    """Return the names of a kernel and of the game among the types of its arguments."""
    function = data["dispatcher"].py_func
    return function.__qualname__, next(_games(data["args"]), None)


def _games(kinds: Any) -> Iterator[str]:
    for kind in kinds:
        if isinstance(kind, types.BaseNamedTuple) and hasattr(kind.instance_class, "position_hash"):
            yield _name_of(kind.instance_class)


def _name_of(cls: Any) -> str:
    wrapped = getattr(cls, "wrapped", None)
    if wrapped is not None:
        return FACTORED + _name_of(wrapped)
    return cls.name if isinstance(cls.name, str) else cls.__name__


_clock = _Clock()
event.register("numba:compile", _clock)


def compile_seconds() -> float:
    """Return the seconds that this process has spent compiling, what is being compiled now included."""
    with _clock.lock:
        now = time.perf_counter()
        return _clock.total + sum(now - began for began in _clock.running.values())


def on_compile(listener: Callable[[Compilation], None]) -> Callable[[], None]:
    """Have a function told when compiling a kernel begins and ends; return a function that stops this.

    It is called in the thread that compiles, which waits for it: it should be quick and compile nothing. An error in it
    is ignored, compiling goes on.
    """
    _clock.listeners.append(listener)

    def forget() -> None:
        with suppress(ValueError):
            _clock.listeners.remove(listener)

    return forget
