"""What compiling took, and who is told."""

import threading
import time
from typing import NamedTuple

import numba
import pytest

from games import make
from games.compile_time import Compilation, compile_seconds, on_compile


@pytest.fixture
def told():
    """Return the list of what was told while the test runs."""
    heard: list[Compilation] = []
    forget = on_compile(heard.append)
    yield heard
    forget()


class Rules(NamedTuple):
    """No game, but something with numbers."""

    size: int


def nothing():
    """Do nothing; a test says how that is compiled."""


def kernels():
    """Return two new kernels, of which the first calls the second."""

    @numba.njit
    def inner(x):
        return x + 1

    @numba.njit
    def outer(x):
        return inner(x) + inner(x)

    return outer, inner


def test_only_the_kernel_that_is_called_is_told_at_its_beginning_and_its_end(told):
    outer, inner = kernels()
    outer(1)
    inner(1)  # has been compiled with the other
    assert [compilation.kernel for compilation in told] == ["kernels.<locals>.outer"] * 2
    begun, ended = told
    assert begun.number == ended.number and begun.game is None is begun.seconds
    inner(1.0)
    assert told[-1].number == begun.number + 1


def test_seconds_are_those_of_the_clock_and_only_of_compiling(told):
    outer, _ = kernels()
    compiled, started = compile_seconds(), time.perf_counter()
    time.sleep(0.05)
    outer(1)
    seconds = compile_seconds() - compiled
    assert 0 < seconds <= time.perf_counter() - started - 0.05
    assert seconds == pytest.approx(told[-1].seconds)
    outer(2)
    assert compile_seconds() - compiled == seconds


def test_what_is_being_compiled_counts_already_and_an_error_of_a_listener_stops_nothing():
    outer, _ = kernels()
    seen = []

    def look(compilation):
        seen.append(compile_seconds())
        raise RuntimeError

    forget = on_compile(look)
    assert outer(1) == 4
    forget()
    forget()
    kernels()[0](1)
    assert len(seen) == 2 and seen[0] < seen[1] <= compile_seconds()

    @numba.extending.overload(nothing)
    def compile_slowly():
        seen.extend([compile_seconds(), time.sleep(0.02), compile_seconds()])
        return lambda: None

    numba.njit(lambda: nothing())()
    assert seen[-1] - seen[-3] >= 0.02


def test_a_kernel_that_cannot_be_compiled_ends_too(told):
    @numba.njit
    def wrong(x):
        return x.nothing

    before = compile_seconds()
    with pytest.raises(numba.TypingError):
        wrong(1)
    assert [compilation.seconds is None for compilation in told] == [True, False]
    after = compile_seconds()
    time.sleep(0.01)
    assert before < after == compile_seconds()


def test_threads_that_wait_for_each_other_count_once(told):
    ready = [kernels()[0] for _ in range(4)]
    compiled, started = compile_seconds(), time.perf_counter()
    threads = [threading.Thread(target=outer, args=(1,)) for outer in ready]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({compilation.number for compilation in told}) == 4
    assert compile_seconds() - compiled <= time.perf_counter() - started


@pytest.mark.parametrize("name", ["hex", "factored-breakthrough"])
def test_the_game_is_told_by_its_name(told, name):
    game = make(name)

    @numba.njit
    def first(rules, game, state):
        return game.to_move(state)

    first(Rules(1), game, game.initial_state())
    assert told[-1].game == name
