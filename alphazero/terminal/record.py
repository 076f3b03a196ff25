"""A game saved as a small text: what was played, by whom, and the moves in the game's own notation.

alphazero game record 1
game: connect_four:rows=6,cols=7,connect=4
human: first
opponent: mcts:simulations=1000
result: unfinished
moves: 4 4 5

A game that did not begin at the start of the game has one line more, `start: TEXT`, the position as text.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from alphazero.files import read_regular, write_atomically
from alphazero.visible import visible

HEADER = "alphazero game record 1"
FIELDS = ("game", "human", "opponent", "result", "moves")
OPTIONAL = ("start",)
SIDES = ("first", "second", "both")
MAX_BYTES = 1_000_000


class GameRecord(NamedTuple):
    """A saved game. human: "first", "second" or "both"; opponent: the player's text, "human" where both are people.

    result: words for the reader, of which only a resignation is read back; start: the position that the game began
    from, "" for the start of the game.
    """

    game: str
    human: str
    opponent: str
    result: str
    moves: tuple[str, ...]
    start: str = ""

    @property
    def resigned(self) -> int | None:
        """Who resigned: 0 the first player, 1 the second, None nobody."""
        match = re.fullmatch("(first|second) player resigned", self.result)
        return None if match is None else SIDES.index(match[1])


def save_record(path: str | os.PathLike[str], record: GameRecord) -> None:
    """Write a record, whole or not at all; ValueError when the file exists and is no record."""
    path = Path(path)
    if path.exists() and not is_record(path):
        raise ValueError(f"{path} is some other file: choose another name")
    values = {**record._asdict(), "moves": " ".join(record.moves)}
    shown = [*FIELDS, *(name for name in OPTIONAL if values[name])]
    text = "\n".join([HEADER, *(f"{field}: {visible(values[field])}" for field in shown)]) + "\n"
    write_atomically(path, text.encode())


def load_record(path: str | os.PathLike[str]) -> GameRecord:
    """Read what `save_record` wrote; ValueError when it is something else, OSError when it cannot be read."""
    path = Path(path)
    try:
        lines = read_regular(path, MAX_BYTES).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not a saved game: no text in UTF-8 (byte {error.start})") from None
    if not lines or not lines[0].startswith(HEADER):
        raise ValueError(f"{path}: not a saved game: expected the first line {HEADER!r}")
    parts = (line.partition(":") for line in lines[1:] if line.strip())
    values = {name.strip(): value.strip() for name, _, value in parts}
    if missing := [field for field in FIELDS if field not in values]:
        raise ValueError(f"{path}: damaged: no line {missing[0]!r}")
    if values["human"] not in SIDES:
        raise ValueError(
            f"{path}: human: {values['human']!r}: expected first or second, or both for two people"
        )
    game, human, opponent, result, moves = (values[field] for field in FIELDS)
    return GameRecord(game, human, opponent, result, tuple(moves.split()), values.get("start", ""))


def is_record(path: Path) -> bool:
    """Whether a file is a saved game; OSError when it cannot be read."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(HEADER)) == HEADER.encode()
