"""What a worker process does: it plays its part of the games on and on, a slice an order. Knows nothing of Ray."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from safetensors.torch import load, save

import games as rules
from alphazero.config import Config, build_config
from alphazero.data.shards import pack
from alphazero.distributed.transport import Order, Report
from alphazero.network import Inference, for_game, set_threads
from alphazero.network.model import Network
from alphazero.search import NetworkEvaluator
from alphazero.selfplay.inference import selfplay_inference
from alphazero.selfplay.selfplay import SelfPlay, Tally, share_of_memory
from alphazero.threads import shares

MANY_GAMES = 2**31 - 1  # more than end in a slice


class Setup(NamedTuple):
    """What every worker is told when it starts.

    settings: the run's, as TOML; choice: how the network is computed (`Inference.choice`), where that works there.
    """

    settings: str
    choice: Mapping[str, Any]


class Player:
    """Worker `number` of a fleet, with its share of the parallel games, of the memory and of the cache."""

    def __init__(self, setup: Setup, number: int, incarnation: int):
        set_threads(1)
        config = build_config(tomllib.loads(setup.settings))
        assert isinstance(config, Config)
        self.config, self.game = config, rules.parse(config.game)
        self.number, self.incarnation = number, incarnation
        self.network = for_game(self.game, config.network)
        self.choice = setup.choice
        self.version = -1
        self.selfplay: SelfPlay | None = None
        self.replies: dict[int, Report] = {}  # those that may be asked for again

    def play(self, order: Order, weights: bytes) -> Report:
        """Play on for `distributed.report_seconds` and return the games that have ended; what was played is not again.

        weights: those of `order.version`, as `weights_of` wrote them.
        """
        self.replies = {number: reply for number, reply in self.replies.items() if number >= order.settled}
        if order.sequence not in self.replies:
            self.replies[order.sequence] = self._slice(order, weights)
        return self.replies[order.sequence]

    def _slice(self, order: Order, weights: bytes) -> Report:
        is_new = order.version != self.version
        if is_new:
            self.network.load_state_dict(load(weights))
            self._use_weights()
            self.version = order.version
        assert self.selfplay is not None
        end = time.monotonic() + self.config.distributed.report_seconds
        played = self.selfplay.play(MANY_GAMES, until=lambda: time.monotonic() >= end, keep=not is_new)
        tally, self.selfplay.tally = self.selfplay.tally, Tally()
        data = pack(played) if played.num_games else b""
        under_way = sum(int(group.active.size) for group in self.selfplay.groups)
        return Report(order.worker, order.incarnation, order.sequence, order.version, data, under_way, tally)

    def _use_weights(self) -> None:
        if self.selfplay is None:
            self.inference, self.selfplay = self._begin()
        else:
            self.inference.load(self.network)

    def _begin(self) -> tuple[Inference, SelfPlay]:
        config, count = self.config, self.config.distributed.workers
        size = shares(config.selfplay.parallel_games, count)[self.number]
        selfplay = config.selfplay.model_copy(update={"parallel_games": size, "workers": 1})
        device = "cuda" if config.distributed.gpus_per_worker else "cpu"
        inference = selfplay_inference(self.network, self.game, config, selfplay, device, self.choice)
        seed = seed_of(config.seed, self.number, self.incarnation)
        own = share_of_memory(config.search, count)
        return inference, SelfPlay(self.game, NetworkEvaluator(inference), own, selfplay, seed)


def seed_of(seed: int, number: int, incarnation: int) -> int:
    """Return the seed of a worker's incarnation, in [0, 2**63): another one for each."""
    state = np.random.SeedSequence([seed, number, incarnation]).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))


def weights_of(network: Network) -> bytes:
    """Return the weights of a network as safetensors."""
    return save({name: tensor.contiguous().cpu() for name, tensor in network.state_dict().items()})
