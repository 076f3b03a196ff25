"""What a training run shows: one line a generation, and on a terminal a bar with the phase and the time left.

Which numbers the line has is the method's to say (`Column`). On a terminal the table leaves out what does not fit; into
a file goes the whole table and nothing else.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from alphazero.arena.rating import Interval
from alphazero.bars import columns_of, progress_bar
from alphazero.run.method import STORED, Column

BEFORE = (Column("generation", "gen", ">4"), Column("minutes", "min", ">6.1f"))
ELO_WIDTH = len(" +1234 ±1234 ")


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
        wanted = [column for column in (*BEFORE, *columns) if column.heading]
        self.columns = fitting(wanted, columns_of(sys.stdout))
        self.by_minutes, self.minutes = minutes > 0, minutes
        form, total = "{desc}, {n_fmt} gen, {elapsed}", None
        if minutes > 0:
            form, total = f"{{desc}} {{percentage:3.0f}}%|{{bar}}| {{n:.1f}}/{minutes:g} min", minutes
        elif generations > 0:
            form, total = (
                "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} gen, {remaining} left",
                generations,
            )
        self.bar = progress_bar(
            total=total,
            initial=min(done_minutes, minutes) if self.by_minutes else done_generations,
            smoothing=0.0,
            bar_format=form,
        )
        for line in header(self.columns):
            self.write(line)

    def phase(self, text: str, minutes: float) -> None:
        """Show what the run is doing now."""
        self.bar.set_description_str(text, refresh=False)
        if self.by_minutes:
            self.bar.n = min(minutes, self.minutes)
        self.bar.refresh()

    def generation(self, row: Mapping[str, float], elo: Interval | None) -> None:
        """Write the table's line of a finished generation; `elo` is the last rating."""
        line = " ".join(cell(column, row) for column in self.columns)
        self.write(line if elo is None else f"{line}  {in_short(elo)}")
        if not self.by_minutes:
            self.bar.update(1)

    def write(self, text: str) -> None:
        """Write a line above the bar."""
        self.bar.write(text)
        sys.stdout.flush()  # a log can be followed

    def close(self) -> None:
        """Take the bar away."""
        self.bar.close()


def fitting(columns: Sequence[Column], room: int | None) -> list[Column]:
    """Return the columns that fit a line with the Elo, in order; None: all.

    The first is always kept. The numbers of stored games go first, then the last columns.
    """
    kept = list(columns)
    order = [*(one for one in reversed(STORED) if one in kept), *reversed(columns[1:])]
    for spare in dict.fromkeys(order):
        if room is None or sum(width(column) + 1 for column in kept) + ELO_WIDTH <= room:
            break
        kept.remove(spare)
    return kept


def header(columns: Sequence[Column]) -> list[str]:
    """Return the lines above the table: headings, and above those the names of groups where there are any."""
    headings = " ".join([*(f"{column.heading:>{width(column)}}" for column in columns), " Elo"])
    groups = " ".join(
        f"{name:<{sum(width(column) + 1 for column in group) - 1}}" for name, group in _groups(columns)
    ).rstrip()
    return [groups, headings] if groups else [headings]


def _groups(columns: Iterable[Column]) -> list[tuple[str, list[Column]]]:
    return [(name, list(group)) for name, group in groupby(columns, lambda column: column.group)]


def cell(column: Column, row: Mapping[str, float]) -> str:
    """Return a column's number of one row as text, "-" where it was not measured."""
    value = row.get(column.name)
    if value is None or value != value:
        return f"{'-':>{width(column)}}"
    return f"{value:{column.form}}"


def in_short(elo: Interval) -> str:
    """Return a rating with half the width of its interval: "+1015 ±1486"."""
    sign = "±" if can_write("±") else "+-"
    return f"{round(elo.value):+d} {sign}{round((elo.high - elo.low) / 2)}"


def can_write(text: str) -> bool:
    """Whether stdout's encoding has these characters."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def width(column: Column) -> int:
    """Return the width of a column that its form names."""
    digits = column.form.lstrip("><^+ ")
    return int(digits[: len(digits) - len(digits.lstrip("0123456789"))] or 0)
