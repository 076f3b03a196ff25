"""Imports point one way: games <- alphazero <- tools; the search knows no torch; lists load nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# The packages of alphazero, lowest level first: a file imports its own level and those before it.
LEVELS = (
    "visible", "files", "moments", "bars", "threads", "config", "search", "exact", "network", "data", "selfplay",
    "distributed", "play", "champions", "arena", "run",
    "learning", "methods", "bench", "api", "terminal", "commands", "interrupts", "cli", "__main__",
)  # fmt: skip
BUT_CONFIG = tuple(f"alphazero.{level}" for level in LEVELS if level != "config")
# (folder or file, what it must not import)
RULES = (
    ("games", ("alphazero", "tools", "torch", "pydantic")),
    ("alphazero", ("tools", "tests")),
    ("alphazero/search", ("torch",)),
    ("alphazero/config", ("numba", "torch")),
    ("alphazero/config/fields.py", ("alphazero",)),
    ("alphazero/config/errors.py", (*BUT_CONFIG, "alphazero.config.schema", "alphazero.config.text")),
)  # fmt: skip
# What may not be loaded until it is needed: no import of these at the top of a file.
LAZY = (
    ("alphazero/__init__.py", ("torch", "numba", "pydantic", "numpy", "alphazero", "games")),
    ("alphazero/bars.py", ("tqdm",)),
    ("alphazero/interrupts.py", ("torch", "numba", "numpy")),
    ("alphazero/cli.py", ("torch", "numba", "pydantic", "numpy", "games", "matplotlib")),
    ("alphazero/commands", ("torch", "numba", "pydantic", "numpy", "games", "matplotlib")),
    ("alphazero/run/plots.py", ("torch", "numba", "matplotlib")),
    ("games/__init__.py", ("numba", "numpy")),
    ("games/registry.py", ("numba", "numpy")),
    ("games/options.py", ("numba", "numpy", "games", "importlib")),
    ("alphazero/arena/kinds", ("torch", "numba", "numpy")),
)  # fmt: skip


def imports_of(
    source: str, package: str, top_only: bool = False, typed: bool = True
) -> Iterator[tuple[int, str]]:
    """Yield line and full name of every import in Python source; relative ones are resolved in `package`.

    `from a import b` yields a and a.b. With `top_only` only imports that run when the file is loaded: none in
    functions, none under TYPE_CHECKING; without `typed` none under TYPE_CHECKING.
    """
    for node in _statements(ast.parse(source), top_only, typed and not top_only):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                parents = parents[: len(parents) - node.level + 1]
                base = ".".join([*parents, *filter(None, [base])])
            yield node.lineno, base
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def _statements(node: ast.AST, top_only: bool, typed: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if top_only and isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if not typed and isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _statements(child, top_only, typed)


def violations(target: str, forbidden: tuple[str, ...], top_only: bool = False) -> list[str]:
    path = ROOT / target
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    found = []
    for file in files:
        package = ".".join(file.relative_to(ROOT).parent.parts)
        for line, name in imports_of(file.read_text(encoding="utf-8"), package, top_only):
            if any(name == other or name.startswith(f"{other}.") for other in forbidden):
                found.append(f"{file.relative_to(ROOT)}:{line} imports {name}")
    assert files, f"{target} is not there"
    return found


@pytest.mark.parametrize(
    ("target", "forbidden"), RULES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_no_import_points_the_wrong_way(target, forbidden):
    assert violations(target, forbidden) == []


def modules() -> dict[str, Path]:
    """Return the file of every module of the two packages."""
    files = [file for package in ("games", "alphazero") for file in (ROOT / package).rglob("*.py")]
    names = (".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files)
    return {name.removesuffix(".__init__"): file for name, file in zip(names, files, strict=True)}


def graph() -> dict[str, set[str]]:
    """Return which modules each module imports, wherever in the file, what only type checkers read left out."""
    known = modules()
    edges: dict[str, set[str]] = {}
    for module, file in known.items():
        package = ".".join(file.relative_to(ROOT).parent.parts)
        names = {name for _, name in imports_of(file.read_text(encoding="utf-8"), package, typed=False)}
        targets = {name for name in names if name in known}
        # "from package import module" needs the module, not what else the package's __init__ offers
        offered = {name.rpartition(".")[0] for name in names if name not in known}
        targets -= {name.rpartition(".")[0] for name in targets} - offered
        edges[module] = targets - {module}
    return edges


def level_of(module: str) -> int:
    top, _, rest = module.partition(".")
    part = rest.partition(".")[0]
    if top == "games" or not part:
        return -1 if top == "games" else len(LEVELS)
    assert part in LEVELS, f"{module}: say on which level {part} is"
    return LEVELS.index(part)


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other in a circle."""
    reach = {module: set(targets) for module, targets in edges.items()}
    for middle in reach:
        for targets in reach.values():
            if middle in targets:
                targets |= reach[middle]
    found = {
        frozenset(m for m in reach[module] if module in reach[m])
        for module in reach
        if module in reach[module]
    }
    return sorted(sorted(group) for group in found)


def test_no_module_imports_one_of_a_higher_level():
    edges = graph()
    upwards = [f"{a} imports {b}" for a in edges for b in edges[a] if level_of(b) > level_of(a)]
    assert sorted(upwards) == []


def test_no_modules_import_each_other_in_a_circle():
    assert circles(graph()) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]


@pytest.mark.parametrize(
    ("target", "forbidden"), LAZY, ids=lambda value: value if isinstance(value, str) else ""
)
def test_nothing_heavy_is_imported_at_the_top(target, forbidden):
    assert violations(target, forbidden, top_only=True) == []


@pytest.mark.parametrize(("source", "package", "expected"), [
    ("import torch.nn as nn", "alphazero.search", ["torch.nn"]),
    ("def f():\n    from torch import nn", "alphazero.search", ["torch", "torch.nn"]),
    ("from ..network import model", "alphazero.search", ["alphazero.network", "alphazero.network.model"]),
    ("from . import cache", "alphazero.search", ["alphazero.search", "alphazero.search.cache"]),
    ("if True:\n    import torch", "games", ["torch"]),
])  # fmt: skip
def test_imports_are_found_wherever_and_however_they_are_written(source, package, expected):
    assert [name for _, name in imports_of(source, package)] == expected


def test_the_search_runs_without_torch(run_python):
    result = run_python("import sys, alphazero.search, games; print('torch' in sys.modules)")
    assert result.stdout.strip() == "False", result.stderr
