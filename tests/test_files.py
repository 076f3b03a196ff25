"""Files are read only where they are files, and never more of them than expected."""

import os
import socket
from pathlib import Path

import pytest

from alphazero.files import read_regular


def test_a_file_is_read_whole_through_a_link_too(tmp_path):
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(b"abc\n\0")
    link.symlink_to(path)
    assert read_regular(path) == read_regular(str(link), 5) == read_regular(path, links=False) == b"abc\n\0"


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/random", "/dev/tty"])
def test_a_device_is_refused_by_one_line_without_being_read(tmp_path, device):
    link = tmp_path / "link"
    link.symlink_to(device)
    for path in (Path(device), link):
        with pytest.raises((ValueError, OSError)) as error:
            read_regular(path)
        assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_pipe_or_socket_that_nobody_writes_is_refused_at_once(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)  # a socket's name must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for name in ("pipe", "socket"):
            with pytest.raises(ValueError, match=f"{name}: a device, pipe or socket, expected a file"):
                read_regular(name)


def test_a_file_of_more_bytes_than_allowed_is_refused_before_they_are_read(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(10**12)  # a file of holes: it takes no room on the disk, but all memory when it is read
    with pytest.raises(ValueError, match="large: 1,000,000,000,000 bytes, expected at most 1,000"):
        read_regular(path, 1000)


def test_a_link_is_refused_where_only_files_themselves_may_stand(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(ValueError, match="link: a symbolic link"):
        read_regular(tmp_path / "link", links=False)


def test_missing_files_and_folders_are_os_errors(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path)
