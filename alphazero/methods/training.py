"""Beginning a run of any method, and going on with one."""

import importlib
import os
from pathlib import Path

import games
from alphazero.config import Experiment, load_config
from alphazero.config.text import Overrides
from alphazero.learning.learner import TrainingDiverged
from alphazero.network import set_threads
from alphazero.run.folder import RunFolder
from alphazero.run.integrity import Damage, examine, read_committed
from alphazero.run.limits import check_machine
from alphazero.run.loop import Summary, summarise
from alphazero.run.loop import train as work
from alphazero.run.method import Method
from alphazero.run.progress import Progress
from alphazero.run.run import Run

METHODS = {  # method -> module and class
    "expert_iteration": ("alphazero.methods.expert_iteration", "ExpertIteration"),
    "imitation": ("alphazero.methods.imitation", "Imitation"),
}


def make_method(run: Run) -> Method:
    """Return the method that a run's settings name; ValueError for settings that it cannot use."""
    module, name = METHODS[run.config.method]
    return getattr(importlib.import_module(module), name)(run)


def train(config: Experiment, folder: str | os.PathLike[str], progress: bool = True) -> Summary:
    """Begin a run in a new or empty folder and work until its limit; ValueError when the folder holds a run.

    Ctrl-C stops it where it was last committed (`Stopped`); `resume` goes on from there. `progress`: show it.
    """
    folder = Path(folder)
    check_machine(config, games.parse(config.game))
    with RunFolder(folder) as run_folder:
        if read_committed(folder) is not None:
            raise ValueError(
                f"{folder}: holds a run already: go on with `alphazero train --resume {folder}`, or "
                "choose another run.folder"
            )
        run_folder.clear()
        return _work(config, run_folder, Progress(), None, progress)


def resume(folder: str | os.PathLike[str], overrides: Overrides = (), progress: bool = True) -> Summary:
    """Go on with the run in a folder from its last commit; ValueError when it is none, or another process writes it.

    `overrides` change its settings, limits above all. Of a run that is over nothing is done again. Everything that
    the run left is read and checked before anything is changed.
    """
    folder = Path(folder)
    if not (folder / "config.toml").is_file():
        raise ValueError(f"{folder}: not the folder of a run: it has no config.toml")
    config = load_config(folder / "config.toml", overrides)
    check_machine(config, games.parse(config.game))
    with RunFolder(folder) as run_folder:
        committed = read_committed(folder)
        if committed is None:
            run_folder.clear()
            return _work(config, run_folder, Progress(), None, progress)
        damage, done = examine(folder, committed), committed.progress
        run = Run(config, run_folder, done, damage)  # refuses another game or method
        run_folder.go_back(committed)
        if done.ended and done.ended == done.generation and done.fraction_done(config.run) >= 1.0:
            notes = [*run.messages, *(f"damaged: {why}" for why in damage.shards.values())]
            notes += [
                f"damaged: {folder / 'checkpoints' / name}: {why}" for name, why in damage.checkpoints.items()
            ]
            return summarise(config, folder, done, notes=notes)
        return _work(config, run_folder, done, damage, progress, run)


def _work(
    config: Experiment,
    folder: RunFolder,
    done: Progress,
    damage: Damage | None,
    progress: bool,
    run: Run | None = None,
) -> Summary:
    set_threads(config.threads)
    event = "start" if damage is None else "resume"
    run = run or Run(config, folder, done, damage)
    method = make_method(run)  # refuses settings that cannot be used before they are written
    run.restore(method)
    folder.write_config(config.to_toml())
    try:
        return work(run, method, event, progress)
    except TrainingDiverged as error:
        good = run.network_file(done.checkpoint) if done.checkpoint else "none yet"
        raise ValueError(f"{folder.path}: {error}; last good checkpoint: {good}") from None
