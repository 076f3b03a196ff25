"""Training by two calls: a settings file, or the folder of a run to go on with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from alphazero.config import load_config
from alphazero.config.text import Overrides

if TYPE_CHECKING:
    from alphazero.run.loop import Summary

RUNS = Path("runs")


def train(path: str | Path, overrides: Overrides = (), progress: bool = True) -> Summary:
    """Learn a game as the settings file says, until a limit or Ctrl-C; return the run's `Summary`.

    `path` is a TOML file, or the name of one that comes with alphazero, such as "connect_four_quick".
    `overrides` are texts such as "search.simulations=64", or a mapping of dotted paths to values. The run
    goes into the folder of the settings, or a new one in runs/ named after the file. `progress`: show a table of
    generations, and on a terminal a bar. Raises ValueError for settings, a game or players that cannot be used,
    OSError when the folder cannot be written.
    """
    config = load_config(path, overrides)
    from alphazero.methods import training

    folder = Path(config.run.folder) if config.run.folder else new_folder(Path(path).stem)
    with without_empty_parents(folder):
        return training.train(config, folder, progress)


def resume(folder: str | Path, overrides: Overrides = (), progress: bool = True) -> Summary:
    """Go on with the run in a folder where it was committed last; return its `Summary`.

    `overrides` change its settings, limits above all, as in `train`; `progress` as there. Of a run that is over nothing
    is done again. Raises ValueError when the folder holds no run, another process is writing it, or the settings
    cannot be used.
    """
    from alphazero.methods import training

    return training.resume(Path(folder), overrides, progress)


def new_folder(name: str) -> Path:
    """Return the first of runs/name, runs/name-2, runs/name-3, ... that is not there yet."""
    folder, number = RUNS / name, 1
    while folder.exists():
        number += 1
        folder = RUNS / f"{name}-{number}"
    return folder


@contextlib.contextmanager
def without_empty_parents(folder: Path) -> Iterator[None]:
    """Take away again the folders above `folder` that are made in between, where nothing is put into them."""
    absent = [parent for parent in folder.parents if not parent.exists()]
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # one that holds something stays
            for parent in absent:
                parent.rmdir()
