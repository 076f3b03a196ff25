"""The data generator by itself: games of a model against itself, written as shards."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from alphazero.bars import progress_bar
from alphazero.data.shards import shard_paths, write_shard
from alphazero.threads import num_threads
from games.options import check_seed
from games.protocol import Game

if TYPE_CHECKING:
    from alphazero.config import Config
    from alphazero.selfplay.workers import Workers


def generate(
    game: Game,
    model: str | os.PathLike[str],
    num_games: int,
    out: str | os.PathLike[str],
    *,
    simulations: int | None = None,
    seed: int = 0,
    device: str = "auto",
    shard_games: int = 256,
    config: Config | None = None,
    progress: bool = True,
) -> Path:
    """Play `num_games` games of a model against itself and write them into `out`; return the folder.

    Every game that is begun is finished and written, so short games are not preferred. The settings are those of
    `config` (a `Config`), with `simulations` in place of its own; where selfplay.workers is 0, as many workers play as
    there are cores. The same seed, settings and number of workers give the same games. ValueError when `out` holds
    shards already, and for a seed that is not 0 <= seed < 2**63.
    """
    from alphazero.config import Config
    from alphazero.network import Inference, calibration_planes, load_model
    from alphazero.network.inference import resolve_device
    from alphazero.search import NetworkEvaluator
    from alphazero.selfplay.workers import Workers, largest_batch, suitable_workers

    out, seed = Path(out), check_seed(seed)
    if shard_paths(out):
        raise ValueError(f"{out}: holds games already: choose an empty or a new folder")
    config = config or Config()
    search = (
        config.search
        if simulations is None
        else config.search.model_copy(update={"simulations": simulations})
    )
    parallel = min(config.selfplay.parallel_games, num_games)
    selfplay = config.selfplay.model_copy(update={"parallel_games": parallel, "groups": 1})
    workers = suitable_workers(selfplay, num_threads(), resolve_device(device).type == "cuda")
    selfplay = selfplay.model_copy(update={"workers": min(workers, parallel)})
    inference = Inference(
        load_model(model, game=game).network,
        device,
        batch_size=largest_batch(selfplay),
        calibration=calibration_planes(game),
    )
    played = Workers(game, NetworkEvaluator(inference), search, selfplay, seed)
    _write_all(played, game, num_games, out, shard_games, str(model), seed, progress)
    return out


def _write_all(
    workers: Workers,
    game: Game,
    num_games: int,
    out: Path,
    shard_games: int,
    model: str,
    seed: int,
    progress: bool,
) -> None:
    written = shard = 0
    with progress_bar(total=num_games, unit="game", shown=progress) as bar:
        while written < num_games:

            def show(ended: int, positions: int, done: int = written) -> None:
                bar.update(done + ended - bar.n)

            wanted = min(shard_games, num_games - written)
            games = workers.play(wanted, only=num_games, progress=show)
            write_shard(out, f"shard-{shard:06d}", game, games, model=model, seed=seed)
            written, shard = written + games.num_games, shard + 1
