"""What a training run shows: one line a generation, and on a terminal a bar with the phase and the time left.

Which numbers the line has is the method's to say (`Column`); the table and the bar fit 80 columns.
"""

import sys
from collections.abc import Mapping, Sequence

from tqdm import tqdm

from alphazero.run.method import Column

BEFORE = (
    Column("generation", "gen", ">4"),
    Column("minutes", "min", ">6.1f"),
    Column("games", "games", ">7"),
    Column("positions", "positions", ">9"),
)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 generation", "3 generations"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


class Display:
    """Progress on the terminal: a bar over the minutes or the generations of a run, and a table above it."""

    def __init__(
        self,
        columns: Sequence[Column],
        minutes: float,
        generations: int,
        done_minutes: float,
        done_generations: int,
    ):
        self.columns = [column for column in (*BEFORE, *columns) if column.heading]
        self.by_minutes = minutes > 0
        total: float | None = minutes if self.by_minutes else (generations or None)
        unit, form = (
            ("min", "{n:.1f}/{total:.0f} min") if self.by_minutes else ("gen", "{n_fmt}/{total_fmt} gen")
        )
        self.total = minutes
        self.bar = tqdm(
            total=total,
            disable=not sys.stderr.isatty(),
            initial=done_minutes if self.by_minutes else done_generations,
            unit=unit,
            dynamic_ncols=True,
            smoothing=0.0,
            bar_format="{desc} {percentage:3.0f}%|{bar}| " + form + ", {remaining} left{postfix}"
            if total
            else None,
        )
        self.bar.write(" ".join([*(heading(column) for column in self.columns), " Elo"]))

    def phase(self, generation: int, text: str, minutes: float) -> None:
        """Show what the run is doing now."""
        self.bar.set_description_str(f"generation {generation}: {text}", refresh=False)
        if self.by_minutes:
            self.bar.n = min(minutes, self.total)
        self.bar.refresh()

    def generation(self, row: Mapping[str, float], elo: str) -> None:
        """Write the table's line of a finished generation."""
        self.bar.write(" ".join([*(cell(column, row) for column in self.columns), f" {elo}"]).rstrip())
        if not self.by_minutes:
            self.bar.update(1)

    def write(self, text: str) -> None:
        """Write a line above the bar."""
        self.bar.write(text)

    def close(self) -> None:
        """Take the bar away."""
        self.bar.close()


def heading(column: Column) -> str:
    """Return a column's heading, as wide as its numbers."""
    return f"{column.heading:>{width(column)}}"


def cell(column: Column, row: Mapping[str, float]) -> str:
    """Return a column's number of one row as text, "-" where it was not measured."""
    value = row.get(column.name)
    if value is None or value != value:
        return f"{'-':>{width(column)}}"
    return f"{value:{column.form}}"


def width(column: Column) -> int:
    """Return the width of a column that its form names."""
    digits = column.form.lstrip("><^+ ")
    return int(digits[: len(digits) - len(digits.lstrip("0123456789"))] or 0)
