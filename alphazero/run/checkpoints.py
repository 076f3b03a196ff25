"""Checkpoints of a run: the learner's state as torch wrote it, and the games under way."""

import hashlib
import io
import stat
from pathlib import Path
from typing import Any

import torch

from alphazero.data.shards import ShardError, pack, unpack
from alphazero.files import write_atomically
from alphazero.run.integrity import RESTORE
from alphazero.run.method import UnderWay
from games.protocol import Game

DIGEST_BYTES = 32


def save_learner(path: Path, state: dict[str, Any]) -> None:
    """Write the state of a method and whatever goes with it: what torch writes, and the SHA-256 of that.

    Torch itself reads altered weights without a word.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    data = buffer.getvalue()
    write_atomically(path, data + hashlib.sha256(data).digest())


def load_learner(path: Path) -> dict[str, Any]:
    """Read what `save_learner` wrote, tensors (on the CPU) and plain values only.

    ValueError when it is missing, truncated, altered, or something else.
    """
    content = _content(path, "this checkpoint is missing")
    data, digest = content[:-DIGEST_BYTES], content[-DIGEST_BYTES:]
    if hashlib.sha256(data).digest() != digest:
        raise ValueError(f"{path}: a damaged checkpoint (truncated or altered, its SHA-256 does not agree)")
    try:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # whatever unpickling makes of bytes that torch did not write
        raise ValueError(
            f"{path}: no checkpoint ({type(error).__name__}: {' '.join(str(error).split())[:120]})"
        ) from None
    if not isinstance(state, dict):
        raise ValueError(f"{path}: no checkpoint of a run: it holds a {type(state).__name__}")
    return state


def _content(path: Path, missing: str) -> bytes:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ValueError(f"{path}: not an ordinary file")
        return path.read_bytes()
    except FileNotFoundError:
        raise ValueError(f"{path}: {missing}") from None


def save_under_way(path: Path, under_way: UnderWay) -> None:
    """Write the games under way and their arrays."""
    write_atomically(path, pack(under_way.games, under_way.arrays))


def load_under_way(path: Path, game: Game) -> UnderWay:
    """Read what `save_under_way` wrote of a game; ValueError when it is missing or damaged."""
    try:
        return UnderWay(
            *unpack(_content(path, f"the games under way are missing: {RESTORE}"), game, finished=False)
        )
    except ShardError as error:
        raise ValueError(f"{path}: damaged: {error}: {RESTORE}") from None
