"""Tasks side by side: each in a thread of its own, in which torch uses no other.

Compiled kernels and torch's operations let go of the interpreter's lock, so such threads keep as many cores busy.
Threads that share one batch of the network, as torch's own do, meet after every layer, and each waits for the slowest;
these meet when their tasks have ended. What a task computes does not depend on how many threads there are.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import TypeVar

__all__ = ["num_cores", "num_threads", "shares", "side_by_side", "use_threads"]

Result = TypeVar("Result")
Task = Callable[[Callable[[], bool]], Result]  # is given what says whether it should stop as soon as it can

WATCH_SECONDS = 0.1  # between two calls of who watches

_count = 0  # 0: as many as there are cores
_pool: ThreadPoolExecutor | None = None
_own = threading.local()  # of a thread of the pool


def num_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def num_threads() -> int:
    """Return how many tasks run side by side."""
    return _count or num_cores()


def shares(count: int, parts: int) -> list[int]:
    """Return `count` shared out into so many whole numbers that differ by 1 at most, the larger ones first."""
    size, more = divmod(count, parts)
    return [size + (part < more) for part in range(parts)]


def use_threads(count: int = 0) -> None:
    """Run so many tasks side by side from now on; 0: as many as there are cores."""
    global _count, _pool
    if _pool is not None and num_threads() != (count or num_cores()):
        _pool.shutdown(wait=False)
        _pool = None
    _count = count


def side_by_side(tasks: Sequence[Task[Result]], watch: Callable[[], None] | None = None) -> list[Result]:
    """Run all tasks and return their results in order; a task's own tasks run one after another in its thread.

    watch: called in this thread some ten times a second while tasks run. When it or a task raises an exception, or this
    thread is interrupted, the other tasks are told to stop, all are waited for, and it is raised: of several tasks'
    exceptions that of the first task.
    """
    if getattr(_own, "inside", False):
        return [task(lambda: False) for task in tasks]
    stop = threading.Event()
    futures = [_threads().submit(_alone, task, stop.is_set) for task in tasks]
    try:
        _wait(futures, watch)
    finally:
        stop.set()
        for future in futures:
            future.cancel()
        wait(futures)
    for future in futures:
        if not future.cancelled() and future.exception() is not None:
            raise future.exception()  # type: ignore[misc]
    return [future.result() for future in futures]


def _threads() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(num_threads(), thread_name_prefix="side by side")
    return _pool


def _alone(task: Task[Result], is_stopped: Callable[[], bool]) -> Result:
    """Run a task with one thread of torch, which may have been loaded after this thread began."""
    _own.inside = True
    if "torch" in sys.modules and not getattr(_own, "one_thread", False):
        sys.modules["torch"].set_num_threads(1)
        _own.one_thread = True
    return task(is_stopped)


def _wait(futures: Sequence[Future[Result]], watch: Callable[[], None] | None) -> None:
    """Return when all tasks have ended, or one with an exception."""
    pending = set(futures)
    while pending:
        seconds = None if watch is None else WATCH_SECONDS
        done, pending = wait(pending, seconds, return_when=FIRST_EXCEPTION)
        if watch is not None:
            watch()
        if any(future.exception() is not None for future in done):
            return
