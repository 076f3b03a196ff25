"""What others take of this machine's cores, from readings that are made up."""

import threading
import time

import pytest

from alphazero.commands import doctor as command
from alphazero.run import busy
from tests.test_cli import run


class Clocks:
    """Time as the threads see it: every block takes a thread `wall` seconds, of which it has a core for `cpu`."""

    def __init__(self, wall: float, cpu: float):
        self.wall, self.cpu = wall, cpu
        self.own, self.barrier = threading.local(), threading.Lock()
        self.latest = 0.0

    def sha256(self, _: bytes) -> None:
        time.sleep(0.001)  # so that every thread has its own task
        self.own.blocks = getattr(self.own, "blocks", 0) + 1
        with self.barrier:
            self.latest = max(self.latest, self.own.blocks * self.wall)

    def monotonic(self) -> float:
        if threading.current_thread() is threading.main_thread():
            return self.latest
        return getattr(self.own, "blocks", 0) * self.wall

    def thread_time(self) -> float:
        return getattr(self.own, "blocks", 0) * self.cpu


@pytest.mark.parametrize(
    ("cores", "cpu", "others"), [(1, 1.0, 0.0), (4, 0.75, 0.25), (2, 0.5, 0.5), (3, 1.5, 0.0)]
)
def test_what_threads_do_not_get_went_to_others(monkeypatch, cores, cpu, others):
    clocks = Clocks(0.01, 0.01 * cpu)
    monkeypatch.setattr(busy, "num_cores", lambda: cores)
    monkeypatch.setattr(busy.hashlib, "sha256", clocks.sha256)
    for name in ("monotonic", "thread_time"):
        monkeypatch.setattr(busy.time, name, getattr(clocks, name))
    assert busy.share_of_others(1.0) == pytest.approx(others, abs=0.02)


def test_one_thread_of_this_machine_gets_no_more_than_there_is():
    start = time.monotonic()
    assert 0.0 <= busy.share_of_others(0.05) < 1.0
    assert time.monotonic() - start < 5.0


def test_a_little_is_not_said():
    assert busy.busy_text(0.09) == ""
    assert busy.busy_text(0.333) == "this machine is busy: 33% of the cores went to others"


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.4, "this machine is busy: 40% of the cores went to others"),
        (0.0, "this machine is free: 100% of the cores are there for alphazero"),
    ],
)
def test_the_doctor_says_so_without_a_run_too(monkeypatch, capsys, share, said):
    monkeypatch.setattr(busy, "share_of_others", lambda: share)
    assert run(capsys, "doctor") == (0, said + "\n", "")
    assert command.FOUND == 1
