"""Starting a run, going on with one, and what is done when it ends: the last match, the plots, the summary."""

import os
from pathlib import Path
from typing import Any, NamedTuple

from alphazero.config import Config, load_config
from alphazero.learning.display import Display
from alphazero.learning.expert_iteration import MODEL, ExpertIteration
from alphazero.learning.progress import Progress
from alphazero.learning.run_folder import RunFolder, read_progress
from alphazero.learning.trainer import TrainingDiverged
from alphazero.learning.writer import TensorBoard
from alphazero.network import set_threads


class Summary(NamedTuple):
    """How a run ended."""

    folder: Path
    model: Path  # the network that plays
    generations: int
    games: int
    positions: int
    minutes: float
    elo: str  # the last rating, "" where there was none
    match: Any | None  # MatchResult of the last match

    def __str__(self) -> str:
        lines = [f"{self.generations} generations, {self.games} games, {self.positions} positions in "
                 f"{self.minutes:.1f} minutes of training",
                 *([f"Elo {self.elo}"] if self.elo else []), *([self.match.summary()] if self.match else []),
                 f"model   {self.model}", f"plots   {self.folder / 'plots'}",
                 f"play    alphazero play {{game}} --model {self.model}"]
        return "\n".join(lines)


def train(config: Config, folder: str | os.PathLike[str]) -> Summary:
    """Begin a run in a new or empty folder and work until its limit; ValueError when the folder holds a run.

    KeyboardInterrupt stops it where it was last committed; `resume` goes on from there.
    """
    folder = Path(folder)
    with RunFolder(folder) as run_folder:
        if read_progress(folder) is not None:
            raise ValueError(f"{folder}: holds a run already: go on with `alphazero train --resume {folder}`, or "
                             "choose another run.folder")
        run_folder.go_back({**Progress().as_dict(), "metrics_bytes": 0})
        run_folder.write_config(config.to_toml())
        return _work(config, run_folder, Progress(), "start")


def resume(folder: str | os.PathLike[str], overrides: Any = ()) -> Summary:
    """Go on with the run in a folder from its last commit; ValueError when it is none, or another process writes it.

    `overrides` change its settings, limits above all.
    """
    folder = Path(folder)
    if not (folder / "config.toml").is_file():
        raise ValueError(f"{folder}: not the folder of a run: it has no config.toml")
    config = load_config(folder / "config.toml", overrides)
    with RunFolder(folder) as run_folder:
        data = read_progress(folder) or {**Progress().as_dict(), "metrics_bytes": 0}
        run_folder.go_back(data)
        run_folder.write_config(config.to_toml())
        return _work(config, run_folder, Progress.from_dict(data), "resume")


def _work(config: Config, folder: RunFolder, progress: Progress, event: str) -> Summary:
    """Run to the limit, then the last match and the plots."""
    set_threads(config.threads)
    folder.log(event, game=config.game, seed=config.seed, generation=progress.generation, minutes=progress.minutes)
    run = ExpertIteration(config, folder, progress)
    display = Display(config.run.minutes, config.run.generations, progress.minutes, progress.generation)
    try:
        with TensorBoard(folder) as folder.listener:
            run.run(display)
    except TrainingDiverged as error:
        good = folder.path / "checkpoints" / progress.checkpoint if progress.checkpoint else "none yet"
        raise ValueError(f"{folder.path}: {error}; last good checkpoint: {good}") from None
    finally:
        display.close()
    return _finish(config, folder, run)


def _finish(config: Config, folder: RunFolder, run: ExpertIteration) -> Summary:
    from alphazero.plots import plot_run

    match = run.evaluation.final_match(run.playing, config.seed, progress=True)
    if match is not None:
        folder.log("match", **match.as_dict())
    folder.log("end", generation=run.progress.generation, minutes=run.progress.minutes, games=run.progress.games,
               positions=run.progress.positions)
    folder.commit(run.progress.as_dict())
    plot_run(folder.path)
    progress = run.progress
    summary = Summary(folder.path, folder.path / MODEL, progress.generation, progress.games, progress.positions,
                      progress.minutes, progress.elo, match)
    print(str(summary).format(game=config.game))
    return summary
