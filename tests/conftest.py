"""What all tests share: compiled games load torch and numba once, and few threads are used."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

# A shell that starts the tests in the background lets them, and so the programs that they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def run_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs Python code, with arguments, in a new process and returns the outcome."""

    def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture(scope="session")
def time_limit() -> Callable[[float], contextlib.AbstractContextManager[None]]:
    """Return a context that fails when what stands in it takes more processor time than so many seconds."""

    @contextlib.contextmanager
    def limit(seconds: float) -> Iterator[None]:
        start = time.process_time()
        yield
        taken = time.process_time() - start
        assert taken <= seconds, f"took {taken:.2f} seconds"

    return limit
