"""The processes that torchrun starts learn together: one leads, the others follow.

The leader (rank 0) has the run: its folder, self-play, ratings, display. It sends each of the others its part of every
batch (`Task`); all then take the same step with the sum of their gradients. Parts are pickled, within the group alone.
Processors talk by gloo, NVIDIA GPUs by nccl.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from datetime import timedelta
from types import FrameType
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

ANSWER_SECONDS = 300.0  # after which a process that does not take part in a step is given up
PATIENCE = timedelta(days=365)  # of those that follow, while the leader plays
LOST_WORDS = (
    "gloo",
    "nccl",
    "connection",
    "timed out",
    "timeout",
    "peer",
    "socket",
)  # in torch's errors, any case
OVER = "alphazero/over"  # in the store: the leader has ended of itself


class RanksLost(RuntimeError):
    """A process that learns together with this one has ended or does not answer."""


class Begin(NamedTuple):
    """Make the learner that these settings (an `Experiment`) describe, with this number format."""

    config: Any
    precision: str


class Restore(NamedTuple):
    """Go back to what `Learner.state` returned."""

    state: dict[str, Any]


class Step(NamedTuple):
    """Take a step on a part of a batch; whole: positions in the batch, progress: as `Learner.step` takes it."""

    loss: Any
    batch: Any
    whole: int
    progress: float


class End(NamedTuple):
    """Nothing more will come."""


Task = Begin | Restore | Step | End


class Ranks:
    """The group that this process learns in: its number `rank` of `count`, of which 0 leads."""

    def __init__(self, seconds: float = ANSWER_SECONDS):
        self._store, self.rank, self.count = next(dist.rendezvous("env://"))
        backend = "gloo"
        if torch.cuda.is_available():
            own = int(os.environ.get("LOCAL_RANK", "0"))
            if own < torch.cuda.device_count():
                torch.cuda.set_device(own)
                backend = "cpu:gloo,cuda:nccl"
        dist.init_process_group(
            backend,
            store=dist.PrefixStore("alphazero", self._store),
            rank=self.rank,
            world_size=self.count,
            timeout=timedelta(seconds=seconds),
        )
        self._patient = dist.new_group(backend="gloo", timeout=PATIENCE)
        self._amid = False  # a task is being given out or worked on

    def give(self, tasks: Sequence[Task]) -> None:
        """Give every process its task, that of the leader itself first; raises RanksLost."""
        self._amid = True
        with lost():
            dist.broadcast(torch.ones(1), 0, group=self._patient)
            dist.scatter_object_list([None], list(tasks), src=0)
        self._amid = False

    def take(self) -> Task:
        """Wait for the leader's next task, however long; raises RanksLost."""
        found: list[Any] = [None]
        with lost():
            dist.broadcast(torch.ones(1), 0, group=self._patient)
            dist.scatter_object_list(found, None, src=0)
        return found[0]

    def add(self, values: Tensor) -> None:
        """Put the sum over all processes in place of each one's values; equal to the bit in all. Raises RanksLost."""
        self._amid = True
        with lost():
            dist.all_reduce(values)
        self._amid = False

    @property
    def left(self) -> bool:
        """Whether the leader has ended of itself."""
        try:
            return self._store.check([OVER])
        except RuntimeError:  # the store has ended too
            return False

    def leave(self) -> None:
        """End the group; those that follow end too."""
        if self.rank:
            return
        with contextlib.suppress(RuntimeError):
            self._store.set(OVER, "1")
            if not self._amid:
                self.give([End()] * self.count)


@contextlib.contextmanager
def lost() -> Iterator[None]:
    """Raise RanksLost in place of what torch raises where another process of the group is gone."""
    try:
        yield
    except RuntimeError as error:
        if not any(word in str(error).lower() for word in LOST_WORDS):
            raise
        raise RanksLost(
            "a process that learns together with this one has ended, or did not answer in time"
        ) from None


_ranks: Ranks | None = None


def ranks() -> Ranks | None:
    """Return the group that this process learns in, None where it learns alone."""
    return _ranks


def launched() -> bool:
    """Whether torchrun started this process, and others."""
    return dist.is_torchelastic_launched() and int(os.environ.get("WORLD_SIZE", "1")) > 1


@contextlib.contextmanager
def joined(seconds: float = ANSWER_SECONDS) -> Iterator[Ranks | None]:
    """Join the group of the processes that torchrun started, None where it did not; leave it at the end.

    torchrun ends all processes by SIGTERM when one has died: in the leader that raises RanksLost. Those that follow do
    not listen to Ctrl-C: they end with the leader.
    """
    global _ranks
    if not launched():
        yield None
        return
    with lost():
        _ranks = Ranks(seconds)
    if _ranks.rank:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, _terminated)
    try:
        yield _ranks
    finally:
        _ranks.leave()
        _ranks = None


def _terminated(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise RanksLost("torchrun ended this process, as it does when another one has died")
