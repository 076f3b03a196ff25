"""What a run shows fits the terminal, bar and table, and is the table alone where there is no terminal."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import pty
import re
import struct
import sys
import termios
import threading
from collections.abc import Iterator

import pytest

from alphazero.arena.rating import Interval
from alphazero.methods import training
from alphazero.methods.expert_iteration import ExpertIteration
from alphazero.methods.imitation import Imitation
from alphazero.run import display, run
from alphazero.run.display import BEFORE, Display, header, in_short
from tests.methods.test_imitation import config as imitation_config
from tests.methods.test_imitation import expert_games
from tests.run.runs import config

__all__ = ["expert_games"]
COLUMNS = {"expert_iteration": ExpertIteration.columns, "imitation": Imitation.columns}
ROW = {
    "generation": 1234, "minutes": 1234.5, "games": 1234567, "positions": 123456789, "positions_per_second": 123456.0,
    "network_share": 1.0, "policy_loss": 10.123, "value_loss": 1.123, "game_length_mean": 1234.5,
    "held_out_policy_loss": 10.123, "held_out_value_loss": 1.123, "held_out_accuracy": 0.999,
}  # fmt: skip
ELO = Interval(-1234.0, -2720.0, 252.0)


class Screen:
    """A terminal of so many columns that scrolls for ever: its lines, and what went wrong."""

    def __init__(self, columns: int):
        self.columns = columns
        self.lines, self.row, self.column = [""], 0, 0
        self.wrapped: list[str] = []  # lines that were too long
        self.said: set[str] = set()  # all that was written at once, bars without their blocks
        self.most_bars = 0  # that were seen at once

    def feed(self, text: str) -> None:
        for part in re.findall(r"\x1b\[A|[\r\n]|[^\r\n\x1b]+", text):
            if part == "\n":
                self.row, self.lines = (
                    self.row + 1,
                    [*self.lines, *([""] if self.row + 1 == len(self.lines) else [])],
                )
            elif part == "\x1b[A":
                self.row -= 1
            elif part == "\r":
                self.column = 0
            else:
                self._put(part)

    def _put(self, text: str) -> None:
        if self.column + len(text) > self.columns:
            self.wrapped.append(text)
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + text + line[self.column + len(text) :]
        self.column += len(text)
        seen = [line for line in self.lines if "|" in line]
        self.most_bars = max(self.most_bars, len(seen))
        self.said.add(re.sub(r"\|.*\|", "|", text).strip())

    @property
    def left(self) -> list[str]:
        return [line.rstrip() for line in self.lines if line.strip()]


@contextlib.contextmanager
def terminal(columns: int, encoding: str = "utf-8") -> Iterator[Screen]:
    """Let stdout and stderr be a terminal of so many columns inside; afterwards the screen has what came of it."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    screen, written = Screen(columns), bytearray()

    def read() -> None:
        with contextlib.suppress(OSError):  # the other end is closed
            while data := os.read(leader, 65536):
                written.extend(data)

    reader, streams = threading.Thread(target=read), (sys.stdout, sys.stderr)
    reader.start()
    sys.stdout, sys.stderr = (open(os.dup(follower), "w", encoding=encoding, buffering=1) for _ in range(2))
    try:
        yield screen
    finally:
        opened, (sys.stdout, sys.stderr) = (sys.stdout, sys.stderr), streams
        for stream in opened:
            stream.close()
        os.close(follower)
        reader.join(10)
        os.close(leader)
        screen.feed(written.decode(encoding))


def begin(method: str, folder, games, **changes) -> None:
    settings = imitation_config(games, **changes) if method == "imitation" else config(**changes)
    training.train(settings, folder / "run", progress=True)


