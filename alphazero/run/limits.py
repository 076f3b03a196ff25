"""Whether this machine can do what the settings ask, told before anything is built.

What is estimated is the least that is needed: settings that are refused cannot work here, others may still be too slow.
The replay window is left out, as it fills over hours, to a size that depends on how long the run is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import games
from alphazero.config import Config, ConfigError, Experiment, SelfplayConfig, build_config
from alphazero.run.machine import available_memory, total_memory
from alphazero.search.forest import forest_bytes, plan_forest
from alphazero.threads import num_cores, shares
from games.options import parse_spec
from games.protocol import Game

GB = 1e9
FLOPS_PER_CORE = 2e11  # more than any core computes
FEW_GAMES = 16  # nobody wants to learn from fewer at once
MAX_BATCH_SECONDS = 30.0  # that one simulation of all games may take even so
KEPT_PER_CONVOLUTION = 2  # tensors of its output's size that training keeps for the way back


class Need(NamedTuple):
    """Memory that something takes at least: the settings that it follows from, and the one to lower."""

    what: str
    num_bytes: float
    settings: Mapping[str, Any]
    lower: str
    power: float = 1.0  # num_bytes grows with this power of the setting to lower


class Work(NamedTuple):
    """The network of a run in numbers."""

    parameters: int
    cells: int  # numbers that all convolutions put out for one position
    widest: int  # numbers that the widest of them puts out
    operations: float  # floating-point operations for one position, at least
    on_gpu: bool


def check_machine(
    config: Experiment, game: Game, *, learning: bool = True, names: Mapping[str, str] | None = None
) -> None:
    """Raise ValueError, one line, where the settings need more threads, memory or time than this machine has.

    config: an `Experiment`; game: the game that it names; learning False: for self-play without training. The line
    names the setting (or what `names` calls it) and what would fit.
    """
    names = names or {}
    check_threads(config.threads)
    plays_here = (
        isinstance(config, Config) and not config.distributed.address
    )  # a cluster's machines are others
    if isinstance(config, Config) and plays_here:
        check_bound(config, names)
    needs = search_needs(config, game) if isinstance(config, Config) and plays_here else []
    work = measure_network(config, game)
    check_memory(needs + network_needs(config, work, learning), available_memory(), names)
    if isinstance(config, Config):
        if plays_here:
            check_time(config, work, names)
        check_ratings(config, game)


def settings_from_options(settings: Mapping[str, Any], names: Mapping[str, str], game: Game) -> Config:
    """Return the settings of expert iteration that a command's options mean, for self-play without learning.

    names: for settings, the options that they were given by. ValueError, which names these, for values that are not
    allowed, and for what this machine cannot do.
    """
    try:
        config = build_config({}, {"game": games.spec(game), **settings})
    except ConfigError as error:
        text = str(error)
        for name, option in names.items():
            text = text.replace(f"override {name}", option).replace(name, option)
        raise ValueError(text) from None
    assert isinstance(config, Config)
    check_machine(config, game, learning=False, names=names)
    return config


def check_threads(threads: int) -> None:
    """Raise ValueError for more threads than there are cores."""
    cores = num_cores()
    if threads > cores:
        raise ValueError(
            f"threads={threads}: this machine has {_counted(cores, 'core')}: set threads to {cores} or less, or to 0 "
            "for all of them"
        )


def check_bound(config: Config, names: Mapping[str, str]) -> None:
    """Raise ValueError where the search trees may take more memory than the machine has at all."""
    given, most = config.search.memory_mb, total_memory() / 2**20
    if given > most:
        raise ValueError(
            f"{_listed({'search.memory_mb': given}, names)}: the search trees may take {_size(given * 2**20)} then, "
            f"and this machine has {_size(total_memory())}: set it to {math.floor(most / 2)} or less"
        )


def check_ratings(config: Config, game: Game) -> None:
    """Raise ValueError where not even one tree of a rating or of the last match fits the bound of memory."""
    settings = config.evaluation
    if parse_spec(settings.player)[0] != "model":
        return
    for name in ("simulations", "final_simulations"):
        simulations, memory = getattr(settings, name), round(config.search.memory_mb * 2**20)
        try:
            plan_forest(game, 1, simulations, keep_subtrees=False, memory_bytes=memory)
        except ValueError as error:
            raise ValueError(f"evaluation.{name}={simulations}: {error}") from None


def check_time(config: Config, work: Work, names: Mapping[str, str]) -> None:
    """Raise ValueError where one simulation of all games takes minutes whatever the processor."""
    rows = max(group_sizes(config.selfplay))
    seconds = rows * work.operations / (FLOPS_PER_CORE * num_cores())
    if work.on_gpu or seconds <= MAX_BATCH_SECONDS:
        return
    settings = {
        "network.blocks": config.network.blocks,
        "network.channels": config.network.channels,
        "selfplay.parallel_games": config.selfplay.parallel_games,
    }
    fit = int(config.selfplay.parallel_games * MAX_BATCH_SECONDS / seconds)
    advice = (
        f"set {_name('selfplay.parallel_games', names)} to {fit} or less, or " if fit >= FEW_GAMES else ""
    )
    raise ValueError(
        f"{_listed(settings, names)}: on {_counted(num_cores(), 'core')} one simulation of all games takes at least "
        f"{seconds:,.0f} seconds: {advice}make the network smaller"
    )


def check_memory(needs: list[Need], available: float, names: Mapping[str, str]) -> None:
    """Raise ValueError where all needs together do not fit; the largest is named."""
    total = sum(need.num_bytes for need in needs)
    if total <= available:
        return
    worst = max(needs, key=lambda need: need.num_bytes)
    room = available - (total - worst.num_bytes)
    share = room / worst.num_bytes if room > 0 else 0.9 * available / total
    fit = math.floor(float(worst.settings[worst.lower]) * share ** (1.0 / worst.power))
    advice = f"set {_name(worst.lower, names)} to {fit} or less" if fit >= 1 else "free some"
    raise ValueError(
        f"{_listed(worst.settings, names)}: {worst.what} at least {_size(worst.num_bytes)} of memory"
        f"{f', all together {_size(total)}' if total > 1.2 * worst.num_bytes else ''}, and {_size(available)} are free "
        f"here: {advice}"
    )


def search_needs(config: Config, game: Game) -> list[Need]:
    """Return what self-play's trees and caches take in memory; ValueError where the trees do not fit their bound."""
    search, play = config.search, config.selfplay
    sizes = group_sizes(play)
    fast = play.fast_simulations if play.full_search_fraction < 1.0 else 1
    plans = [
        plan_forest(
            game,
            size,
            max(search.simulations, fast),
            keep_subtrees=bool(search.reuse_subtree) and not search.gumbel,
            memory_bytes=round(search.memory_mb / len(sizes) * 2**20),
        )
        for size in sizes
    ]
    planes = 4 * play.parallel_games * game.planes * math.prod(game.board_shape)
    settings = {"selfplay.parallel_games": play.parallel_games, "search.simulations": search.simulations}
    trees = sum(forest_bytes(plan) for plan in plans) + planes
    cache = search.cache_mb * 2**20 / 2  # the entries are a power of two
    return [
        Need("the search trees need", trees, settings, "selfplay.parallel_games"),
        Need("the evaluation caches need", cache, {"search.cache_mb": search.cache_mb}, "search.cache_mb"),
    ]


