"""The loop of every run: iterate until a limit, then the last match, the plots and the summary."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from alphazero.arena.result import MatchResult
from alphazero.config import Experiment
from alphazero.moments import during
from alphazero.run import plots
from alphazero.run.display import Display, counted
from alphazero.run.method import Method
from alphazero.run.names import MODEL
from alphazero.run.progress import Progress
from alphazero.run.run import Run
from alphazero.run.tensorboard import TensorBoard


class Summary(NamedTuple):
    """How a run ended; as text, what a person wants to know.

    game:       the game, as the settings name it
    folder:     the folder of the run
    model:      the file of the network that plays
    generations, games, positions: how many there were
    minutes:    of training, over all processes
    elo:        the last rating with its interval, "" where there was none
    match_text: what came of the last match, "" where there was none
    match:      its result, None where it was not played by this process
    notes:      what was found damaged and has not been shown, a line each
    """

    game: str
    folder: Path
    model: Path
    generations: int
    games: int
    positions: int
    minutes: float
    elo: str
    match_text: str
    match: MatchResult | None
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        stored = f", {self.games} games, {self.positions} positions" if self.games else ""
        lines = [
            *self.notes,
            f"{counted(self.generations, 'generation')}{stored} in {self.minutes:.1f} minutes of training",
            *([f"Elo {self.elo}"] if self.elo else []),
            *([self.match_text] if self.match_text else []),
            f"model   {self.model}",
            f"plots   {self.folder / 'plots'}",
            f"play    alphazero play {self.game} --model {self.model}",
        ]
        return "\n".join(lines)


class Stopped(KeyboardInterrupt):
    """Ctrl-C stopped a run where it was last committed; `folder` is what to go on with."""

    def __init__(self, folder: Path):
        super().__init__(f"stopped; go on with: alphazero train --resume {folder}")
        self.folder = folder


def train(run: Run, method: Method, event: str = "start", progress: bool = True) -> Summary:
    """Work until a limit of minutes or generations is reached; `event`: "start" or "resume".

    `progress`: show a table, and on a terminal a bar. Ctrl-C raises Stopped.
    """
    try:
        run.begin(method, event)
        _iterate(run, method, progress)
        match = run.last_match(method)
    except KeyboardInterrupt:
        raise Stopped(run.folder.path) from None
    finally:
        if run.display is not None:
            run.display.close()
    return summarise(run.config, run.folder.path, run.progress, match, run.messages)


def _iterate(run: Run, method: Method, progress: bool) -> None:
    limits, done = run.config.run, run.progress
    if progress:
        run.display = Display(
            method.columns, limits.minutes, limits.generations, done.minutes, done.generation
        )
    try:
        while run.messages and run.display is not None:
            run.display.write(run.messages.pop(0))
        with TensorBoard(run.folder, done.generation) as run.folder.listener:
            while not run.over:
                run.finish_generation(method, method.iterate(run))
    finally:
        run.folder.listener = None


def summarise(
    config: Experiment,
    folder: Path,
    progress: Progress,
    match: MatchResult | None = None,
    notes: Sequence[str] = (),
) -> Summary:
    """Draw the plots and return the summary of a run that has ended."""
    with during("summary"):
        plots.plot_run(folder)
    return Summary(
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
        tuple(notes),
    )
