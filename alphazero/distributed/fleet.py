"""A fleet of workers as a source of games: what `Workers` is on one machine. Games come in while the learner learns.

A thread of its own looks after the pool. It orders as long as fewer games wait than the next generations take
(`distributed.max_lag`), so games are never older than that and what is under way.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import numpy as np

from alphazero.config import Config
from alphazero.data.games import Games, join, no_games
from alphazero.distributed.pool import Limits, Losses, Part, Pool
from alphazero.distributed.transport import Transport
from alphazero.distributed.worker import weights_of
from alphazero.network.model import Network
from alphazero.selfplay.selfplay import Tally
from games.protocol import Game

WAIT_SECONDS = 0.2  # between two looks at what the learner wants


class Fleet:
    """Games of the network that was last loaded, or of one shortly before it, played by a fleet.

    connect: makes the transport; it is called when games are first wanted. What went wrong is in `losses`, what games
    took in `tally`, since somebody set them to nothing.
    """

    def __init__(self, game: Game, config: Config, connect: Callable[[], Transport]):
        self.game, self.config, self.connect = game, config, connect
        self.tally, self.losses = Tally(), Losses()
        self.lag = (
            0  # the most versions that the weights of a game were behind, of those that `play` last returned
        )
        self.pool: Pool | None = None
        self._first_incarnation = 0
        self._version = -1
        self._weights: bytes | None = None  # to be sent out
        self._waiting: deque[Part] = deque()
        self._num_waiting, self._wanted = 0, 0
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def num_working(self) -> int:
        """Return how many workers play."""
        return 0 if self.pool is None else self.pool.num_working

    def load(self, network: Network) -> None:
        """Let workers play with these weights as soon as they begin their next slice."""
        with self._changed:
            self._weights = weights_of(network)
            self._version += 1

    def play(self, num_games: int, *, progress: Callable[[int, int], None] | None = None) -> Games:
        """Return the next finished games, at least so many; progress(games, positions) is called now and then.

        Those that ended meanwhile are returned at once. Raises what ended the fleet, a FleetError above all.
        """
        self._begin()
        with self._changed:
            self._wanted = num_games
            while self._num_waiting < num_games and self._error is None:
                self._changed.wait(WAIT_SECONDS)
                if progress is not None:
                    positions = sum(part.games.num_positions for part in self._waiting)
                    progress(self._num_waiting, positions)
            self._wanted = 0
            if self._error is not None:
                raise self._error
            return self._taken(num_games)

    def _taken(self, num_games: int) -> Games:
        games, self.lag = [no_games(self.game)], 0
        while num_games > 0:
            part = self._waiting.popleft()
            self.lag = max(self.lag, self._version - part.version)
            games.append(part.games)
            num_games -= part.games.num_games
            self._num_waiting -= part.games.num_games
            share = 1.0 / self.config.distributed.workers
            self.tally = self.tally.plus(
                part.tally._replace(
                    seconds=part.tally.seconds * share, evaluator_seconds=part.tally.evaluator_seconds * share
                )
            )
        return join(games)

    def state(self) -> tuple[Games, dict[str, np.ndarray]]:
        """Return no games, and the incarnations that have been: a process that goes on plays others."""
        last = self._first_incarnation - 1 if self.pool is None else self.pool.incarnation
        return no_games(self.game), {"incarnation": np.array(last)}

    def restore(self, under_way: Games, arrays: dict[str, np.ndarray]) -> None:
        """Begin with new incarnations after those that `state` returned; games that `Workers` had under way are lost.

        ValueError when it is something else.
        """
        self.losses = self.losses.plus(Losses(lost_games=under_way.num_games))
        last = arrays.get("incarnation")
        if last is None:
            return
        if last.shape != () or last.dtype != np.int64 or not -1 <= int(last) < 2**31:
            raise ValueError(f"the games under way: incarnation is {last!r}, expected a number from -1")
        self._first_incarnation = int(last) + 1

    def close(self) -> None:
        """End all workers."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def _begin(self) -> None:
        if self._thread is not None:
            return
        assert self._weights is not None, "a network is loaded before anybody plays"
        settings = self.config.distributed
        limits = Limits(settings.pending, settings.max_starts, settings.patience_seconds)
        transport = self.connect()
        self.pool = Pool(self.game, transport, settings.workers, limits, self._first_incarnation)
        self._thread = threading.Thread(target=self._work, name="fleet", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        assert self.pool is not None
        try:
            while not self._closing.is_set():
                self._step(self.pool)
        except BaseException as error:  # told to who waits for games
            with self._changed:
                self._error = error
                self._changed.notify_all()
        finally:
            self.pool.transport.close()

    def _step(self, pool: Pool) -> None:
        with self._changed:
            weights, self._weights = self._weights, None
            if weights is not None:  # under the lock: versions here and there agree
                pool.version = self._version - 1
            ahead = self.config.distributed.max_lag * self.config.selfplay.games_per_generation
            hungry = self._num_waiting < self._wanted + ahead
        if weights is not None:
            pool.publish(weights)
        parts = pool.step(WAIT_SECONDS, hungry)
        if parts or any(pool.losses):
            with self._changed:
                self.losses, pool.losses = self.losses.plus(pool.losses), Losses()
                self._waiting += parts
                self._num_waiting += sum(part.games.num_games for part in parts)
                self._changed.notify_all()
