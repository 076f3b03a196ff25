"""Progress is shown on terminals alone, of whatever width."""

from __future__ import annotations

import ast
import os
import pty
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHOW = """
import sys
from alphazero.bars import progress_bar
with progress_bar(total=3, unit="game", shown=sys.argv[1] == "shown", mininterval=0) as bar:
    for _ in range(3):
        bar.update()
"""


def on_a_terminal(columns: int, shown: str = "shown") -> str:
    """Return what SHOW writes to a terminal of so many columns on stderr."""
    import fcntl
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24 * (columns > 0), columns, 0, 0))
    subprocess.run([sys.executable, "-c", SHOW, shown], stderr=follower, check=True, timeout=60)
    os.close(follower)
    os.set_blocking(leader, False)
    try:
        return os.read(leader, 100_000).decode()
    except (BlockingIOError, OSError):
        return ""
    finally:
        os.close(leader)


@pytest.mark.parametrize("columns", [0, 40, 80])
def test_a_terminal_shows_a_bar_that_fits(columns):
    lines = on_a_terminal(columns).replace("\n", "\r").split("\r")
    assert any("3/3" in line for line in lines)
    assert max(map(len, lines)) <= (columns or 80)


def test_nothing_is_written_where_nobody_looks(run_python):
    assert run_python(SHOW, "shown").stderr == "" == on_a_terminal(80, "hidden")


def test_every_bar_of_the_package_and_the_tools_is_made_in_one_place():
    elsewhere = []
    for file in sorted([*(ROOT / "alphazero").rglob("*.py"), *(ROOT / "tools").glob("*.py")]):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "tqdm":
                elsewhere.append(str(file.relative_to(ROOT)))
    alone = "tools/compare_openspiel.py"  # knows nothing of the package
    assert sorted(elsewhere) == ["alphazero/bars.py", alone]
