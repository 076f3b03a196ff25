"""Starting a run, going on with one, and what is done when it ends: the last match, the plots, the summary."""

import os
from pathlib import Path
from typing import Any, NamedTuple

from alphazero.config import Config, load_config
from alphazero.learning.learner import TrainingDiverged
from alphazero.methods.expert_iteration import MODEL, ExpertIteration
from alphazero.network import set_threads
from alphazero.run.display import Display, counted
from alphazero.run.folder import PROGRESS, RunFolder, read_progress
from alphazero.run.progress import Progress
from alphazero.run.tensorboard import TensorBoard


class Summary(NamedTuple):
    """How a run ended."""

    game: str  # as the settings name it
    folder: Path
    model: Path  # the network that plays
    generations: int
    games: int
    positions: int
    minutes: float
    elo: str  # the last rating, "" where there was none
    match_text: str  # what came of the last match, "" where there was none
    match: Any | None  # its MatchResult, None where it was not played by this process

    def __str__(self) -> str:
        lines = [
            f"{counted(self.generations, 'generation')}, {self.games} games, {self.positions} positions in "
            f"{self.minutes:.1f} minutes of training",
            *([f"Elo {self.elo}"] if self.elo else []),
            *([self.match_text] if self.match_text else []),
            f"model   {self.model}",
            f"plots   {self.folder / 'plots'}",
            f"play    alphazero play {self.game} --model {self.model}",
        ]
        return "\n".join(lines)


def train(config: Config, folder: str | os.PathLike[str]) -> Summary:
    """Begin a run in a new or empty folder and work until its limit; ValueError when the folder holds a run.

    KeyboardInterrupt stops it where it was last committed; `resume` goes on from there.
    """
    folder = Path(folder)
    with RunFolder(folder) as run_folder:
        if read_progress(folder) is not None:
            raise ValueError(
                f"{folder}: holds a run already: go on with `alphazero train --resume {folder}`, or "
                "choose another run.folder"
            )
        return _work(config, run_folder, Progress(), "start")


def resume(folder: str | os.PathLike[str], overrides: Any = ()) -> Summary:
    """Go on with the run in a folder from its last commit; ValueError when it is none, or another process writes it.

    `overrides` change its settings, limits above all. Of a run that is over nothing is done again.
    """
    folder = Path(folder)
    if not (folder / "config.toml").is_file():
        raise ValueError(f"{folder}: not the folder of a run: it has no config.toml")
    config = load_config(folder / "config.toml", overrides)
    with RunFolder(folder) as run_folder:
        data = read_progress(folder)
        if data is None:
            return _work(config, run_folder, Progress(), "start")
        try:
            progress = Progress.from_dict(data)
        except ValueError as error:
            raise ValueError(
                f"{folder / PROGRESS}: damaged ({error}): restore it, or start a new run"
            ) from None
        run_folder.go_back(data)
        if (
            progress.ended
            and progress.ended == progress.generation
            and progress.fraction_done(config.run) >= 1.0
        ):
            return _summary(config, folder, progress)
        return _work(config, run_folder, progress, "resume")


def _work(config: Config, folder: RunFolder, progress: Progress, event: str) -> Summary:
    """Run to the limit, then the last match and the plots."""
    set_threads(config.threads)
    if event == "start":
        folder.clear()
    run = ExpertIteration(
        config, folder, progress
    )  # refuses settings that cannot be used before they are written
    folder.write_config(config.to_toml())
    bad_shards = run.begin(event)
    try:
        _run(run, folder, bad_shards)
        match = _last_match(run, folder)
    except TrainingDiverged as error:
        good = folder.path / "checkpoints" / progress.checkpoint if progress.checkpoint else "none yet"
        raise ValueError(f"{folder.path}: {error}; last good checkpoint: {good}") from None
    except KeyboardInterrupt:
        print(f"stopped; go on with: alphazero train --resume {folder.path}", flush=True)
        raise
    return _summary(config, folder.path, progress, match)


def _run(run: ExpertIteration, folder: RunFolder, messages: list[str]) -> None:
    limits, progress = run.config.run, run.progress
    display = Display(limits.minutes, limits.generations, progress.minutes, progress.generation)
    try:
        for message in messages:
            display.write(f"set aside: {message}")
        with TensorBoard(folder, progress.generation) as folder.listener:
            run.run(display)
    finally:
        folder.listener = None
        display.close()


def _last_match(run: ExpertIteration, folder: RunFolder) -> Any:
    """Play the last match, if there is one, and commit that the run has ended."""
    progress = run.progress
    match = run.evaluation.final_match(run.playing, run.config.seed, progress=True)
    if match is not None:
        folder.log("match", **match.as_dict())
    folder.log(
        "end",
        generation=progress.generation,
        minutes=progress.minutes,
        games=progress.games,
        positions=progress.positions,
    )
    progress.ended, progress.match = progress.generation, match.summary() if match else ""
    folder.commit(progress.as_dict())
    return match


def _summary(config: Config, folder: Path, progress: Progress, match: Any = None) -> Summary:
    """Draw the plots, print and return the summary of a run that has ended."""
    from alphazero.run.plots import plot_run

    plot_run(folder)
    summary = Summary(
        config.game,
        folder,
        folder / MODEL,
        progress.generation,
        progress.games,
        progress.positions,
        progress.minutes,
        progress.elo,
        progress.match,
        match,
    )
    print(summary, flush=True)
    return summary
