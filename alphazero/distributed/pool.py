"""The pool of workers: who has which orders, which results are new, who has died and is replaced.

A call may run and yet report failure, so a result is known by (worker, incarnation, sequence) and counted once. An
order that failed is sent again under its number: the worker answers from memory where it has played it. Only the games
under way are lost with a worker. One thread uses a pool; nothing here knows how orders travel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from alphazero.data.games import Games, no_games
from alphazero.data.shards import ShardError, unpack
from alphazero.distributed.transport import Failure, Order, Report, Transport
from alphazero.selfplay.selfplay import Tally
from games.protocol import Game

TRIES = 3  # of an order, of a worker that lives
LONGEST_PAUSE = 60.0  # seconds between two starts of a worker that dies again and again


class FleetError(ValueError):
    """No worker of the fleet works. One line."""


class Part(NamedTuple):
    """Games that a worker's slice has finished; `version` of the weights, and what the slice took."""

    worker: int
    incarnation: int
    sequence: int
    version: int
    games: Games
    tally: Tally


class Losses(NamedTuple):
    """What went wrong, in numbers: workers that died, games under way that were lost with them, results dropped."""

    worker_deaths: int = 0
    lost_games: int = 0
    repeated_results: int = 0

    def plus(self, other: Losses) -> Losses:
        """Return the sum of both."""
        return Losses(*(a + b for a, b in zip(self, other, strict=True)))


class Limits(NamedTuple):
    """Bounds of a pool: orders that a worker has at once, starts in a row, seconds without an answer."""

    pending: int = 2
    starts: int = 5
    patience: float = 300.0


class Received:
    """Which numbers have come, each counted once; they come nearly in order, so little is kept."""

    def __init__(self) -> None:
        self.below = 0  # all of these have come
        self._above: set[int] = set()

    def add(self, number: int) -> bool:
        """Return whether a number is new, and remember it."""
        if number < self.below or number in self._above:
            return False
        self._above.add(number)
        while self.below in self._above:
            self._above.remove(self.below)
            self.below += 1
        return True


@dataclass
class _Member:
    """A worker: its process now, and what is to come of it."""

    number: int
    incarnation: int
    running: bool = False
    pause_until: float = 0.0
    starts: int = 0  # in a row, without an answer
    reason: str = ""  # why the last one died
    heard: float = 0.0  # when it last answered, or was given an order while it had none
    next_sequence: int = 0
    under_way: int = 0
    tries: dict[int, int] = field(default_factory=dict)  # by the number of an order that has no result

    @property
    def answers(self) -> bool:
        """Whether this process has given a result."""
        return self.running and self.starts == 0


class Pool:
    """Workers 0, ..., num_workers - 1, kept alive and busy.

    incarnation: the first that workers are given; those before belong to an earlier process of the run.
    """

    def __init__(
        self,
        game: Game,
        transport: Transport,
        num_workers: int,
        limits: Limits | None = None,
        incarnation: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.game, self.transport, self.clock = game, transport, clock
        self.limits = limits or Limits()
        self.members = [_Member(number, incarnation) for number in range(num_workers)]
        self.received: dict[tuple[int, int], Received] = {}
        self.losses = Losses()
        self.version = -1

    @property
    def incarnation(self) -> int:
        """Return the highest incarnation that any worker has reached."""
        return max(member.incarnation for member in self.members)

    @property
    def num_working(self) -> int:
        """Return how many workers have answered since they were started."""
        return sum(member.answers for member in self.members)

    @property
    def num_pending(self) -> int:
        """Return how many orders have no result."""
        return sum(len(member.tries) for member in self.members)

    def publish(self, weights: bytes) -> int:
        """Send new weights out, for all orders from now on; return their version, counted from 0."""
        self.version += 1
        self.transport.publish(self.version, weights)
        return self.version

    def step(self, seconds: float, hungry: bool = True) -> list[Part]:
        """Start and replace workers, order if `hungry`, wait for results so long at most, and return what is new.

        FleetError when every worker has been started `limits.starts` times in a row without an answer.
        """
        for member in self.members:
            if not member.running and self.clock() >= member.pause_until:
                self._start(member)
            if member.running and hungry:
                self._order(member)
        parts = [part for event in self.transport.wait(seconds) for part in self._take(event)]
        for member in self.members:
            if member.running and member.tries and self.clock() - member.heard > self.limits.patience:
                self._end(member, f"no answer in {self.limits.patience:g} seconds")
        return parts

    def _start(self, member: _Member) -> None:
        member.running, member.heard = True, self.clock()
        member.next_sequence, member.under_way = 0, 0
        member.starts += 1
        self.received[member.number, member.incarnation] = Received()
        self.transport.start(member.number, member.incarnation)

    def _order(self, member: _Member) -> None:
        if not member.tries:
            member.heard = self.clock()
        while len(member.tries) < self.limits.pending:
            self._submit(member, member.next_sequence)
            member.next_sequence += 1

    def _submit(self, member: _Member, sequence: int) -> None:
        member.tries[sequence] = member.tries.get(sequence, 0) + 1
        settled = self.received[member.number, member.incarnation].below
        self.transport.submit(Order(member.number, member.incarnation, sequence, self.version, settled))

    def _take(self, event: Report | Failure) -> Sequence[Part]:
        member = self.members[event.worker]
        is_now = event.incarnation == member.incarnation and member.running
        if isinstance(event, Failure):
            if is_now and event.sequence in member.tries:
                self._fail(member, event)
            return ()
        if not self.received[event.worker, event.incarnation].add(event.sequence):
            self.losses = self.losses.plus(Losses(repeated_results=1))
            return ()
        try:  # that of a worker given up for dead counts too: nobody else plays these games
            games = unpack(event.data, self.game)[0] if event.data else no_games(self.game)
        except ShardError as error:
            if is_now:
                self._end(member, f"it sent {error}")
            return ()
        if is_now:
            member.tries.pop(event.sequence, None)
            member.heard, member.starts, member.under_way = self.clock(), 0, event.under_way
        return [Part(*event[:4], games, event.tally)]

    def _fail(self, member: _Member, failure: Failure) -> None:
        if failure.dead or member.tries[failure.sequence] >= TRIES:
            self._end(member, failure.reason)
        else:
            self._submit(member, failure.sequence)

    def _end(self, member: _Member, reason: str) -> None:
        """Make room for the worker's next incarnation; its games under way are lost."""
        self.transport.kill(member.number, member.incarnation)
        self.losses = self.losses.plus(Losses(1, member.under_way))
        member.running, member.reason = False, reason
        member.incarnation += 1
        member.tries.clear()
        pause = 0.0 if member.starts < 2 else min(2.0 ** (member.starts - 2), LONGEST_PAUSE)
        member.pause_until = self.clock() + pause
        if all(not one.running and one.starts >= self.limits.starts for one in self.members):
            raise FleetError(
                f"none of {len(self.members)} workers could play: each was started {self.limits.starts} times or more "
                f"in a row and ended before it answered; the last: {' '.join(reason.split())[:300]}"
            )
