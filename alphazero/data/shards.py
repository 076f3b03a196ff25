"""Games on disk: a shard is a compressed .npz and, beside it, a .json manifest with its SHA-256.

The arrays are written first and the manifest last, each under a temporary name, flushed and renamed: a shard
counts only once its manifest is there and agrees. A reader names every shard that does not, sets it aside and
goes on. A right hash says who wrote a shard at most: what it holds is checked all the same, before compiled code
sees it (`alphazero.data.checks`).
"""

import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import games as rules
from alphazero.data.checks import check_games, check_range, check_values
from alphazero.data.games import OPENING, Games, arrays_of, columns_of, from_arrays, join
from alphazero.data.labels import COLUMNS, KINDS, Column, Row, kind_name
from alphazero.data.members import MAX_UNPACKED, Members, ShardError
from alphazero.files import read_regular, write_atomically
from alphazero.moments import during
from games.protocol import Game

__all__ = ["ShardError", "pack", "read_folder", "read_manifest", "read_shard", "unpack", "write_shard"]

FORMAT_VERSION = (
    3  # 2: starts of all games and no openings; games that were cut as ended by the rules; of searches only
)
READABLE = (2, FORMAT_VERSION)
SET_ASIDE = "set_aside"  # folder inside the shards' own, for those that cannot be read
MAX_MANIFEST = 2**16  # bytes
MAX_SPEC = 1000  # characters of a game with its rules


