"""Compiled code in several processes: games that are edited or gone, records of several sizes."""

import ast
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from games import kernel

ROOT = Path(kernel.__file__).parent.parent

DRIVER = """
from games.contract_view import compiled_view
from tests.games.nim import Nim
from half_game import Half
game = Half(Nim(2, 2))
print(compiled_view(game, game.initial_state(), 0).outcome)
"""
HALF = '''
from typing import Any, NamedTuple
from games.game import game_class, njit
@game_class("half")
class Half(NamedTuple):
    """A game in the making: only its outcome is its own."""
    game: Any
    planes = num_actions = max_plies = 1
    board_shape, policy_shape = (1, 1), (1,)
    state_dtype = property(lambda self: self.game.state_dtype)
    action_name = state_text = parse_state = None
    @njit
    def reset(self, state): self.game.reset(state)
    @njit
    def legal_actions(self, state, out): return 0
    @njit
    def play(self, state, action): pass
    @njit
    def is_over(self, state): return True
    @njit
    def outcome(self, state): return {outcome}
    @njit
    def to_move(self, state): return 0
    @njit
    def encode(self, state, planes): pass
    @njit
    def position_hash(self, state): return 0
    @njit
    def input_hash(self, state): return 0
'''


def test_an_edited_game_that_is_not_registered_does_not_run_as_it_was(tmp_path, monkeypatch):
    """Its kernels are part of the compiled driver of another file, which numba would load from the cache."""
    printed = []
    for outcome in (1, -1):
        (tmp_path / "half_game.py").write_text(HALF.format(outcome=outcome))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        code = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(tmp_path)!r}]\n" + DRIVER
        done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout.strip())
    assert printed == ["1", "-1"]


def test_compiled_code_of_a_game_that_is_gone_does_not_stop_other_games(tmp_path):
    script = textwrap.dedent("""
        import sys
        import numba
        from games import kernel
        numba.config.CACHE_DIR = sys.argv[1]
        sys.path.insert(0, sys.argv[2])
        from shared import double
        if len(sys.argv) > 3:
            from passing import Passing
            print(double(Passing(3)))
        print(double((4,)))
        """)
    (tmp_path / "shared.py").write_text(
        "from games.kernel import njit\n@njit\ndef double(rules):\n    return 2 * rules[0]\n"
    )
    passing = tmp_path / "passing.py"
    passing.write_text("from typing import NamedTuple\nclass Passing(NamedTuple):\n    size: int\n")
    command = [sys.executable, "-c", script, str(tmp_path / "cache"), str(tmp_path)]
    assert subprocess.run([*command, "with"], capture_output=True, text=True, check=True).stdout.split() == [
        "6",
        "8",
    ]
    passing.unlink()
    shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.stdout.split() == ["8"], again.stderr


NAMES_OF_RECORDS = """
import sys
import numpy as np
import games.kernel
from numba import from_dtype
from numba.core.itanium_mangler import mangle_type
dtypes = {"small": np.dtype([("a", "i8")]), "large": np.dtype([("a", "i8", 9), ("b", "u1")])}
print([mangle_type(from_dtype(dtypes[name])[::1]) for name in sys.argv[1:]])
"""


def test_compiled_functions_of_a_record_have_the_same_name_in_every_process_and_another_for_another_record():
    """Otherwise functions that two processes put into the cache call each other's helpers in a third."""

    def names(*order: str) -> list[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", NAMES_OF_RECORDS, *order],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return ast.literal_eval(done.stdout)

    small, large = names("small", "large")
    assert small != large and names("large", "small") == [large, small] and names("large") == [large]


@pytest.mark.slow
def test_two_sizes_of_a_state_compiled_by_two_processes_do_not_meet_in_a_third(tmp_path):
    code = textwrap.dedent("""
        import sys
        import numpy as np
        import games
        for spec in sys.argv[1:]:
            game = games.parse(spec)
            state = game.initial_state()
            for move in "e4 e5 Nf3 Nc6 Bb5 a6".split():
                game.play(state, game.parse_action(state, move))
            planes = np.zeros((game.planes, 8, 8), np.float32)
            game.encode(state, planes)
            print(spec, planes.sum(axis=(1, 2)).tolist(), game.input_hash(state))
        """)

    def lines(*specs: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", code, *specs],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path)},
        )
        return done.stdout.splitlines()

    long, short = lines("chess:history=8"), lines("chess:history=2")
    assert lines("chess:history=2", "chess:history=8") == short + long
