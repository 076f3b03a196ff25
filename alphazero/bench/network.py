"""Rows per second of one network: every way of computing it, and the plain module, in turn."""

import time
from argparse import Namespace
from typing import Any

import torch

from alphazero.bench.timing import median_ratio, medians, rates_in_turn
from alphazero.config import Config
from alphazero.network import Inference, calibration_planes
from alphazero.network.inference import device_name
from alphazero.network.model import Network, for_game
from games.protocol import Game

EAGER = "eager float32, default memory format"


def network_of(game: Game, config: Config) -> Network:
    """Return the network of the settings, with fresh weights."""
    torch.manual_seed(0)
    return for_game(game, config.network).eval()


def bench_network(game: Game, config: Config, options: Namespace) -> dict[str, Any]:
    """Return rows/s of inference as the search uses it, of the eager module, and their ratio (medians)."""
    network, batch = network_of(game, config), config.selfplay.parallel_games
    inference = Inference(network, options.device, batch_size=batch, calibration=calibration_planes(game))
    planes = torch.rand(batch, *network.input_shape)
    arrays, eager = planes.numpy(), planes.to(inference.device)
    plain = for_game(game, network.config).to(inference.device).eval()

    def run_eager() -> float:
        with torch.inference_mode():
            logits, value = plain(eager)
            logits.cpu(), value.cpu()
        return batch

    def run_inference() -> float:
        inference(arrays)
        return batch

    rates = rates_in_turn({"inference": _several(run_inference), EAGER: _several(run_eager)}, options.rounds)
    return {
        "game": game.name,
        "network": f"{config.network.blocks}x{config.network.channels}",
        "batch": batch,
        "device": device_name(inference.device),
        "rounds": options.rounds,
        "rows_per_s": medians(rates),
        "ratio": median_ratio(rates["inference"], rates[EAGER]),
        "variant": inference.choice["variant"],
        "variants_rows_per_s": inference.benchmark(),
        "load_ms": _load_ms(inference, network),
    }


def _several(work: Any, count: int = 10) -> Any:
    return lambda: sum(work() for _ in range(count))


def _load_ms(inference: Inference, network: Network) -> float:
    start = time.perf_counter()
    inference.load(network)
    return 1000.0 * (time.perf_counter() - start)
