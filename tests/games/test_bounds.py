"""The same checks with every index checked: out of range is silent in compiled code otherwise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECKED = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "PYTHONPATH": str(ROOT)}

CHECK = """
import sys
import games
from games.contract import check_game
from tests.games.broken import Fault, broken

for text in sys.argv[1:]:
    check_game(games.parse(text), num_games=4, num_rollouts=200)
try:
    check_game(broken(Fault.ENCODING_WRITES_BESIDE), num_games=1)
except IndexError as error:
    print("planted error caught:", error)
"""


def test_no_index_of_a_game_is_out_of_range():
    command = [
        sys.executable,
        "-c",
        CHECK,
        "connect_four",
        "connect_four:rows=12,cols=5,connect=5",
        "tic_tac_toe",
    ]
    done = subprocess.run(command, env=CHECKED, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("planted error caught: index is out of bounds")


@pytest.mark.slow
def test_the_contract_and_the_slow_rules_hold_with_every_index_checked():
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "tests/games/test_contract.py",
        "tests/games/test_reference.py",
        "tests/games/test_counts.py",
        "tests/games/test_factored.py",
        "-k",
        "not WRITES_BESIDE",
    ]
    done = subprocess.run(command, env=CHECKED, cwd=ROOT, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stdout[-3000:]
