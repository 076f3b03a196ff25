"""Whether other programs use this machine: what they leave of its cores to a program that wants them all.

Measured by wanting them: so whatever keeps cores from this process counts, other programs, other guests of the same
computer, a container's quota; programs that give way to others (`nice`) hardly do.
"""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor

from alphazero.threads import num_cores

SECONDS = 0.4
BUSY = 0.1  # less is the noise of any machine
BLOCK = bytes(1 << 18)  # hashed without the interpreter's lock, so threads keep as many cores busy


def share_of_others(seconds: float = SECONDS) -> float:
    """Return the share in [0, 1] of the cores that others had while this process wanted all, for so many seconds."""
    cores, start = num_cores(), time.monotonic()
    end = start + seconds

    def want_a_core(_: int) -> float:
        began = time.thread_time()
        while time.monotonic() < end:
            hashlib.sha256(BLOCK)
        return time.thread_time() - began

    with ThreadPoolExecutor(cores) as threads:
        had = sum(threads.map(want_a_core, range(cores)))
    return min(1.0, max(0.0, 1.0 - had / (cores * (time.monotonic() - start))))


def busy_text(share: float) -> str:
    """Return what to say of a share of others, "" where it is no more than usual."""
    return f"this machine is busy: {share:.0%} of the cores went to others" if share >= BUSY else ""
