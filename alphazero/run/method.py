"""What a method of learning is to a run: it does one generation at a time and can be saved and gone on with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from alphazero.data.games import Games

if TYPE_CHECKING:
    from alphazero.run.run import Run


class Column(NamedTuple):
    """A number of every generation: its name in metrics.jsonl, and how the table shows it ("" : not at all)."""

    name: str
    heading: str = ""
    form: str = ""  # such as ">6.3f"; the heading is set to the same width
    group: str = ""  # what stands over the headings of neighbours that have it in common, such as "held out"


STORED = (
    Column("games", "games", ">7"),
    Column("positions", "positions", ">9"),
)  # of methods that store games


class UnderWay(NamedTuple):
    """What is not finished and is gone on with to the bit: games, and plain arrays by name."""

    games: Games
    arrays: dict[str, np.ndarray]


class Method(ABC):
    """A way of learning. A run makes it, lets it iterate, writes what it saves, and gives it back what was written."""

    columns: Sequence[Column]  # in the order of the table

    @abstractmethod
    def iterate(self, run: Run) -> Mapping[str, float]:
        """Do one generation, collect and learn; return its row of metrics, every column and more if wanted."""

    @abstractmethod
    def save(self, path: Path, provenance: Mapping[str, Any]) -> None:
        """Write the model that plays; `provenance` goes into the file."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return all that `restore` needs: plain values, arrays and tensors, nested in dictionaries."""

    @abstractmethod
    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` returned; ValueError or KeyError when it belongs to other settings."""

    def under_way(self) -> UnderWay | None:
        """Return what of the generation under way has to be kept at every commit, None where there is nothing."""
        return None

    def go_on(self, under_way: UnderWay) -> None:
        """Go on with what `under_way` returned in an earlier process; ValueError when it belongs to other settings."""
        raise ValueError("this method keeps no games under way")

    def close(self) -> None:  # noqa: B027 (most methods hold nothing)
        """End what the method has started, such as other processes; it is not used afterwards."""

    def begin(self, run: Run) -> None:  # noqa: B027 (most methods have nothing to read)
        """Read what the run stored earlier, after `restore` and before the first generation of this process."""
