"""What is said while code is compiled: nothing else, only then, and how far it is."""

import io
import time

from alphazero.terminal import compiling
from games.compile_time import Compilation


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Kernels:
    """Stands for what compiles: tells whoever listens."""

    def __init__(self, monkeypatch):
        self.listeners, self.count = [], 0
        monkeypatch.setattr(compiling, "on_compile", self.listen)
        monkeypatch.setattr(compiling, "LOOK_SECONDS", 0.01)

    def listen(self, listener):
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def compile(self, kernel: str, seconds: float) -> None:
        self.count += 1
        begun = Compilation(self.count, kernel, "connect_four", None)
        for listener in self.listeners:
            listener(begun)
        time.sleep(seconds)
        for listener in self.listeners:
            listener(begun._replace(seconds=seconds))


def test_a_search_that_is_merely_long_is_no_compiling(monkeypatch):
    out, _ = io.StringIO(), Kernels(monkeypatch)
    with compiling.telling_compilation(out, 0.02):
        time.sleep(0.2)
    assert out.getvalue() == ""


def test_what_is_compiled_is_named_with_how_much_is_done_once_it_takes_long(monkeypatch):
    out, kernels = io.StringIO(), Kernels(monkeypatch)
    with compiling.telling_compilation(out, 0.1):
        kernels.compile("quick", 0.01)
        kernels.compile("run_tree", 0.3)
    assert (
        out.getvalue()
        == "(compiling run_tree for connect_four, once after every installation: 1 done, 0 s)\n"
    )


def test_compiling_that_is_over_soon_is_not_mentioned_however_often_it_happens(monkeypatch):
    monkeypatch.setattr(compiling, "PAUSE_SECONDS", 0.05)
    out, kernels = io.StringIO(), Kernels(monkeypatch)
    with compiling.telling_compilation(out, 0.3):
        for _ in range(6):
            kernels.compile("quick", 0.06)
            time.sleep(0.08)
    assert out.getvalue() == ""


def test_where_lines_stay_another_comes_only_now_and_then(monkeypatch):
    monkeypatch.setattr(compiling, "LINE_SECONDS", 0.2)
    out, kernels = io.StringIO(), Kernels(monkeypatch)
    with compiling.telling_compilation(out, 0.05):
        kernels.compile("slow", 0.5)
    assert 2 <= out.getvalue().count("\n") <= 4


def test_on_a_terminal_the_line_is_gone_before_anything_else_is_said(monkeypatch):
    out, kernels = Terminal(), Kernels(monkeypatch)
    with compiling.telling_compilation(out, 0.02):
        kernels.compile("slow", 0.2)
        text = out.getvalue()
    lines = text.split("\r")
    assert "compiling slow for connect_four" in text and "\n" not in text
    assert lines[-1] == "" and set(lines[-2]) == {" "} and len(lines[-2]) >= len(lines[-3])


def test_a_process_without_an_error_stream_is_told_nothing():
    with compiling.telling_compilation(None):
        pass
