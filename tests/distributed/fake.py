"""A transport without processes: workers answer at once, with what a test wants to go wrong."""

import time
from collections import deque

from alphazero.data.shards import pack
from alphazero.distributed.transport import Failure, Order, Report
from alphazero.selfplay.selfplay import Tally
from tests.selfplay.helpers import legal_games


class FakeTransport:
    """Plays two games for every order. `meddle(order, report)` says what comes of an order instead, a list.

    played: by (worker, incarnation, sequence), what has been played, so that an order is played once.
    """

    def __init__(self, game, meddle=None):
        self.game = game
        self.meddle = meddle or (lambda order, report: [report])
        self.events = deque()
        self.played, self.orders, self.alive, self.started, self.versions = {}, [], set(), [], []
        self.closed = False

    def start(self, worker: int, incarnation: int) -> None:
        self.alive.add((worker, incarnation))
        self.started.append((worker, incarnation))

    def publish(self, version: int, weights: bytes) -> None:
        self.versions.append((version, weights))

    def submit(self, order: Order) -> None:
        assert order[:2] in self.alive and order.version == self.versions[-1][0]
        self.orders.append(order)
        if order[:3] not in self.played:
            games = legal_games(self.game, 2, seed=len(self.played))
            self.played[order[:3]] = Report(*order[:4], pack(games), 7, Tally(1.0, 0.5, 10, 5))
        self.events += self.meddle(order, self.played[order[:3]])

    def wait(self, seconds: float) -> list[Report | Failure]:
        if not self.events:
            time.sleep(min(seconds, 0.02))
        events, self.events = list(self.events), deque()
        return events

    def kill(self, worker: int, incarnation: int) -> None:
        self.alive.discard((worker, incarnation))

    def close(self) -> None:
        self.closed = True


def died(order: Order, reason: str = "it died") -> Failure:
    return Failure(*order[:3], reason, True)


def failed(order: Order) -> Failure:
    return Failure(*order[:3], "connection lost", False)
