"""Orders over Ray: each worker is an actor, weights are put into the object store once a version.

The only file that knows Ray. Actors are neither restarted nor calls repeated by Ray: the pool does both, by number.
"""

from __future__ import annotations

import importlib.util
import logging
import math
import os
import time
from typing import Any

from alphazero.config import DistributedConfig
from alphazero.distributed.transport import Failure, Order, Report
from alphazero.distributed.worker import Player, Setup


def require_ray() -> None:
    """Raise ValueError, one line, where Ray is not installed."""
    if importlib.util.find_spec("ray") is None:
        raise ValueError(
            "distributed.workers needs Ray, which is not installed: pip install ray (or set distributed.workers=0)"
        )


class RayTransport:
    """Worker processes as Ray actors, on a cluster or on a Ray of its own on this machine.

    player: the class of the workers. ValueError when no cluster answers at `distributed.address`.
    """

    def __init__(self, setup: Setup, settings: DistributedConfig, player: type[Player] = Player):
        import ray

        self.ray = ray
        self._owns_ray = not ray.is_initialized()
        if self._owns_ray:
            _connect(settings)
        self._setup = ray.put(setup)
        self._actor_class = ray.remote(player).options(
            num_cpus=settings.cpus_per_worker,
            num_gpus=settings.gpus_per_worker,
            max_restarts=0,
            max_task_retries=0,
        )
        self._actors: dict[tuple[int, int], Any] = {}
        self._orders: dict[Any, Order] = {}  # by the reference of the result
        self._version = -1
        self._weights: Any = None

    def start(self, worker: int, incarnation: int) -> None:
        """Ask Ray for an actor."""
        self._actors[worker, incarnation] = self._actor_class.remote(self._setup, worker, incarnation)

    def publish(self, version: int, weights: bytes) -> None:
        """Put the weights into the object store; the version before goes when nobody plays with it any more."""
        self._version, self._weights = version, self.ray.put(weights)

    def submit(self, order: Order) -> None:
        """Call the actor of the order's incarnation."""
        assert order.version == self._version
        actor = self._actors[order.worker, order.incarnation]
        self._orders[actor.play.remote(order, self._weights)] = order

    def wait(self, seconds: float) -> list[Report | Failure]:
        """Return all results that are there, after so many seconds at most if none is."""
        if not self._orders:
            time.sleep(seconds)
            return []
        ready, _ = self.ray.wait(list(self._orders), num_returns=1, timeout=seconds)
        if ready:
            ready, _ = self.ray.wait(list(self._orders), num_returns=len(self._orders), timeout=0)
        return [self._result(reference) for reference in ready]

    def _result(self, reference: Any) -> Report | Failure:
        order, errors = self._orders.pop(reference), self.ray.exceptions
        try:
            return self.ray.get(reference)
        except errors.RayError as error:
            gone = isinstance(error, errors.RayActorError)
            dead = gone and not isinstance(error, errors.ActorUnavailableError)
            return Failure(*order[:3], _reason(error), dead)

    def kill(self, worker: int, incarnation: int) -> None:
        """Kill an actor; what it has sent already may still come."""
        actor = self._actors.pop((worker, incarnation), None)
        if actor is not None:
            self.ray.kill(actor, no_restart=True)

    def close(self) -> None:
        """Kill all actors, and leave Ray, or end it, unless it was there before."""
        for worker, incarnation in list(self._actors):
            self.kill(worker, incarnation)
        self._orders.clear()
        if self._owns_ray and self.ray.is_initialized():
            self.ray.shutdown()


def _connect(settings: DistributedConfig) -> None:
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if settings.address:
        try:
            ray.init(address=settings.address, **quiet)
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ValueError(
                f"distributed.address={settings.address!r}: no Ray cluster answers there ({reason}): begin one with "
                "`ray start --head`, or leave the address empty"
            ) from None
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    cores = math.ceil(settings.workers * settings.cpus_per_worker)
    ray.init(address="local", num_cpus=max(1, cores), include_dashboard=False, **quiet)


def _reason(error: BaseException) -> str:
    """Return the last line of an error that says what it is about, of an exception in the worker that one's."""
    cause = getattr(error, "cause", None) or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    kind = "" if cause is error else f"{type(cause).__name__}: "
    return kind + (lines[-1] if lines else type(error).__name__)
