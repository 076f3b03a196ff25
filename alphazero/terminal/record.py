"""A game saved as a small text: what was played, by whom, and the moves in the game's own notation.

alphazero game record 1
game: connect_four:rows=6,cols=7,connect=4
human: first
opponent: mcts:simulations=1000
result: unfinished
moves: 4 4 5
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from alphazero.files import write_atomically

HEADER = "alphazero game record 1"
FIELDS = ("game", "human", "opponent", "result", "moves")
MAX_BYTES = 1_000_000


class GameRecord(NamedTuple):
    """A saved game. `human` is "first" or "second"; `result` is words for the reader and is not read back."""

    game: str
    human: str
    opponent: str
    result: str
    moves: tuple[str, ...]


def save_record(path: str | os.PathLike[str], record: GameRecord) -> None:
    """Write a record, whole or not at all; ValueError when the file exists and is no record."""
    path = Path(path)
    if path.exists() and not _is_record(path):
        raise ValueError(f"{path} is some other file: choose another name")
    values = {**record._asdict(), "moves": " ".join(record.moves)}
    text = "\n".join([HEADER, *(f"{field}: {values[field]}" for field in FIELDS)]) + "\n"
    write_atomically(path, text.encode())


def load_record(path: str | os.PathLike[str]) -> GameRecord:
    """Read what `save_record` wrote; ValueError when it is something else, OSError when it cannot be read."""
    path = Path(path)
    if not _is_record(path):
        raise ValueError(f"{path}: not a saved game: expected the first line {HEADER!r}")
    try:
        lines = path.read_bytes()[:MAX_BYTES].decode("utf-8").splitlines()[1:]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not a text in UTF-8 (byte {error.start})") from None
    parts = (line.partition(":") for line in lines if line.strip())
    values = {name.strip(): value.strip() for name, _, value in parts}
    if missing := [field for field in FIELDS if field not in values]:
        raise ValueError(f"{path}: damaged: no line {missing[0]!r}")
    if values["human"] not in ("first", "second"):
        raise ValueError(f"{path}: human: {values['human']!r}: expected first or second")
    game, human, opponent, result, moves = (values[field] for field in FIELDS)
    return GameRecord(game, human, opponent, result, tuple(moves.split()))


def _is_record(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(HEADER)) == HEADER.encode()
