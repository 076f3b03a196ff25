"""The digests of source files: what counts, what does not, and what is never trusted."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from games import sources

ROOT = Path(sources.__file__).parent.parent

TEXT = '''"""A module."""
from games.bits import mix
SIZE = 8
def grow(size, by=1):
    """Return more."""
    return (size + by) * SIZE
'''
SAME = '''
# A comment.
from games.bits import (
    mix,
)
SIZE = 0x8


def grow(
    size, by=1,  # of what?
):
    """Return
    much more."""
    return (size + by) * (SIZE)
'''


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function that writes files of modules that can be imported, and another that digests one anew."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sources, "_kept", [])
    monkeypatch.setattr(sources, "_specs", {})

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (10**9, 10**9 + len(text)))
        return path

    def stamp(module: str) -> str | None:
        monkeypatch.setattr(sources, "_files", {})
        monkeypatch.setattr(sources, "_closures", {})
        path = tmp_path / module.replace(".", "/")
        return sources.stamp(module, str(path / "__init__.py" if path.is_dir() else path.with_suffix(".py")))

    return write, stamp


def test_comments_docstrings_and_formatting_do_not_count():
    assert sources.summarize(TEXT.encode()) == sources.summarize(SAME.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("= 8", "= 9"),
        ("= 8", "= 8.0"),
        ("by=1", "by=2"),
        ("+ by", "- by"),
        ("mix", "mix as other"),
        ("grow", "add"),
    ],
)
def test_every_other_change_counts(old, new):
    assert (
        sources.summarize(TEXT.encode()).digest
        != sources.summarize(TEXT.replace(old, new, 1).encode()).digest
    )


def test_a_file_that_is_no_python_counts_by_its_bytes():
    texts = [b"def", b"def ", b"\xff\xfe", b"x = '\0'"]
    assert len({sources.summarize(text).digest for text in texts}) == len(texts)


@pytest.mark.parametrize(
    "importing",
    [
        "import rules_a\n",
        "from rules_a import SIZE\n",
        "from rules_a import *\n",
        "def late():\n    import rules_a\n",
        "try:\n    import rules_a\nexcept ImportError:\n    pass\n",
    ],
)
def test_what_an_import_says_counts_wherever_it_stands(package, importing):
    write, stamp = package
    write("rules_a.py", "from rules_b import SIZE\n")
    write("rules_b.py", "SIZE = 1\n")
    write("game_a.py", importing)
    before = stamp("game_a")
    write("rules_b.py", "# one\nSIZE = 1\n")
    assert stamp("game_a") == before
    write("rules_b.py", "SIZE = 2\n")
    assert stamp("game_a") != before


def test_what_is_imported_for_types_alone_does_not_count(package):
    write, stamp = package
    write("rules_a.py", "SIZE = 1\n")
    write(
        "game_a.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import rules_a\nelse:\n    pass\n",
    )
    before = stamp("game_a")
    write("rules_a.py", "SIZE = 2\n")
    assert stamp("game_a") == before


def test_every_file_of_a_package_from_outside_counts_and_also_a_new_one(package):
    write, stamp = package
    write("outside/__init__.py", "")
    write("outside/deep/__init__.py", "")
    write("outside/deep/game.py", "from . import tables\nfrom ..other import X\n")
    write("outside/deep/tables.py", "import importlib\nX = importlib.import_module('outside.dynamic')\n")
    write("outside/other.py", "X = 1\n")
    digests = {stamp("outside.deep.game")}
    for name in ("deep/tables", "other", "dynamic"):
        write(f"outside/{name}.py", "X = 2\n")
        digests.add(stamp("outside.deep.game"))
    assert len(digests) == 4


def test_a_name_of_a_package_is_looked_for_in_its_file_and_in_its_folder(package):
    write, stamp = package
    write("games_a/part.py", "X = 1\n")  # no __init__: only what is imported counts
    write("games_a/other.py", "X = 1\n")
    write("user.py", "from games_a import part\n")
    before = stamp("user")
    write("games_a/other.py", "X = 2\n")
    assert stamp("user") == before
    write("games_a/part.py", "X = 2\n")
    assert stamp("user") != before


def test_an_installed_package_counts_by_size_and_time(package, tmp_path, monkeypatch):
    write, stamp = package
    monkeypatch.setattr(sources.sysconfig, "get_path", lambda name: str(tmp_path / "site"))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    write("site/library/__init__.py", "from library.deep import X\n")
    write("site/library/deep.py", "X = 1\n")
    write("game_a.py", "import library\n")
    before = stamp("game_a")
    write("site/library/deep.py", "X = 2\n")
    assert stamp("game_a") == before
    write("site/library/__init__.py", "X = 12\n")
    assert stamp("game_a") != before


def test_a_file_that_changed_since_it_was_read_is_not_trusted(package, monkeypatch):
    write, _ = package
    path = write("game_a.py", "import rules_a\n")
    rules = write("rules_a.py", "X = 1\n")
    assert sources.stamp("game_a", str(path))
    rules.write_text("X = 2\n")
    assert sources.stamp("game_a", str(path)) is None
    rules.unlink()
    assert sources.stamp("game_a", str(path)) is None


def test_a_file_that_was_written_after_the_process_began_is_not_trusted(package):
    """The process may have loaded what stood there before."""
    write, stamp = package
    path = write("game_a.py", "X = 1\n")
    assert stamp("game_a")
    now = time.time()
    os.utime(path, (now, now))
    assert stamp("game_a") is None
    os.utime(path, (now + 3600, now + 3600))  # by a clock that is wrong
    assert stamp("game_a")


def test_a_process_knows_when_it_began():
    code = "import time; now = time.time(); time.sleep(0.3); from games import sources; print(now - sources.STARTED)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (0 if sys.platform == "linux" else -10) <= float(done.stdout) < 10


def test_a_file_that_is_not_there_has_no_digest(tmp_path):
    assert sources.stamp("nowhere", str(tmp_path / "nowhere.py")) is None


def test_damaged_notes_about_sources_are_made_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_kept", [lambda: tmp_path / "notes"])
    right = sources.summarize(TEXT.encode())
    assert sources._remembered(TEXT.encode()) == right
    (note,) = (tmp_path / "notes").iterdir()
    whole = note.read_bytes()
    other = sources.summarize(b"X = 1\n")
    for damaged in (
        b"",
        whole[:50],
        whole[:-1],
        whole.replace(b"mix", b"max"),
        b"\xff" * 99,
        json.dumps(other).encode(),
    ):
        note.write_bytes(damaged)
        assert sources._remembered(TEXT.encode()) == right
        assert note.read_bytes() == whole
    monkeypatch.setattr(sources, "summarize", lambda text: pytest.fail("it was not read"))
    assert sources._remembered(TEXT.encode()) == right


STAMPS = """
import json, sys
from pathlib import Path
from games import sources
print(json.dumps({name: sources.stamp(name, name.replace(".", "/") + ".py") for name in sys.argv[1:]}))
"""
SHOWN = ("games.hex", "games.go.game", "alphazero.search.simulate", "alphazero.exact.table")


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("games/hex.py", {"games.hex"}),
        ("games/go/rules.py", {"games.go.game"}),
        ("games/bits.py", set(SHOWN)),
        ("games/kernel.py", set(SHOWN)),
        ("games/compile_cache.py", set(SHOWN)),
        ("games/game.py", set(SHOWN)),
        ("games/registry.py", set()),
        ("alphazero/search/forest.py", {"alphazero.search.simulate"}),
        ("alphazero/search/search.py", set()),
        ("alphazero/config/schema.py", set()),
        ("alphazero/cli.py", set()),
    ],
)
def test_an_edit_changes_the_digests_of_what_imports_the_file_and_no_other(copies, file, changed):
    folder, before = copies
    path = folder / file
    text = path.read_text()
    try:
        path.write_text(f"# A comment.\n{text}")
        assert _stamps(folder) == before
        path.write_text(f"{text}\nEDITED = 1\n")
        after = _stamps(folder)
    finally:
        path.write_text(text)
    assert {name for name in SHOWN if before[name] != after[name]} == changed


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """Return a folder with a copy of the sources, and the digests of the modules that are shown there."""
    folder = tmp_path_factory.mktemp("copy")
    for package in ("games", "alphazero"):
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.pt", "*.npz")
        )
    digests = _stamps(folder)
    assert digests == _stamps(ROOT)
    return folder, digests


def _stamps(folder: Path) -> dict[str, str]:
    time.sleep(0.03)  # clocks are coarse, and a file that is newer than a process is not trusted
    done = subprocess.run(
        [sys.executable, "-B", "-c", STAMPS, *SHOWN], cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )  # fmt: skip
    return json.loads(done.stdout)
