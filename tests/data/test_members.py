"""Arrays of a file are measured before they are unpacked, and nothing but what was asked for is."""

import hashlib
import io
import json
import os
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

import games
from alphazero.data.loading import load_games
from alphazero.data.members import MAX_UNPACKED, Members
from alphazero.data.shards import (
    ShardError,
    pack,
    read_folder,
    read_manifest,
    read_shard,
    unpack,
    write_shard,
)
from tests.selfplay.helpers import legal_games, same
from tools.forge import HEADERS, npy


@pytest.fixture(scope="module")
def stored(tic_tac_toe):
    return legal_games(tic_tac_toe, 6, seed=2)


def with_members(stored, changes: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a shard with some members written over or added."""
    new = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(pack(stored))) as old, zipfile.ZipFile(new, "w", compression) as zipped:
        for name in old.namelist():
            zipped.writestr(name, changes.get(name, old.read(name)))
        for name in changes.keys() - set(old.namelist()):
            zipped.writestr(name, changes[name])
    return new.getvalue()


def write(folder, data: bytes, **manifest) -> None:
    """Write a shard of right hash."""
    digest = hashlib.sha256(data).hexdigest()
    (folder / "forged.npz").write_bytes(data)
    (folder / "forged.json").write_text(
        json.dumps({"format_version": 3, "game": "tic_tac_toe", "sha256": digest, **manifest})
    )


def refused(folder, message: str) -> None:
    """Assert that the shard is named in one line, and that the good one beside it is read."""
    with pytest.raises(ShardError, match=message) as error:
        read_shard(folder / "forged.npz")
    assert "\n" not in str(error.value) and len(str(error.value)) < 600
    bad = load_games(folder).bad_shards
    assert len(bad) == 1 and str(folder / "forged.npz") in bad[0]


@pytest.fixture
def folder(tmp_path, tic_tac_toe, stored):
    """Return a folder with a good shard."""
    write_shard(tmp_path, "good", tic_tac_toe, stored)
    return tmp_path


@pytest.mark.parametrize("header", HEADERS, ids=lambda text: text[:60])
@pytest.mark.parametrize("name", ["lengths", "starts", "policy_weights"])
def test_headers_that_lie_are_refused(folder, stored, header, name):
    write(folder, with_members(stored, {f"{name}.npy": npy(header)}))
    refused(folder, f"not the arrays of games of tic_tac_toe \\({name}")


@pytest.mark.parametrize("changes, message", [
    ({"lengths.npy": b"no array"}, "lengths: ValueError"),
    ({"lengths.npy": b""}, "lengths: ValueError"),
    ({"values.npy": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }") + bytes(12)}, "values is float32"),
    ({"extra.npy": b""}, "extra is no array of theirs"),
    ({"notes.txt": b""}, "a member 'notes.txt' is no array of theirs"),
    ({"../../x.npy": b""}, "is no array of theirs"),
    ({"log_probs.npy": b""}, "log_probs is no array of theirs"),
])  # fmt: skip
def test_members_that_are_no_arrays_or_that_nobody_knows_are_refused(folder, stored, changes, message):
    write(folder, with_members(stored, changes))
    refused(folder, message)


def test_bytes_behind_or_missing_at_the_end_of_an_array_are_refused(folder, stored):
    with zipfile.ZipFile(io.BytesIO(pack(stored))) as zipped:
        data = zipped.read("actions.npy")
    for wrong in (data + b"\0", data[:-1]):
        write(folder, with_members(stored, {"actions.npy": wrong}))
        refused(folder, "actions has .* bytes, not")


def test_a_member_that_is_there_twice_is_refused(folder, stored):
    data = io.BytesIO(pack(stored))
    with zipfile.ZipFile(data) as zipped:
        actions = zipped.read("actions.npy")
    with zipfile.ZipFile(data, "a") as zipped, pytest.warns(UserWarning, match="Duplicate name"):
        zipped.writestr("actions.npy", actions)
    write(folder, data.getvalue())
    refused(folder, "actions.npy is there twice")


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_to_compress_are_refused(folder, stored, compression):
    write(folder, with_members(stored, {}, compression))
    refused(folder, "compressed in a way that NumPy does not use")


def test_what_is_large_is_refused_and_not_unpacked(folder, stored):
    rows = 2**28
    header = npy(f"{{'descr': '<i4', 'fortran_order': False, 'shape': ({rows},), }}")
    bomb = header + bytes(3 * 2**24)
    for changes, message in (
        ({"extra.npy": bomb}, "extra is no array of theirs"),
        ({"lengths.npy": bomb}, "lengths has .* bytes, not"),
        ({"values.npy": bomb}, f"values is int32\\[{rows}\\], expected float32"),
        ({"lengths.npy": npy(header[10:].decode().replace(str(rows), str(MAX_UNPACKED)))}, "take more than"),
    ):
        write(folder, with_members(stored, changes))
        tracemalloc.start()
        began = time.perf_counter()
        refused(folder, message)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2e7 and time.perf_counter() - began < 5.0


def test_the_sizes_of_all_arrays_together_are_bounded(monkeypatch, stored):
    monkeypatch.setattr("alphazero.data.members.MAX_UNPACKED", 1000)
    members = Members(pack(stored))
    n = stored.num_positions
    members.read("actions", np.int32, (n,)), members.read("values", np.float32, (n,))
    with pytest.raises(ShardError, match="policy_actions and the others take more than 1,000 bytes"):
        for _ in range(10):
            members.read("policy_actions", np.int32, (None,))


def test_more_games_than_fit_the_memory_are_refused_before_their_positions_are_made(
    folder, stored, monkeypatch
):
    monkeypatch.setattr("alphazero.data.shards.MAX_UNPACKED", stored.starts.nbytes - 1)
    with pytest.raises(ShardError, match="the positions of 6 games take 144 bytes, more than 143"):
        unpack(pack(stored), games.make("tic_tac_toe"))


@pytest.mark.parametrize("manifest, message", [
    ({"games": 5}, r"does not agree with its manifest \(games: 6, 5 written\)"),
    ({"positions": 10**30}, r"does not agree with its manifest \(positions"),
    ({"labels": "policy"}, r"does not agree with its manifest \(labels: search, policy written\)"),
    ({"format_version": 4}, "games in format 4, this version reads 2 and 3"),
    ({"format_version": [[]]}, r"games in format \[\[\]\], this version reads"),
    ({"game": "factored-" * 1000 + "go"}, "games of factored-"),
    ({"game": "go:size=99"}, "size"),
    ({"game": "go:size=5"}, "not the arrays of games of go"),
    ({"sha256": 5}, "manifest forged.json cannot be read"),
])  # fmt: skip
def test_manifests_that_say_something_else_are_refused(folder, stored, manifest, message):
    write(folder, pack(stored), **manifest)
    refused(folder, message)


@pytest.mark.parametrize(
    "text", ["[" * 10**5, '{"a": ' * 10**4, "1" * 5000, "{" + " " * 2**20 + "}"], ids=len
)
def test_deep_and_large_manifests_are_refused(folder, stored, text):
    write(folder, pack(stored))
    (folder / "forged.json").write_text(text)
    refused(folder, "manifest forged.json cannot be read")


def test_a_pipe_a_device_and_a_folder_are_no_shards(folder, stored):
    write(folder, pack(stored))
    manifest = folder / "forged.json"
    text = manifest.read_text()
    for name, kind in (("forged.json", "manifest"), ("forged.npz", "shard")):
        (folder / name).unlink()
        os.mkfifo(folder / name)
        refused(folder, "a device, pipe or socket, expected a file")
        (folder / name).unlink()
        (folder / name).symlink_to("/dev/zero")
        refused(folder, "a device, pipe or socket, expected a file")
        (folder / name).unlink()
        (folder / name).mkdir()
        refused(folder, "cannot be read")
        (folder / name).rmdir()
        assert kind and (manifest.write_text(text) if name == "forged.json" else True)


def test_a_good_shard_is_read_whatever_stands_beside_it(folder, stored):
    write(folder, b"PK")
    (folder / "empty.npz").write_bytes(b"")
    found = read_folder(folder)
    assert same(found.games, stored) and len(found.bad) == 2
    assert read_manifest(folder / "good.npz")["labels"] == "search"
