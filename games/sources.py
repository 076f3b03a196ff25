"""What the machine code of a function depends on: digests of source files that comments and formatting leave alone.

`stamp(module, file)` covers a file and every file that it imports, directly or not, wherever in it the import stands
(but not under TYPE_CHECKING): a compiled function can only reach what its module has imported. Files are compared by
their syntax trees without docstrings, so that neither comments nor formatting, times or the place of a checkout count.

Followed are imports of this project, of files outside site-packages and, for a package from outside, all of its own
files; other installed packages count by size and time of the file that is imported. The standard library, numba and
numpy are covered by their versions (`games.compile_cache`). Files are read, never imported.
"""

import ast
import hashlib
import importlib.util
import json
import os
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import NamedTuple

PROJECT = ("games", "alphazero")
ALWAYS = ("games.kernel", "games.game")  # how kernels are compiled, and how they call the kernels of a game
BY_VERSION = frozenset({*sys.stdlib_module_names, "numba", "numpy", "llvmlite"})
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _began() -> float:
    """Return when this process began, by the clock of files; at most a minute ago, or now where that is not known."""
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        age = 0.0
    return time.time() - min(max(age, 0.0), 60.0)


STARTED = _began()


class Summary(NamedTuple):
    """What counts of one file."""

    digest: str  # of its syntax tree, hexadecimal
    imports: list[
        tuple[str, list[str] | None]
    ]  # module, leading dots kept; names taken from it, None: itself
    bound: list[str]  # names that the file gives a meaning, wherever


class _Seen(NamedTuple):
    size: int
    modified: int  # nanoseconds
    summary: Summary


_files: dict[str, _Seen] = {}  # by path, as when this process first read it
_closures: dict[tuple[str, str], tuple[str, list[str]]] = {}  # (module, path) -> digest, paths
_specs: dict[str, ModuleSpec] = {}  # by module
_kept: list[Callable[[], Path]] = []  # where summaries are kept between processes: no folder, or one


def keep_summaries_in(folder: Callable[[], Path]) -> None:
    """Keep what was read of each file in a folder that the function names, for the next process."""
    _kept[:] = [folder]


def stamp(module: str, path: str) -> str | None:
    """Return the digest, 64 hexadecimal digits, of a source file and of all that it imports.

    None when the file cannot be read, or when one of the files may not be the one that this process loaded: it has
    changed since this process read it, or since this process began.
    """
    closure = _closures.get((module, path))
    if closure is None:
        try:
            closure = _closures[module, path] = _closure(module, path)
        except OSError:
            return None
    digest, paths = closure
    return digest if all(map(_is_as_loaded, paths)) else None


def _is_as_loaded(path: str) -> bool:
    seen = _files[path]
    try:
        now = os.stat(path)
    except OSError:
        return False
    if (now.st_size, now.st_mtime_ns) != (seen.size, seen.modified):
        return False
    return now.st_mtime <= STARTED or now.st_mtime > time.time() + 60  # a clock that is wrong says nothing


