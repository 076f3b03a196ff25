"""Games on disk: a shard is a compressed .npz and, beside it, a .json manifest with its SHA-256.

The arrays are written first and the manifest last, each under a temporary name, flushed and renamed: a shard
counts only once its manifest is there and agrees. A reader names every shard that does not, sets it aside and
goes on.
"""

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import games as rules
from alphazero.data.games import Games, arrays_of, columns_of, from_arrays, join, no_games
from alphazero.data.labels import Row, SearchLabels
from alphazero.files import write_atomically
from alphazero.moments import during

FORMAT_VERSION = 2  # 2: with surprises
UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    TypeError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
SET_ASIDE = "set_aside"  # folder inside the shards' own, for those that cannot be read


class ShardError(ValueError):
    """A shard that is truncated, altered, of another game or unreadable."""


def pack(games: Games, extra: Mapping[str, np.ndarray] | None = None) -> bytes:
    """Return the arrays of the games, and any others by name, as a compressed .npz."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {
        **arrays_of(games),
        **{f"_{name}": array for name, array in (extra or {}).items()},
    }
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpack(data: bytes, game: Any) -> tuple[Games, dict[str, np.ndarray]]:
    """Return what `pack` was given; ShardError when the bytes are something else, or positions of another game."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        games = _as_games({name: found.pop(name) for name in arrays_of(no_games(game))}, game)
    except UNREADABLE as error:
        reason = " ".join(str(error).split())
        raise ShardError(f"not the arrays of games of {game.name} ({reason})") from None
    return games, {name[1:]: array for name, array in found.items()}


def _as_games(arrays: dict[str, np.ndarray], game: Any) -> Games:
    """Return arrays that were read from a file as games of `game`; ValueError when they are none."""
    empty = no_games(game)
    expected = arrays_of(empty)
    for name, array in arrays.items():
        if array.dtype != expected[name].dtype or array.shape[1:] != expected[name].shape[1:]:
            raise ValueError(f"{name} is {array.dtype}{list(array.shape)}")
    # a file does not keep that records are aligned
    arrays["starts"] = arrays["starts"].view(game.state_dtype)
    rows = {
        Row.GAME: len(arrays["lengths"]),
        Row.PLY: int(arrays["lengths"].sum()),
        Row.ENTRY: int(arrays["counts"].sum()),
    }
    sizes = {"starts": rows[Row.GAME]} | {
        name: rows[column.row] for name, column in columns_of(empty).items()
    }
    if any(len(array) != sizes[name] for name, array in arrays.items()):
        raise ValueError("their lengths do not agree")
    return from_arrays(arrays, SearchLabels)


def write_shard(folder: str | os.PathLike[str], name: str, game: Any, games: Games, **facts: Any) -> Path:
    """Write a shard `name`.npz with its manifest into a folder and return its path; `facts` go into the manifest."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    data = pack(games)
    manifest = {
        "format_version": FORMAT_VERSION,
        "game": rules.spec(game),
        "games": games.num_games,
        "positions": games.num_positions,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        **facts,
    }
    path = folder / f"{name}.npz"
    write_atomically(path, data)
    with during("manifest"):
        write_atomically(path.with_suffix(".json"), json.dumps(manifest, indent=1).encode())
    return path


def read_manifest(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the manifest of a shard's .npz; ShardError when it is missing or unreadable."""
    path = Path(path)
    try:
        manifest = json.loads(path.with_suffix(".json").read_bytes())
        if not isinstance(manifest, dict) or not all(
            isinstance(manifest.get(key), str) for key in ("sha256", "game")
        ):
            raise ValueError("no sha256 and game in it")
    except (OSError, ValueError) as error:
        raise ShardError(
            f"{path}: its manifest {path.with_suffix('.json').name} cannot be read ({error})"
        ) from None
    if manifest.get("format_version") != FORMAT_VERSION:
        raise ShardError(
            f"{path}: games in format {manifest.get('format_version')}, this version reads "
            f"{FORMAT_VERSION}: use the version of alphazero that wrote them, or play new ones"
        )
    return manifest


def read_shard(path: str | os.PathLike[str], game: Any = None) -> Games:
    """Read a shard; ShardError, naming the file, when it is truncated, altered or, given `game`, of another one."""
    path = Path(path)
    manifest = read_manifest(path)
    if game is not None and manifest["game"] != rules.spec(game):
        raise ShardError(f"{path}: games of {manifest['game']}; expected {rules.spec(game)}")
    try:
        game = game or rules.parse(manifest["game"])
    except ValueError as error:
        raise ShardError(f"{path}: {error}") from None
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ShardError(f"{path}: cannot be read ({error.strerror})") from None
    if hashlib.sha256(data).hexdigest() != manifest["sha256"]:
        raise ShardError(
            f"{path}: does not agree with its manifest ({len(data)} bytes, {manifest.get('bytes')} "
            "written): truncated or altered"
        )
    try:
        return unpack(data, game)[0]
    except ShardError as error:
        raise ShardError(f"{path}: {error}") from None


def shard_paths(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the .npz files of a folder in order of their names."""
    return sorted(Path(folder).glob("*.npz"))


def set_aside(path: Path) -> None:
    """Move a shard that cannot be used, and its manifest, out of the way; nothing is deleted."""
    (path.parent / SET_ASIDE).mkdir(exist_ok=True)
    for file in (path, path.with_suffix(".json")):
        if file.exists():
            file.replace(path.parent / SET_ASIDE / file.name)


class Folder(NamedTuple):
    """What a folder of shards holds."""

    game: Any
    games: Games
    bad: list[str]  # one line for each shard that could not be used


def read_folder(folder: str | os.PathLike[str], game: Any = None) -> Folder:
    """Read all shards of a folder, leaving out bad ones; ValueError when there is none that can be read."""
    paths, parts, bad = shard_paths(folder), [], []
    for path in paths:
        try:
            parts.append(read_shard(path, game))
            game = game or rules.parse(read_manifest(path)["game"])
        except ShardError as error:
            bad.append(str(error))
    if not parts:
        reason = f": {bad[0]}" if bad else ", expected .npz shards as `alphazero selfplay` writes them"
        raise ValueError(f"{folder}: no games to read{reason}")
    return Folder(game, join(parts), bad)
