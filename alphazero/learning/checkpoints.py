"""Checkpoints of a run: the learner's state as torch wrote it, and the games under way."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from alphazero.files import write_atomically
from alphazero.selfplay.records import Games
from alphazero.selfplay.shards import ShardError, pack, unpack

DAMAGE = (RuntimeError, EOFError, ValueError, KeyError, TypeError, pickle.UnpicklingError, zipfile.BadZipFile)


def save_learner(path: Path, state: dict[str, Any]) -> None:
    """Write the state of a `Trainer` and whatever goes with it."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(path, buffer.getvalue())


def load_learner(path: Path, device: torch.device) -> dict[str, Any]:
    """Read what `save_learner` wrote, tensors and plain values only; ValueError when it is truncated or altered."""
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise ValueError(f"{path}: this checkpoint is missing: restore it, or start a new run") from None
    except DAMAGE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path}: a damaged checkpoint ({reason}): restore it, or start a new run") from None


def save_under_way(path: Path, games: Games, arrays: dict[str, np.ndarray]) -> None:
    """Write the games under way, as `SelfPlay.state` returns them."""
    write_atomically(path, pack(games, arrays))


def load_under_way(path: Path, game: Any) -> tuple[Games, dict[str, np.ndarray]]:
    """Read what `save_under_way` wrote of a game; ValueError when it is missing or damaged."""
    try:
        return unpack(path.read_bytes(), game)
    except FileNotFoundError:
        raise ValueError(f"{path}: the games under way are missing: restore the file, or start a new run") from None
    except ShardError as error:
        raise ValueError(f"{path}: damaged: {error}: restore the file, or start a new run") from None