def _closure(module: str, path: str) -> tuple[str, list[str]]:
    """Return the digest over a file and its imports, and the paths of all these files."""
    found: dict[str, str] = {}  # module -> what stands for it
    paths: set[str] = {path}
    root = _summary(path)
    waiting = [(module, path, root), *_own_package(module)]
    waiting += [item for name in ALWAYS for item in _source_of(name)]
    while waiting:
        name, file, summary = waiting.pop()
        if name in found:
            continue
        found[name] = summary.digest
        paths.add(file)
        for target in _targets(name, file, summary):
            if target in found:
                continue
            if _is_followed(target, name):
                waiting += _source_of(target)
            elif (mark := _installed(target, name)) is not None:
                found[target] = mark
    found.pop(module)
    parts = [root.digest, *(f"{name} {digest}" for name, digest in sorted(found.items()))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest(), sorted(paths)


def _source_of(module: str) -> list[tuple[str, str, Summary]]:
    spec = find(module)
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return []
    return [(module, spec.origin, _summary(spec.origin))]


def _own_package(module: str) -> Iterator[tuple[str, str, Summary]]:
    """Yield every file of the package that a module from outside is part of."""
    top = module.partition(".")[0]
    spec = None if top in PROJECT or top in BY_VERSION else find(top)
    if spec is None or not spec.origin or not spec.submodule_search_locations:
        return
    for folder in map(Path, spec.submodule_search_locations):
        for path in sorted(folder.rglob("*.py")):
            parts = [top, *path.relative_to(folder).with_suffix("").parts]
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if name != module:
                yield name, str(path), _summary(str(path))


def _targets(module: str, path: str, summary: Summary) -> Iterator[str]:
    """Yield the full names of the modules that a module imports from."""
    package = module if Path(path).name == "__init__.py" else module.rpartition(".")[0]
    for written, names in summary.imports:
        level = len(written) - len(written.lstrip("."))
        try:
            base = importlib.util.resolve_name(written, package) if level else written
        except ImportError:
            continue
        if names is None:  # import a.b.c
            parts = base.split(".")
            yield from (".".join(parts[: count + 1]) for count in range(len(parts)))
            continue
        taken = _submodules(base, names)
        yield from (f"{base}.{name}" for name in taken)
        if len(taken) < len(names):
            yield base


def _submodules(base: str, names: list[str]) -> list[str]:
    """Return those of the names that `from base import name` takes from the package's folder, not from its file."""
    spec = find(base) if base.partition(".")[0] not in BY_VERSION else None
    if spec is None or not spec.submodule_search_locations:
        return []
    own = _summary(spec.origin).bound if spec.origin and spec.origin.endswith(".py") else []
    return [name for name in names if name not in own and find(f"{base}.{name}")]


def _is_followed(target: str, importer: str) -> bool:
    top, own = target.partition(".")[0], importer.partition(".")[0]
    if top in PROJECT or top == own:
        return True
    if top in BY_VERSION or own in PROJECT:
        return False
    spec = find(target)
    return spec is not None and not _is_installed(spec)


def _is_installed(spec: ModuleSpec) -> bool:
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    places = [spec.origin or "", *(spec.submodule_search_locations or [])]
    return any(place.startswith(folder + os.sep) for place in places for folder in folders)


def _installed(target: str, importer: str) -> str | None:
    """Return what stands for a module of an installed package, or None when it does not count."""
    if target.partition(".")[0] in BY_VERSION or importer.partition(".")[0] in PROJECT:
        return None
    spec = find(target)
    try:
        status = os.stat(spec.origin) if spec and spec.origin else None
    except OSError:
        status = None
    return status and f"{status.st_size} {status.st_mtime_ns}"


def find(module: str) -> ModuleSpec | None:
    """Return where a module is, without importing anything, or None."""
    if module in _specs:
        return _specs[module]
    parent = module.rpartition(".")[0]
    try:
        if parent:
            above = find(parent)
            places = above.submodule_search_locations if above else None
            spec = PathFinder.find_spec(module, list(places)) if places else None
        else:
            spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    if spec is not None:  # what is not there may still come
        _specs[module] = spec
    return spec


def _summary(path: str) -> Summary:
    """Return what counts of a file, as it was when this process first read it; OSError when it cannot be read."""
    if path not in _files:
        before = os.stat(path)
        text = Path(path).read_bytes()
        _files[path] = _Seen(before.st_size, before.st_mtime_ns, _remembered(text))
    return _files[path].summary


def _remembered(text: bytes) -> Summary:
    """Return the summary of a text, read from the folder of summaries or kept there."""
    name = hashlib.sha256(text).hexdigest()
    for folder in _kept:
        path = folder() / name[:32]
        try:
            check, _, content = path.read_text("utf-8").partition("\n")
            if check == hashlib.sha256((name + content).encode()).hexdigest():
                digest, imports, bound = json.loads(content)
                return Summary(digest, [(module, names) for module, names in imports], bound)
        except (OSError, ValueError):
            pass
        summary = summarize(text)
        content = json.dumps(summary)
        check = hashlib.sha256((name + content).encode()).hexdigest()
        write_whole(path, f"{check}\n{content}".encode())
        return summary
    return summarize(text)


def write_whole(path: Path, content: bytes) -> OSError | None:
    """Put a file in place, whole or not at all; return the error that prevented it, or None."""
    temporary = path.with_name(f"{path.name}.tmp.{os.getpid()}.{time.monotonic_ns():x}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError as error:
        try:
            temporary.unlink(missing_ok=True)
        except OSError:
            pass
        return error
    return None


def summarize(text: bytes) -> Summary:
    """Return what counts of a source text; of one that Python cannot read, its bytes."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return Summary(hashlib.sha256(text).hexdigest(), [], [])
    nodes = list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    digest = hashlib.sha256(ast.dump(tree).encode()).hexdigest()
    return Summary(digest, list(_imports(tree)), sorted(set(_bound(nodes))))


def _imports(node: ast.AST) -> Iterator[tuple[str, list[str] | None]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, None) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield "." * child.level + (child.module or ""), [alias.name for alias in child.names]
        elif isinstance(child, ast.If) and ast.unparse(child.test) in (
            "TYPE_CHECKING",
            "typing.TYPE_CHECKING",
        ):
            for other in child.orelse:
                yield from _imports(ast.Module([other], []))
        else:
            yield from _imports(child)


def _bound(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
