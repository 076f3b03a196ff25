"""Files that a user names are read only where they are files: a device or pipe is refused in one line, at once."""

import os

import pytest

from alphazero import cli


@pytest.mark.parametrize(
    "command",
    [
        ["train"],
        ["match", "random", "random", "--game", "tic_tac_toe", "--openings"],
        ["accuracy", "tic_tac_toe", "--player", "random", "--positions"],
    ],
    ids=["settings", "openings", "positions"],
)
def test_a_device_or_pipe_in_place_of_a_file_is_one_line_and_is_not_read(tmp_path, capsys, command):
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    for path in (str(pipe), "/dev/zero"):
        assert cli.main([*command, path]) == 2
        error = capsys.readouterr().err
        assert error == f"alphazero: error: {path}: a device, pipe or socket, expected a file\n"
