"""The cache of compiled code: another folder for other sources, and nobody else's folder."""

import ast
import os
import shutil
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numba
import pytest
from numba.core import config

from games import kernel

ROOT = Path(kernel.__file__).parent.parent


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """Return a folder with a small copy of both packages, which the digest is taken of."""
    for name, text in (
        ("games/kernel.py", ""),
        ("games/chess/moves.py", "x = 1\n"),
        ("alphazero/search/puct.py", "@njit\n"),
        ("alphazero/search/sizes.py", "SIZE = 8\n"),
        ("alphazero/commands/play.py", "print()\n"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(kernel, "__file__", str(tmp_path / "games" / "kernel.py"))
    return tmp_path


@pytest.mark.parametrize(
    "name",
    ["games/kernel.py", "games/chess/moves.py", "alphazero/search/puct.py", "alphazero/search/sizes.py"],
)
def test_the_digest_changes_when_a_source_of_kernels_changes(sources, name):
    before = kernel.source_digest()
    assert kernel.source_digest() == before
    (sources / name).write_text("changed = True\n@njit\n")
    assert kernel.source_digest() != before


def test_the_digest_changes_when_a_source_is_added_or_renamed(sources):
    before = kernel.source_digest()
    (sources / "games" / "go.py").write_text("")
    added = kernel.source_digest()
    (sources / "games" / "go.py").rename(sources / "games" / "hex.py")
    assert len({before, added, kernel.source_digest()}) == 3


def test_the_digest_stays_when_a_folder_without_kernels_changes(sources):
    before = kernel.source_digest()
    (sources / "alphazero/commands/play.py").write_text("print(1)\n")
    assert kernel.source_digest() == before


@pytest.mark.parametrize("package", [True, False], ids=["package", "module"])
def test_the_digest_changes_with_the_source_of_a_game_from_outside(sources, monkeypatch, package):
    source = sources / ("outside_game/rules.py" if package else "outside_game.py")
    source.parent.mkdir(exist_ok=True)
    source.write_text("")
    metadata = sources / "outside_game-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: outside-game\nVersion: 1\n")
    monkeypatch.syspath_prepend(str(sources))
    before = kernel.source_digest()
    (metadata / "entry_points.txt").write_text("[alphazero.games]\noutside = outside_game:Game\n")
    registered = kernel.source_digest()
    source.write_text("changed = True\n")
    assert len({before, registered, kernel.source_digest()}) == 3


@pytest.mark.parametrize("switch, value", [("BOUNDSCHECK", 1), ("OPT", 0), ("CPU_NAME", "generic")])
def test_the_digest_changes_with_the_switches_that_change_code(monkeypatch, switch, value):
    before = kernel.source_digest()
    monkeypatch.setattr(config, switch, value)
    assert kernel.source_digest() != before


def test_the_digest_changes_with_numba(monkeypatch):
    before = kernel.source_digest()
    monkeypatch.setattr(numba, "__version__", "0.0")
    assert kernel.source_digest() != before


def test_the_folder_is_named_after_the_digest_and_belongs_to_the_user_alone(tmp_path):
    folder = kernel._owned_folder(tmp_path / "compiled")
    assert folder.name == kernel.source_digest()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_compiled_code_of_other_versions_goes_when_nobody_used_it_for_a_month(tmp_path):
    base = tmp_path / "compiled"
    for name, days in (("old", 31), ("newer", 29)):
        (base / name).mkdir(parents=True)
        (base / name / "code.nbc").write_text("")
        then = time.time() - days * 24 * 3600
        os.utime(base / name, (then, then))
    folder = kernel._owned_folder(base)
    assert {path.name for path in base.iterdir()} == {"newer", folder.name}


def test_without_a_home_that_can_be_written_compiled_code_goes_to_a_private_folder(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(config, "CACHE_DIR", config.CACHE_DIR)
    kernel._set_cache_folder()
    folder = Path(config.CACHE_DIR)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder != tmp_path
    shutil.rmtree(folder)


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
