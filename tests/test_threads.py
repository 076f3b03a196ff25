"""Tasks side by side: results in order, errors and interrupts after all have stopped, one thread of torch each."""

import threading
import time

import pytest
import torch

from alphazero import threads
from alphazero.threads import shares, side_by_side, use_threads


@pytest.fixture(autouse=True)
def two_threads():
    use_threads(2)
    yield
    use_threads(0)


def test_results_come_in_the_order_of_the_tasks():
    def task(number):
        return lambda _: (time.sleep(0.01 * (5 - number)), number)[1]

    assert side_by_side([task(number) for number in range(5)]) == list(range(5))


def test_no_more_tasks_run_at_once_than_there_are_threads():
    running, most, lock = [0], [0], threading.Lock()

    def task(_):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1

    side_by_side([task] * 6)
    assert most[0] == 2
    use_threads(1)
    most[0] = 0
    side_by_side([task] * 3)
    assert most[0] == 1


def test_torch_has_one_thread_in_a_task_and_as_many_as_before_outside():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert side_by_side([lambda _: torch.get_num_threads()] * 3) == [1, 1, 1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_an_error_is_raised_once_all_tasks_have_stopped():
    stopped = []

    def waits(is_stopped):
        end = time.monotonic() + 20
        while not is_stopped() and time.monotonic() < end:
            time.sleep(0.001)
        stopped.append(is_stopped())

    def fails(_):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        side_by_side([waits, fails])
    assert stopped == [True]


def test_what_the_watcher_raises_stops_the_tasks():
    stopped = []

    def waits(is_stopped):
        end = time.monotonic() + 20
        while not is_stopped() and time.monotonic() < end:
            time.sleep(0.001)
        stopped.append(is_stopped())

    def watch():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        side_by_side([waits, waits], watch)
    assert stopped == [True, True]


def test_tasks_of_a_task_run_in_its_own_thread():
    inner = side_by_side([lambda _: side_by_side([lambda _: threading.get_ident()] * 4)] * 2)
    assert all(len(set(found)) == 1 for found in inner)


def test_shares_differ_by_one_at_most():
    assert shares(7, 3) == [3, 2, 2] and shares(2, 3) == [1, 1, 0] and shares(0, 1) == [0]


def test_the_number_of_threads_is_that_of_the_cores_unless_said(monkeypatch):
    monkeypatch.setattr(threads, "num_cores", lambda: 5)
    use_threads(0)
    assert threads.num_threads() == 5
    use_threads(3)
    assert threads.num_threads() == 3