@pytest.mark.parametrize("method", sorted(COLUMNS))
@pytest.mark.parametrize("columns", [80, 60])
def test_a_whole_run_fits_a_terminal_with_one_bar_at_a_time(
    tmp_path, expert_games, method, columns, monkeypatch
):
    monkeypatch.setattr(run, "REFRESH_SECONDS", 0.0)
    with terminal(columns) as screen:
        begin(method, tmp_path, expert_games)
    assert screen.wrapped == [] and screen.most_bars == 1
    texts = {re.sub(r"[\d.]+", "N", text) for text in screen.said if "|" in text}
    phases = {"gen N: training N/N", "rating", "rating N/N", "last match", "last match N/N"}
    assert phases <= {re.sub(r" +N%.*", "", text) for text in texts}
    assert all(re.search(r"N%\| N/N gen, (N:N|\?) left$", text) for text in texts), texts  # nothing is cut
    assert not any("|" in line for line in screen.left), "a bar was left behind"
    assert re.search(r"  [+-]\d+ ±\d+$", screen.left[-2]) and "Elo after generation" in screen.left[-1]


@pytest.mark.parametrize(("minutes", "generations", "whole"), [
    (1200.0, 0, "gen 1234: self-play 1000/1200  92%| 1100.0/1200 min"),
    (0.5, 0, "gen 1234: self-play 1000/1200 100%| 0.5/0.5 min"),
    (0.0, 40, "gen 1234: self-play 1000/1200  10%| 4/40 gen, ? left"),
    (0.0, 0, "gen 1234: self-play 1000/1200, 4 gen, 00:00"),
])  # fmt: skip
def test_the_bar_tells_how_far_the_run_is_and_is_whole_at_sixty_columns(minutes, generations, whole):
    with terminal(60) as screen:
        shown = Display(ExpertIteration.columns, minutes, generations, 0.0, 4)
        shown.phase("gen 1234: self-play 1000/1200", 1100.04)
        shown.write("a line")
        shown.close()
    assert whole in screen.said
    assert screen.wrapped == [] and screen.left[-1] == "a line"


@pytest.mark.parametrize("method", sorted(COLUMNS))
def test_into_a_file_goes_the_table_and_nothing_else(tmp_path, expert_games, method, capsys):
    begin(method, tmp_path, expert_games)
    out, err = capsys.readouterr()
    assert err == ""
    whole = header([*BEFORE, *COLUMNS[method]])
    lines = out.splitlines()
    assert lines[: len(whole)] == whole and "\r" not in out and "\x1b" not in out
    for line in lines[len(whole) :]:
        assert re.fullmatch(
            r" +\d+ +\d+\.\d( +[\d.%-]+)+(  [+-]\d+ ±\d+)?|      Elo after generation .*", line
        ), line


@pytest.mark.parametrize("method", sorted(COLUMNS))
@pytest.mark.parametrize("room", [120, 80, 60, 40, 20])
def test_the_table_fits_with_the_largest_numbers_and_keeps_what_it_can(method, room, monkeypatch, capsys):
    monkeypatch.setattr(display, "columns_of", lambda stream: room)
    shown = Display(COLUMNS[method], 0.0, 5, 0.0, 0)
    shown.generation(ROW, ELO)
    shown.close()
    assert max(map(len, capsys.readouterr().out.splitlines())) <= room
    assert shown.columns[0].name == "generation"
    if room >= 80:
        assert shown.columns == [*BEFORE, *COLUMNS[method]]
    elif room >= 60:
        assert {"policy_loss", "value_loss"} <= {column.name for column in shown.columns}


def test_groups_of_columns_have_their_name_above_them():
    assert header([*BEFORE, *Imitation.columns]) == [
        "            learned from held out",
        " gen    min policy value policy value moves  Elo",
    ]
    assert len(header([*BEFORE, *ExpertIteration.columns])) == 1


def test_a_rating_in_short_has_half_its_interval_in_characters_that_can_be_written(monkeypatch):
    assert in_short(Interval(1014.6, -471.0, 2500.0)) == "+1015 ±1486"
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert in_short(ELO) == "-1234 +-1486"
    assert display.can_write("1") and not display.can_write("±")
