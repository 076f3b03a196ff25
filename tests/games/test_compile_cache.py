"""Compiled code on disk: what is compiled anew after which edit, damage, two processes, and nowhere to write."""

import json
import os
import random
import resource
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numba
import pytest
from numba.core import config

from games import compile_cache, compile_key, sources

ROOT = Path(compile_cache.__file__).parent.parent

FILES = {
    "shared_rules.py": """
from games.kernel import helper
FACTOR = 2
@helper
def scale(x):
    return FACTOR * x
""",
    "first.py": """
from typing import NamedTuple
from games.kernel import njit
from shared_rules import scale
class First(NamedTuple):
    low: int
    high: int
    @njit
    def outcome(self, state):
        return scale(self.low) + 100
""",
    "second.py": """
from typing import NamedTuple
from games.kernel import njit
class Second(NamedTuple):
    low: int
    @njit
    def outcome(self, state):
        return self.low + 1000
""",
    "driver.py": """
import games.game
from games.kernel import njit
@njit
def ask(game):
    return game.outcome(0) + 10000
""",
    "run.py": """
import json
from driver import ask
from first import First
from second import Second
answer = {"first": ask(First(3, 4)), "second": ask(Second(5)), "compiled": []}
for name, kernel in (("ask", ask), ("first", First.outcome), ("second", Second.outcome)):
    answer["compiled"] += [name + " " + str(types[0])[:5] for types in kernel.stats.cache_misses]
print(json.dumps(answer))
""",
}
RIGHT = {"first": 10106, "second": 11005}
NOTHING = RIGHT | {"compiled": []}