def pack(games: Games, extra: Mapping[str, np.ndarray] | None = None) -> bytes:
    """Return the arrays of the games, and any others of plain numbers by name, as a compressed .npz.

    The start of a game whose opening is known is left out: it is made again from the opening.
    """
    arrays = arrays_of(games)
    arrays["starts"] = games.starts[arrays["opening_plies"] < 0]
    arrays |= {f"_{name}": array for name, array in (extra or {}).items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def unpack(data: bytes, game: Game, finished: bool = True) -> tuple[Games, dict[str, np.ndarray]]:
    """Return what `pack` was given; ShardError when the bytes are something else, or no games that can be played.

    Games that are not `finished` are under way, and only beside those other arrays can be. They are plain numbers,
    whose meaning and range are the caller's to check.
    """
    try:
        members = Members(data)
        extra = set() if finished else {name for name in members.names if name.startswith("_")}
        kind = _kind_of(members.names - extra)
        games, knows_truncated = _read_games(members, game, kind, extra)
        games = check_games(game, games, finished, knows_truncated)
        # earlier versions kept the positions of all trees too: they are made again from the games
        wanted = sorted(name for name in extra if not name.startswith("_roots"))
        return games, {name[1:]: members.read_plain(name) for name in wanted}
    except ShardError as error:
        raise ShardError(f"not the arrays of games of {game.name} ({error})") from None


def _kind_of(names: set[str]) -> type:
    """Return the kind of labels of which all arrays are there, that with the most of them."""
    kinds = sorted(KINDS.values(), key=lambda kind: len(COLUMNS[kind]), reverse=True)
    return next(kind for kind in kinds if names.issuperset(COLUMNS[kind]))


# What these arrays say the number of.
MEASURES = {"lengths": Row.PLY, "opening_plies": Row.OPENING, "counts": Row.ENTRY}


def _read_games(members: Members, game: Game, kind: type, extra: set[str]) -> tuple[Games, bool]:
    """Return games whose values are in range, and whether they were written by a version that knows truncated ones.

    Each array is measured by those read before it.
    """
    is_new = "opening_plies" in members.names
    columns = columns_of(kind)
    if not is_new:
        columns = {name: column for name, column in columns.items() if name not in OPENING}
    members.expect({"starts", *columns, *extra})
    rows: dict[Row, int | None] = {Row.GAME: None, Row.PLY: None, Row.ENTRY: None, Row.OPENING: None}
    arrays: dict[str, np.ndarray] = {}
    for name in (name for name in MEASURES if name in columns):
        arrays[name] = _read(members, game, name, columns[name], rows)
        rows[Row.GAME] = len(arrays["lengths"])
        rows[MEASURES[name]] = int(np.maximum(arrays[name], 0).sum(dtype=np.int64))
    for name, column in columns.items():
        if name not in arrays:
            arrays[name] = _read(members, game, name, column, rows)
    if not is_new:
        arrays["opening_plies"] = np.full(len(arrays["lengths"]), -1, np.int32)
        arrays["opening_actions"] = np.zeros(0, np.int32)
    arrays["starts"] = _read_starts(members, game, arrays["opening_plies"] < 0)
    check_values(game, arrays, kind)
    if not is_new and arrays["ends"].max(initial=0) > 1:
        raise ShardError("ends of a version that wrote none")
    return from_arrays(arrays, kind), is_new


def _read_starts(members: Members, game: Game, given: np.ndarray) -> np.ndarray:
    """Return positions state_dtype[G]: those of the games that bool[G] says, which alone stand in the file."""
    size = len(given) * game.state_dtype.itemsize
    if size > MAX_UNPACKED:
        raise ShardError(
            f"the positions of {len(given):,} games take {size:,} bytes, more than {MAX_UNPACKED:,}"
        )
    starts = np.zeros(len(given), game.state_dtype)
    starts[given] = members.read("starts", game.state_dtype, (int(given.sum()),))
    return starts


def _read(
    members: Members, game: Game, name: str, column: Column, rows: Mapping[Row, int | None]
) -> np.ndarray:
    array = members.read(name, column.dtype, (rows[column.row], *column.shape))
    check_range(game, name, array)
    return array


def write_shard(folder: str | os.PathLike[str], name: str, game: Game, games: Games, **facts: Any) -> Path:
    """Write a shard `name`.npz with its manifest into a folder and return its path; `facts` go into the manifest.

    ValueError for games whose values no reader would accept, such as those of an evaluator that answered NaN.
    """
    folder = Path(folder)
    try:
        check_values(game, arrays_of(games), type(games.labels))
    except ShardError as error:
        raise ValueError(f"{folder / name}: games that cannot be stored: {error}") from None
    folder.mkdir(parents=True, exist_ok=True)
    data = pack(games)
    manifest = {
        "format_version": FORMAT_VERSION,
        "game": rules.spec(game),
        "labels": kind_name(games.labels),
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
        manifest = json.loads(read_regular(path.with_suffix(".json"), MAX_MANIFEST))
        if not isinstance(manifest, dict) or not all(
            isinstance(manifest.get(key), str) for key in ("sha256", "game")
        ):
            raise ValueError("no sha256 and game in it")
    except (OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ShardError(
            f"{path}: its manifest {path.with_suffix('.json').name} cannot be read ({reason})"
        ) from None
    if manifest.get("format_version") not in READABLE:
        raise ShardError(
            f"{path}: games in format {str(manifest.get('format_version'))[:40]}, this version reads "
            f"{' and '.join(map(str, READABLE))}: use the version of alphazero that wrote them, or play new ones"
        )
    return manifest


class Shard(NamedTuple):
    """What a shard holds."""

    game: Game
    games: Games


def open_shard(path: str | os.PathLike[str], game: Game | None = None) -> Shard:
    """Read a shard and its game; ShardError, naming the file, when it is damaged or, given `game`, of another one."""
    path = Path(path)
    manifest = read_manifest(path)
    game = _game_of(path, manifest) if game is None else _same_game(path, manifest, game)
    try:
        data = read_regular(path, MAX_UNPACKED)
    except OSError as error:
        raise ShardError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise ShardError(str(error)) from None
    if hashlib.sha256(data).hexdigest() != manifest["sha256"]:
        raise ShardError(
            f"{path}: does not agree with its manifest ({len(data)} bytes, {str(manifest.get('bytes'))[:20]} "
            "written): truncated or altered"
        )
    try:
        games = unpack(data, game)[0]
    except ShardError as error:
        raise ShardError(f"{path}: {error}") from None
    _compare(path, manifest, games)
    return Shard(game, games)


def read_shard(path: str | os.PathLike[str], game: Game | None = None) -> Games:
    """Return the games of a shard; ShardError as `open_shard` raises it."""
    return open_shard(path, game).games


def _game_of(path: Path, manifest: dict[str, Any]) -> Game:
    spec = manifest["game"]
    try:
        if len(spec) > MAX_SPEC:
            raise ValueError(f"games of {spec[:40]}..., {len(spec):,} characters")
        return rules.parse(spec)
    except (ValueError, RecursionError) as error:
        raise ShardError(f"{path}: {error}") from None


def _same_game(path: Path, manifest: dict[str, Any], game: Game) -> Game:
    if manifest["game"] != rules.spec(game):
        raise ShardError(f"{path}: games of {manifest['game'][:MAX_SPEC]}; expected {rules.spec(game)}")
    return game


def _compare(path: Path, manifest: dict[str, Any], games: Games) -> None:
    """Raise ShardError when a manifest says other numbers or labels than the games have."""
    found = {"games": games.num_games, "positions": games.num_positions, "labels": kind_name(games.labels)}
    for name, value in found.items():
        if manifest.get(name, value) != value:
            raise ShardError(
                f"{path}: does not agree with its manifest ({name}: {value}, {str(manifest[name])[:40]} written)"
            )


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

    game: Game
    games: Games
    bad: list[str]  # one line for each shard that could not be used


def read_folder(folder: str | os.PathLike[str], game: Game | None = None) -> Folder:
    """Read all shards of a folder, leaving out bad ones; ValueError when there is none that can be read."""
    parts, bad = [], []
    for shard in each_shard(folder, game):
        if isinstance(shard, str):
            bad.append(shard)
        else:
            parts.append(shard)
    return Folder(parts[0].game, join(part.games for part in parts), bad)


def each_shard(folder: str | os.PathLike[str], game: Game | None = None) -> Iterator[Shard | str]:
    """Yield the shards of a folder in order of their names, and one line for each that cannot be used.

    All are of one game, that of the first unless it is given. ValueError at the end when there was none to read.
    """
    first_problem, found = "", False
    for path in shard_paths(folder):
        try:
            shard = open_shard(path, game)
            game, found = shard.game, True
            yield shard
        except ShardError as error:
            first_problem = first_problem or str(error)
            yield str(error)
    if not found:
        reason = first_problem or "expected .npz shards as `alphazero selfplay` writes them"
        raise ValueError(f"{folder}: no games to read{': ' if first_problem else ', '}{reason}")
