"""Shards on disk: what is written is read back, and nothing else is taken for it."""

import errno
import json

import numpy as np
import pytest

import games
from alphazero.data import shards
from alphazero.data.games import arrays_of, from_arrays
from alphazero.data.labels import SearchLabels
from alphazero.data.loading import load_games
from alphazero.data.shards import ShardError, pack, read_folder, read_shard, unpack, write_shard
from tests.selfplay.helpers import legal_games, same, worker


@pytest.fixture
def shard(tmp_path, tic_tac_toe):
    """Return the path of a good shard and its games."""
    stored = legal_games(tic_tac_toe, 5)
    return write_shard(tmp_path / "games", "shard-000000", tic_tac_toe, stored, seed=3), stored


def one_line(error: pytest.ExceptionInfo) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def test_games_come_back_as_they_were_written(shard, tic_tac_toe):
    path, stored = shard
    assert same(read_shard(path, tic_tac_toe), stored)
    assert same(read_shard(path), stored)


def test_the_manifest_says_what_the_shard_holds(shard):
    path, stored = shard
    manifest = json.loads(path.with_suffix(".json").read_text())
    assert manifest["game"] == "tic_tac_toe" and manifest["seed"] == 3
    found = (manifest["games"], manifest["positions"], manifest["bytes"], manifest["labels"])
    assert found == (5, stored.num_positions, path.stat().st_size, "search")
    assert stored.num_games == 5 and stored.num_positions > 10


def test_no_position_stands_in_a_shard_whose_openings_are_known(shard, tic_tac_toe):
    path, stored = shard
    assert (stored.openings.plies > 0).any()
    with np.load(path) as arrays:
        assert (
            len(arrays["starts"]) == 0 and arrays["opening_plies"].tolist() == stored.openings.plies.tolist()
        )


def test_only_the_shard_and_its_manifest_stay_in_the_folder(shard):
    path, _ = shard
    assert sorted(file.name for file in path.parent.iterdir()) == ["shard-000000.json", "shard-000000.npz"]


def test_a_truncated_shard_is_refused(shard):
    path, _ = shard
    data = path.read_bytes()
    for size in (0, 1, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:size])
        with pytest.raises(ShardError, match="truncated or altered") as error:
            read_shard(path)
        assert str(path) in one_line(error)


