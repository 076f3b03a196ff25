"""Checkpoints of a run: the learner's state as torch wrote it, and the games under way."""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import torch

from alphazero.data.games import Games
from alphazero.data.shards import ShardError, pack, unpack
from alphazero.files import write_atomically

DIGEST_BYTES = 32


def save_learner(path: Path, state: dict[str, Any]) -> None:
    """Write the state of a `Trainer` and whatever goes with it: what torch writes, and the SHA-256 of that.

    Torch itself reads altered weights without a word.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    data = buffer.getvalue()
    write_atomically(path, data + hashlib.sha256(data).digest())


def load_learner(path: Path, device: torch.device) -> dict[str, Any]:
    """Read what `save_learner` wrote, tensors and plain values only; ValueError when it is truncated or altered."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ValueError(f"{path}: this checkpoint is missing: restore it, or start a new run") from None
    data, digest = content[:-DIGEST_BYTES], content[-DIGEST_BYTES:]
    if hashlib.sha256(data).digest() != digest:
        raise ValueError(
            f"{path}: a damaged checkpoint (truncated or altered, its SHA-256 does not agree): restore "
            "it, or start a new run"
        )
    return torch.load(io.BytesIO(data), map_location=device, weights_only=True)


def save_under_way(path: Path, games: Games, arrays: dict[str, np.ndarray]) -> None:
    """Write the games under way, as `SelfPlay.state` returns them."""
    write_atomically(path, pack(games, arrays))


def load_under_way(path: Path, game: Any) -> tuple[Games, dict[str, np.ndarray]]:
    """Read what `save_under_way` wrote of a game; ValueError when it is missing or damaged."""
    try:
        return unpack(path.read_bytes(), game)
    except FileNotFoundError:
        raise ValueError(
            f"{path}: the games under way are missing: restore the file, or start a new run"
        ) from None
    except ShardError as error:
        raise ValueError(f"{path}: damaged: {error}: restore the file, or start a new run") from None
