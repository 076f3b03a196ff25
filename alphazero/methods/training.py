"""Beginning a run of any method, and going on with one."""

import copy
import importlib
import os
from pathlib import Path

import games
from alphazero.config import Experiment, load_config
from alphazero.config.text import Overrides
from alphazero.learning.learner import TrainingDiverged
from alphazero.learning.ranks import RanksLost
from alphazero.methods.cores import fitted, fitted_before
from alphazero.methods.speed import forecast
from alphazero.network import set_threads
from alphazero.run.busy import busy_text, share_of_others
from alphazero.run.folder import RunFolder
from alphazero.run.integrity import Committed, examine, read_committed
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
    folder, config = Path(folder), fitted(config)
    check_machine(config, games.parse(config.game))
    with RunFolder(folder) as run_folder:
        if read_committed(folder) is not None:
            raise ValueError(
                f"{folder}: holds a run already: go on with `alphazero train --resume {folder}`, or "
                "choose another run.folder"
            )
        return _work(Run(config, run_folder, Progress()), None, progress)


def resume(folder: str | os.PathLike[str], overrides: Overrides = (), progress: bool = True) -> Summary:
    """Go on with the run in a folder from its last commit; ValueError when it is none, or another process writes it.

    `overrides` change its settings, limits above all. Of a run that is over nothing is done again, and settings that it
    could not have gone on with are refused all the same. Everything that the run left is read and checked before
    anything is changed.
    """
    folder = Path(folder)
    if not (folder / "config.toml").is_file():
        raise ValueError(f"{folder}: not the folder of a run: it has no config.toml")
    config = fitted_before(load_config(folder / "config.toml", overrides))
    check_machine(config, games.parse(config.game))
    with RunFolder(folder) as run_folder:
        committed = read_committed(folder)
        if committed is None:
            return _work(Run(config, run_folder, Progress()), None, progress)
        damage, done = examine(folder, committed), committed.progress
        run = Run(config, run_folder, done, damage)  # refuses another game or method
        if done.ended and done.ended == done.generation and done.fraction_done(config.run) >= 1.0:
            if overrides:
                _refuse_unusable(Run(config, run_folder, copy.deepcopy(done), damage))
            run_folder.go_back(committed)
            notes = [*run.messages, *(f"damaged: {why}" for why in damage.shards.values())]
            learners = {name: why for name, why in damage.checkpoints.items() if name.endswith(".pt")}
            notes += [f"damaged: {run.network_file(name)}: {why}" for name, why in learners.items()]
            return summarise(config, folder, done, notes=notes)
        return _work(run, committed, progress)


def _refuse_unusable(run: Run) -> None:
    """Raise ValueError for settings that a run which is over could not have gone on with; changes no file."""
    set_threads(run.config.threads)
    run.restore(make_method(run))


def _work(run: Run, committed: Committed | None, progress: bool) -> Summary:
    """Make the method and restore it, which changes nothing; then go back to the last commit, and on from there."""
    set_threads(run.config.threads)
    try:
        method = make_method(run)  # refuses settings that cannot be used before they are written
        run.restore(method)
    except (ValueError, RanksLost) as error:
        raise ValueError("; ".join([str(error), *run.damage.notes])) from None
    if committed is None:
        run.folder.clear()
    else:
        run.folder.go_back(committed)
    run.folder.write_config(run.config.to_toml())
    if progress and (others := busy_text(share_of_others())):
        run.messages.append(others)
    if committed is None:
        run.progress.forecast = forecast(run, method)
    if run.progress.forecast:
        run.messages.append(run.progress.forecast)
    try:
        return work(run, method, "start" if committed is None else "resume", progress)
    except TrainingDiverged as error:
        done = run.progress.checkpoint
        good = run.network_file(done) if done else "none yet"
        raise ValueError(f"{run.folder.path}: {error}; last good checkpoint: {good}") from None
    except RanksLost as error:
        raise ValueError(
            f"{error}; go on by torchrun with: alphazero train --resume {run.folder.path}"
        ) from None
    finally:
        method.close()
