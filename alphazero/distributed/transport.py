"""What the pool of workers asks of whatever carries its orders and their results: Ray, or a pretence of it in tests."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from alphazero.selfplay.selfplay import Tally


class Order(NamedTuple):
    """A slice of self-play that a worker is to play.

    worker:      its number, from 0
    incarnation: which of the processes that were this worker one after another
    sequence:    number of the slice within the incarnation, from 0; a worker that has played it answers as it did
    version:     of the weights to play with
    settled:     results of smaller numbers are never asked for again
    """

    worker: int
    incarnation: int
    sequence: int
    version: int
    settled: int


class Report(NamedTuple):
    """What came of an order.

    worker, incarnation, sequence, version: as in the `Order` that was played
    data:      the games that have ended, as `alphazero.data.shards.pack` writes them; b"": none has
    under_way: how many have not
    tally:     what playing took
    """

    worker: int
    incarnation: int
    sequence: int
    version: int
    data: bytes
    under_way: int
    tally: Tally


class Failure(NamedTuple):
    """An order has no result, though it may have been played; `dead`: nor will the worker's other orders."""

    worker: int
    incarnation: int
    sequence: int
    reason: str
    dead: bool


class Transport(Protocol):
    """Starts worker processes and carries orders to them. None of its methods waits but `wait`."""

    def start(self, worker: int, incarnation: int) -> None:
        """Begin a process that is this worker; a start that fails is a `Failure` of its orders."""

    def publish(self, version: int, weights: bytes) -> None:
        """Send the weights of a version out; orders of this version are given them."""

    def submit(self, order: Order) -> None:
        """Send an order; a worker's orders are played one after another."""

    def wait(self, seconds: float) -> list[Report | Failure]:
        """Return what has come of orders, after so many seconds at most if nothing has."""

    def kill(self, worker: int, incarnation: int) -> None:
        """End a process at once."""

    def close(self) -> None:
        """End all processes."""