def network_needs(config: Experiment, work: Work, learning: bool) -> list[Need]:
    """Return what the network takes in memory: its weights, and what lies between its layers while it is computed."""
    settings, training = config.network, config.training
    copies = 1 + learning * (3 + (training.optimizer == "adamw") + (training.averaging_decay > 0))
    each = 4 if settings.precision in ("float32", "int8") else 2
    weights = Need(
        f"a network of {work.parameters:,} parameters needs",
        4.0 * copies * work.parameters,
        {"network.blocks": settings.blocks, "network.channels": settings.channels},
        "network.channels",
        power=2.0,
    )
    rows = {"training.batch_size": training.batch_size} if learning else {}
    needs = [weights]
    for name, count in rows.items():
        size = float(KEPT_PER_CONVOLUTION * each * count * work.cells)
        needs.append(Need("a training step needs", size, {name: count}, name))
    if hasattr(config, "selfplay"):
        play = config.selfplay
        size = float(2 * each * max(group_sizes(play)) * work.widest)
        name = "selfplay.parallel_games"
        needs.append(Need("one evaluation of all games needs", size, {name: play.parallel_games}, name))
    return [] if work.on_gpu else needs


def group_sizes(selfplay: SelfplayConfig) -> list[int]:
    """Return how many games each group of each worker of self-play has."""
    workers = shares(selfplay.parallel_games, max(1, selfplay.workers))
    return [size for games in workers for size in shares(games, selfplay.groups)]


def measure_network(config: Experiment, game: Game) -> Work:
    """Return the size of the network that the settings describe, without making its weights."""
    import torch

    from alphazero.network.inference import resolve_device
    from alphazero.network.model import for_game

    on_gpu = resolve_device(config.device).type == "cuda"
    with torch.device("meta"):  # shapes without memory
        network = for_game(game, config.network)
    squares = math.prod(game.board_shape)
    layers = [module for module in network.modules() if isinstance(module, torch.nn.Conv2d)]
    outputs = [layer.out_channels * squares for layer in layers]
    return Work(
        sum(parameter.numel() for parameter in network.parameters()),
        sum(outputs),
        max(outputs),
        2.0 * squares * sum(layer.weight.numel() for layer in layers),
        on_gpu,
    )


def _name(setting: str, names: Mapping[str, str]) -> str:
    return names.get(setting, setting)


def _listed(settings: Mapping[str, Any], names: Mapping[str, str]) -> str:
    shown = {_name(name, names): value for name, value in settings.items()}
    return ", ".join(
        f"{name} {value:g}" if name[0] == "-" else f"{name}={value:.15g}" for name, value in shown.items()
    )


def _size(num_bytes: float) -> str:
    return f"{num_bytes / GB:,.1f} GB"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