def test_a_shard_with_one_altered_byte_is_refused(shard):
    path, _ = shard
    data = bytearray(path.read_bytes())
    for place in np.random.default_rng(0).integers(len(data), size=40):
        data[place] ^= 1
        path.write_bytes(data)
        with pytest.raises(ShardError, match="truncated or altered"):
            read_shard(path)
        data[place] ^= 1
    path.write_bytes(data)
    read_shard(path)


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", "3", '{"sha256": "x"}', '{"sha256": 1, "game": 2}', "\udcff"]
)
def test_a_shard_without_a_readable_manifest_does_not_count(shard, text):
    path, _ = shard
    path.with_suffix(".json").unlink()
    if text is not None:
        path.with_suffix(".json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ShardError, match="manifest shard-000000.json cannot be read") as error:
        read_shard(path)
    assert str(path) in one_line(error)
    with pytest.raises(ValueError, match="no games to read"):
        read_folder(path.parent)


def test_games_of_another_game_or_size_are_refused(shard):
    path, _ = shard
    with pytest.raises(ShardError, match="games of tic_tac_toe; expected gomoku") as error:
        read_shard(path, games.parse("gomoku:rows=5,cols=5"))
    assert str(path) in one_line(error)


def test_a_manifest_of_an_unknown_game_is_named(shard):
    path, _ = shard
    manifest = path.with_suffix(".json")
    manifest.write_text(manifest.read_text().replace("tic_tac_toe", "tic_tac_tow"))
    with pytest.raises(ValueError, match="no games to read: .*tic_tac_tow"):
        read_folder(path.parent)


def test_bytes_that_are_damaged_give_the_games_or_a_shard_error(tic_tac_toe):
    play = worker(tic_tac_toe, random_opening_plies=2)
    play.play(3)
    stored, extra = play.state()
    data = pack(stored, extra)
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(300):
        damaged = bytearray(data[: rng.integers(len(data))] if rng.random() < 0.2 else data)
        for place in rng.integers(len(damaged) or 1, size=rng.integers(1, 4)) if damaged else ():
            damaged[place] = rng.integers(256)
        try:
            found, others = unpack(bytes(damaged), tic_tac_toe, finished=False)
            assert same(found, stored) and others.keys() == extra.keys()
            assert all((others[name] == extra[name]).all() for name in extra)
        except ShardError:
            refused += 1
    assert refused > 200


@pytest.mark.parametrize("data", [b"", b"PK", b"\x93NUMPY\x01\x00", b"\x80\x04.", np.arange(3).tobytes()])
def test_bytes_of_something_else_are_refused(tic_tac_toe, data):
    with pytest.raises(ShardError, match="not the arrays of games"):
        unpack(data, tic_tac_toe)


def test_an_npz_with_other_arrays_is_refused(tmp_path, tic_tac_toe):
    np.savez(tmp_path / "other.npz", actions=np.arange(3))
    with pytest.raises(ShardError, match="not the arrays of games"):
        unpack((tmp_path / "other.npz").read_bytes(), tic_tac_toe)


@pytest.mark.parametrize("name, change", [
    ("actions", lambda array: array[:-1]),
    ("actions", lambda array: array.astype(np.int64)),
    ("lowest", lambda array: array.reshape(-1)),
    ("starts", lambda array: np.zeros(len(array), np.int64)),
    ("policy_weights", lambda array: np.append(array, array)),
])  # fmt: skip
def test_arrays_that_do_not_fit_together_are_refused(tic_tac_toe, name, change):
    stored = legal_games(tic_tac_toe, 3)
    arrays = arrays_of(stored)
    data = pack(from_arrays(arrays | {name: change(arrays[name])}, SearchLabels))
    with pytest.raises(ShardError, match="not the arrays of games of tic_tac_toe"):
        unpack(data, tic_tac_toe)


def test_positions_come_back_as_the_records_that_compiled_code_knows(shard, tic_tac_toe):
    path, _ = shard
    for found in (read_shard(path), read_folder(path.parent).games):
        assert found.starts.dtype.isalignedstruct and found.starts.dtype == tic_tac_toe.state_dtype


def test_a_bad_shard_is_left_out_and_named_and_the_others_are_read(tmp_path, tic_tac_toe):
    parts = [legal_games(tic_tac_toe, 2, seed=seed) for seed in range(3)]
    paths = [write_shard(tmp_path, f"shard-{index}", tic_tac_toe, part) for index, part in enumerate(parts)]
    paths[1].write_bytes(paths[1].read_bytes()[:-10])
    game, found, bad = read_folder(tmp_path)
    assert game == tic_tac_toe
    assert same(found, shards.join([parts[0], parts[2]]))
    assert len(bad) == 1 and str(paths[1]) in bad[0]


def test_a_crash_before_the_manifest_leaves_a_shard_that_does_not_count(tmp_path, tic_tac_toe, monkeypatch):
    first = legal_games(tic_tac_toe, 2)
    write_shard(tmp_path, "shard-0", tic_tac_toe, first)
    write = shards.write_atomically

    def crash(path, data):
        if path.suffix == ".json":
            raise KeyboardInterrupt
        write(path, data)

    monkeypatch.setattr(shards, "write_atomically", crash)
    with pytest.raises(KeyboardInterrupt):
        write_shard(tmp_path, "shard-1", tic_tac_toe, legal_games(tic_tac_toe, 1))
    assert (tmp_path / "shard-1.npz").exists()
    _, found, bad = read_folder(tmp_path)
    assert same(found, first)
    assert len(bad) == 1 and "shard-1.npz" in bad[0]


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_part_of_the_new_one(tmp_path, monkeypatch, call):
    from alphazero import files

    path = tmp_path / "file"
    files.write_atomically(path, b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    class FullFile:
        """A file object on a full disk."""

        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def fileno(self):
            return self.file.fileno()

        write = full

    if call == "write":
        real = files.os.fdopen
        monkeypatch.setattr(files.os, "fdopen", lambda *arguments: FullFile(real(*arguments)))
    else:
        monkeypatch.setattr(files.os, call, full)
    with pytest.raises(OSError) as error:
        files.write_atomically(path, b"new")
    assert (error.value.errno, error.value.filename) == (errno.ENOSPC, str(path))
    assert path.read_bytes() == b"old" and [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_shard_that_is_set_aside_is_moved_with_its_manifest_and_not_deleted(shard):
    path, stored = shard
    shards.set_aside(path)
    assert shards.shard_paths(path.parent) == []
    assert same(read_shard(path.parent / shards.SET_ASIDE / path.name), stored)
    shards.set_aside(path)  # once more: nothing to move


def test_a_folder_without_games_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no games to read, expected .npz shards"):
        load_games(tmp_path)