class Place(NamedTuple):
    """Sources, a cache, and where temporary files go."""

    folder: Path

    def start(self, **environment: str) -> subprocess.Popen:
        variables = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(self.folder / "source")]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "XDG_CACHE_HOME": str(self.folder / "cache"),
        }
        return subprocess.Popen(
            [sys.executable, str(self.folder / "source" / "run.py")],
            env=variables | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, says: str = "", **environment: str) -> dict:
        """Run the program; beside its answer it says one line with these words, or nothing."""
        return self.finish(self.start(**environment), says)

    @staticmethod
    def finish(process: subprocess.Popen, says: str = "") -> dict:
        out, err = process.communicate(timeout=100)
        assert process.returncode == 0, err
        assert says in err and err.count("\n") == bool(says), err
        return json.loads(out)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / "source" / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        time.sleep(0.03)  # clocks are coarse, and a file that is newer than a process is not trusted

    def compiled_files(self) -> list[Path]:
        return sorted((self.folder / "cache").rglob("*.nbc"))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Return a place whose programs have been compiled."""
    place = Place(tmp_path_factory.mktemp("compiled"))
    (place.folder / "source").mkdir()
    for name, text in FILES.items():
        (place.folder / "source" / name).write_text(text)
    time.sleep(0.03)
    answer = place.run()
    assert answer == RIGHT | {"compiled": ["ask First", "ask Secon", "first First", "second Secon"]}
    return place


@pytest.fixture
def place(compiled, tmp_path):
    """Return a copy of sources and cache in another folder."""
    shutil.copytree(compiled.folder, tmp_path / "copy")
    return Place(tmp_path / "copy")


def test_another_checkout_with_other_comments_and_times_compiles_nothing(place):
    for name in FILES:
        place.edit(name, "\n", "\n\n    # A comment.\n" if name == "run.py" else "\n")
    place.edit("shared_rules.py", "FACTOR = 2", "# how much\n\nFACTOR  =  0x2")
    place.edit("first.py", "(self, state):\n", '(self, state):  # whose?\n        """Say."""\n')
    place.edit("second.py", "import njit\n", "import (\n    njit,\n)\n")
    place.edit("driver.py", "import games", '"""Asks."""\nimport games')
    for path in place.folder.rglob("*.py"):
        os.utime(path, (10**9, 10**9))
    answer = place.run()
    if sys.version_info >= (3, 13):  # a docstring where none was moves the constants of the function
        answer["compiled"] = [name for name in answer["compiled"] if "First" not in name]
    assert answer == NOTHING


@pytest.mark.parametrize(
    ("file", "old", "new", "first", "second", "anew"),
    [
        ("shared_rules.py", "FACTOR = 2", "FACTOR = 5", 10115, 11005, "First"),
        ("first.py", "+ 100", "+ 200", 10206, 11005, "First"),
        ("first.py", "low: int\n    high: int", "high: int\n    low: int", 10108, 11005, "First"),
        ("second.py", "+ 1000", "+ 2000", 10106, 12005, "Secon"),
        ("driver.py", "+ 10000", "+ 20000", 20106, 21005, "ask"),
    ],
)
def test_an_edit_compiles_anew_what_it_changes_and_nothing_else(place, file, old, new, first, second, anew):
    place.edit(file, old, new)
    answer = place.run()
    assert (answer["first"], answer["second"]) == (first, second)
    assert len(answer["compiled"]) == 2 and all(anew in name for name in answer["compiled"])


def test_two_versions_of_a_game_in_turn_are_each_compiled_once(place):
    place.edit("first.py", "+ 100", "+ 200")
    place.run()
    place.edit("first.py", "+ 200", "+ 100")
    assert place.run() == NOTHING


def _flip(content: bytes, rng: random.Random) -> bytes:
    index = rng.randrange(len(content))
    return content[:index] + bytes([content[index] ^ 1 << rng.randrange(8)]) + content[index + 1 :]


DAMAGE = {
    "truncated": lambda content, rng: content[: rng.randrange(len(content))],
    "emptied": lambda content, rng: b"",
    "one bit flipped": _flip,
    "other bytes": lambda content, rng: rng.randbytes(1000),
    "other bytes of the same length": lambda content, rng: rng.randbytes(len(content)),
    "more bytes": lambda content, rng: content + b"\0",
}


def test_damaged_code_is_compiled_anew_with_one_line(place):
    rng = random.Random(1)
    kinds = ["truncated", "emptied", "one bit flipped", "other bytes"]
    for path, damage in zip(place.compiled_files(), kinds, strict=True):
        path.write_bytes(DAMAGE[damage](path.read_bytes(), rng))
    answer = place.run(says="is damaged")
    assert len(answer.pop("compiled")) == 4 and answer == RIGHT
    assert place.run() == NOTHING


def test_code_in_the_place_of_other_code_is_not_run(place):
    paths = place.compiled_files()
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, contents[1:] + contents[:1], strict=True):
        path.write_bytes(content)
    answer = place.run(says="is damaged")
    assert len(answer.pop("compiled")) == 4 and answer == RIGHT


def test_a_folder_or_a_link_to_nowhere_in_the_place_of_code_does_not_stop_anything(place):
    first, second, *rest = place.compiled_files()
    first.unlink()
    first.mkdir()
    second.unlink()
    second.symlink_to("nowhere")
    for path in rest:
        shutil.rmtree(path.parent, ignore_errors=True)
        path.parent.write_text("")
    answer = place.run(says="cannot be kept")
    assert answer | {"compiled": []} == NOTHING


@pytest.mark.parametrize("damage", DAMAGE)
def test_no_damage_of_a_file_of_code_is_read(tmp_path, monkeypatch, capsys, damage):
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    compile_cache._said.clear()
    rng = random.Random(2)
    path, payload = tmp_path / "code.nbc", rng.randbytes(5000)
    whole = compile_cache.MAGIC + compile_cache._check("key", payload) + payload
    path.write_bytes(whole)
    assert compile_cache._read(path, "key") == payload
    for _ in range(40):
        path.write_bytes(DAMAGE[damage](whole, rng))
        assert compile_cache._read(path, "key") is None
        assert not path.exists()
    assert capsys.readouterr().err.count("\n") == 1


def test_processes_that_compile_the_same_at_once_do_not_disturb_each_other(place):
    shutil.rmtree(place.folder / "cache")
    processes = [place.start() for _ in range(3)]
    for process in processes:
        assert place.finish(process) | {"compiled": []} == NOTHING
    assert place.run() == NOTHING
    assert [path for path in (place.folder / "cache").rglob("*") if ".tmp." in path.name] == []


def test_a_disk_that_is_full_is_said_once_and_stops_nothing(place, monkeypatch):
    shutil.rmtree(place.folder / "cache")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        process = place.start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    answer = place.finish(process, says="cannot be kept")
    assert answer | {"compiled": []} == NOTHING
    assert place.compiled_files() == []


@pytest.fixture
def no_home(place):
    """Return a place whose cache cannot be written, and its folder of temporary files."""
    shutil.rmtree(place.folder / "cache")
    (place.folder / "cache").write_text("")
    (place.folder / "temporary").mkdir()
    return place, place.folder / "temporary"


def test_without_a_cache_that_can_be_written_one_folder_of_the_user_is_used_again(no_home):
    place, temporary = no_home
    for compiled in (4, 0):
        assert len(place.run(TMPDIR=str(temporary))["compiled"]) == compiled
        assert [path.name for path in temporary.iterdir()] == [f"alphazero-compiled-{os.getuid()}"]
    assert stat.S_IMODE(next(temporary.iterdir()).stat().st_mode) == 0o700


def test_a_home_that_is_not_known_is_no_folder_of_the_current_directory(place):
    place.run(XDG_CACHE_HOME="", HOME="~", TMPDIR=str(place.folder))
    assert (place.folder / f"alphazero-compiled-{os.getuid()}").is_dir()


@pytest.mark.parametrize("taken", ["link", "open to all"])
def test_a_temporary_folder_that_is_not_the_users_alone_is_left_alone_and_nothing_stays_behind(
    no_home, taken
):
    place, temporary = no_home
    folder = temporary / f"alphazero-compiled-{os.getuid()}"
    if taken == "link":
        (temporary / "elsewhere").mkdir()
        folder.symlink_to(temporary / "elsewhere")
    else:
        folder.mkdir()
        folder.chmod(0o777)
    before = sorted(temporary.rglob("*"))
    assert place.run(TMPDIR=str(temporary)) | {"compiled": []} == NOTHING
    assert sorted(temporary.rglob("*")) == before


def test_a_link_in_the_place_of_the_folder_of_these_switches_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / compile_cache.switches_digest()).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="not a folder of this user"):
        compile_cache._own_folder(tmp_path)


def test_the_folder_is_named_after_the_switches_and_belongs_to_the_user_alone(tmp_path):
    folder = compile_cache._own_folder(tmp_path / "compiled")
    assert folder.name == compile_cache.switches_digest()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_compiled_code_goes_when_nobody_used_it_for_a_month_and_is_looked_for_once_a_day(tmp_path):
    base = tmp_path / "compiled"
    files = {"old/a/code.nbc": 31, "other/a/code.nbc": 31, "other/b/code.nbc": 29, "other/code.nbi": 31}
    for name, days in files.items():
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        then = time.time() - days * 24 * 3600
        os.utime(path, (then, then))
        os.utime(path.parent, (then, then))
    compile_cache._remove_unused(base)
    kept = {str(path.relative_to(base)) for path in base.rglob("*") if path.is_file()}
    assert kept == {"cleaned", "other/b/code.nbc"}
    os.utime(base / "other/b/code.nbc", (1, 1))
    compile_cache._remove_unused(base)
    assert (base / "other/b/code.nbc").exists()
    os.utime(base / "cleaned", (1, 1))
    compile_cache._remove_unused(base)
    assert not (base / "other/b/code.nbc").exists()


def test_code_that_is_used_stays_young(tmp_path):
    path = tmp_path / "code.nbc"
    path.write_bytes(compile_cache.MAGIC + compile_cache._check("key", b"code") + b"code")
    os.utime(path, (1, 1))
    assert compile_cache._read(path, "key") == b"code"
    assert path.stat().st_mtime > time.time() - 60


@pytest.mark.parametrize("switch, value", [("BOUNDSCHECK", 1), ("OPT", 0), ("CPU_NAME", "generic")])
def test_the_folder_changes_with_the_switches_that_change_code(monkeypatch, switch, value):
    before = compile_cache.switches_digest()
    monkeypatch.setattr(config, switch, value)
    assert compile_cache.switches_digest() != before


def test_the_folder_changes_with_numba(monkeypatch):
    before = compile_cache.switches_digest()
    monkeypatch.setattr(numba, "__version__", "0.0")
    assert compile_cache.switches_digest() != before


def _lines(value: object) -> list[str]:
    return list(compile_key.describe(value))


def _make(text: str, step: object):
    names: dict = {"step": step, "__name__": __name__}
    exec(compile(f"def make(step):\n    return {text}\nmade = make(step)", __file__, "exec"), names)
    return names["made"]


def test_functions_of_one_name_are_told_apart_by_what_they_do_and_by_what_they_close_over():
    made = [_make("lambda x: x + 1", 0), _make("lambda x: x + 2", 0), _make("lambda x: x - 1", 0)]
    made += [_make("lambda x, y=1: x + 1", 0), _make("lambda x, y=2: x + 1", 0)]
    made += [_make("lambda x: x + step", step) for step in (1, 2, 1.0, "1", (1,))]
    assert len({tuple(_lines(function)) for function in made}) == len(made)
    assert _lines(_make("lambda x: x + step", 1)) == _lines(_make("lambda x: x + step", 1))


def test_functions_and_classes_count_with_the_sources_of_all_that_belongs_to_them(monkeypatch):
    kernel = numba.njit(json.dumps)
    other = type("Other", (tuple,), {"_fields": (), "__module__": "elsewhere"})
    around = type("Around", (tuple,), {"_fields": (), "wrapped": other})
    derived = type("Derived", (other,), {})
    kernels = type("Kernels", (tuple,), {"_fields": (), "outcome": kernel})
    examples = [
        (_make("lambda x: step(x)", json.dumps), "json"),
        (kernels, "json"),
        (other, "elsewhere"),
        (around, "elsewhere"),
        (derived, "elsewhere"),
        (
            numba.types.NamedTuple(
                [numba.types.Tuple([numba.types.NamedUniTuple(numba.int64, 0, other)])], Place
            ),
            "elsewhere",
        ),
        (numba.typeof(kernel), "json"),
    ]
    changed: set[str] = set()
    monkeypatch.setattr(sources, "stamp", lambda module, path: "new" if module in changed else "old")
    for example, module in examples:
        lines = []
        for name in ("", "nothing", module):
            changed.clear()
            changed.add(name)
            compile_key.stamp_of_function.cache_clear()
            lines.append(_lines(example))
        assert lines[0] == lines[1] != lines[2], example
    compile_key.stamp_of_function.cache_clear()


def test_what_has_no_lasting_name_is_not_kept():
    with pytest.raises(compile_key.Unnamed):
        _lines(_make("lambda x: x + step", object()))


def test_the_decorators_options_tell_code_apart():
    plain, checked = compile_cache.CompiledCode(_lines, "one"), compile_cache.CompiledCode(_lines, "two")
    sig = (numba.int64,)
    codegen = numba.core.registry.cpu_target.target_context.codegen()
    assert plain._key(sig, codegen) != checked._key(sig, codegen)
    assert plain._key(sig, codegen) == compile_cache.CompiledCode(_lines, "one")._key(sig, codegen)
