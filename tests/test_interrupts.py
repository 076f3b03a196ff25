"""Ctrl-C ends every command with one line and status 130, once and twice in a row, at every moment."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

# A program that gets SIGINT, twice within 5 ms, so many seconds after a module begins to be imported.
PROGRAM = """
import os, signal, sys, threading, time
module, seconds = sys.argv[1], float(sys.argv[2])

def press():
    time.sleep(seconds)
    print("pressed", flush=True)
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.005)

def watch(event, arguments, thread=threading.Thread(target=press, daemon=True)):
    if event == "import" and arguments[0] == module and not thread.ident:
        thread.start()

sys.addaudithook(watch)
sys.argv = ["alphazero", *sys.argv[3:]]
from alphazero.cli import main
sys.exit(main())
"""
IN_A_CALLBACK = """
import ctypes, os, signal, time
from alphazero.interrupts import Interrupts

Interrupts(lambda: 130).install()
def callback():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.01)
try:
    ctypes.CFUNCTYPE(None)(callback)()
    time.sleep(5)
except KeyboardInterrupt:
    print("interrupted")
"""
AT_THE_EXIT = """
import atexit, os, signal, sys, time

def slow_exit():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)

atexit.register(slow_exit)
sys.argv = ["alphazero", "games"]
from alphazero.cli import main
sys.exit(main())
"""


def ended(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", *arguments], capture_output=True, text=True, timeout=100)


TRAIN = ("train", "tic_tac_toe", "run.minutes=1", "run.folder={}/runs/x", "device=cpu")
SEARCH = ("analyze", "connect_four", "--rollouts", "--simulations", "3000000")


@pytest.mark.parametrize(("module", "seconds", "command"), [
    ("torch", 0.0, TRAIN), ("torch", 0.3, TRAIN), ("numba", 0.1, SEARCH), ("alphazero.play.analysis", 1.5, SEARCH),
    ("alphazero.methods.training", 5.0, TRAIN),
])  # fmt: skip
def test_ctrl_c_twice_ends_a_command_with_one_line_whatever_it_does(tmp_path, module, seconds, command):
    done = ended(PROGRAM, module, str(seconds), *(word.format(tmp_path) for word in command))
    assert "pressed" in done.stdout
    assert done.returncode in (
        130,
        -signal.SIGINT,
    )  # the second may come when Python has let go of the signal
    assert done.stderr.count("\n") <= 1 and done.stderr in ("", "alphazero: interrupted\n")


def test_an_interrupt_within_a_callback_of_compiled_code_is_not_lost():
    done = ended(IN_A_CALLBACK)
    assert (done.stdout, done.stderr) == ("interrupted\n", "")


def test_an_interrupt_at_the_exit_ends_the_process_at_once_and_in_silence():
    done = ended(AT_THE_EXIT)
    assert done.returncode == 130 and done.stderr == "" and "connect_four" in done.stdout
