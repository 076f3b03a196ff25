"""Imports point one way: games <- alphazero <- tools; the search knows no torch; lists load nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# (folder or file, what it must not import)
RULES = (
    ("games", ("alphazero", "tools", "torch", "pydantic")),
    ("alphazero", ("tools", "tests")),
    ("alphazero/search", ("torch", "alphazero.network", "alphazero.learning", "alphazero.selfplay",
                          "alphazero.arena")),
    ("alphazero/network", ("alphazero.learning", "alphazero.selfplay", "alphazero.arena")),
    ("alphazero/arena", ("alphazero.learning", "alphazero.commands", "alphazero.terminal")),
    ("alphazero/config.py", ("numba", "torch", "games", "alphazero.search", "alphazero.network")),
    ("alphazero/config_errors.py", ("numba", "torch", "alphazero")),
    ("alphazero/config_text.py", ("numba", "torch", "alphazero.config")),
)  # fmt: skip
# What may not be loaded until it is needed: no import of these at the top of a file.
LAZY = (
    ("alphazero/__init__.py", ("torch", "numba", "pydantic", "numpy", "alphazero", "games")),
    ("alphazero/cli.py", ("torch", "numba", "pydantic", "numpy", "games", "matplotlib")),
    ("alphazero/commands", ("torch", "numba", "pydantic", "numpy", "games", "matplotlib")),
    ("alphazero/plots.py", ("torch", "numba", "matplotlib")),
    ("games/__init__.py", ("numba", "numpy")),
    ("games/registry.py", ("numba", "numpy")),
)  # fmt: skip


def imports_of(source: str, package: str, top_only: bool = False) -> Iterator[tuple[int, str]]:
    """Yield line and full name of every import in Python source; relative ones are resolved in `package`.

    `from a import b` yields a and a.b. With `top_only` only imports that run when the file is loaded: none in
    functions, none under TYPE_CHECKING.
    """
    for node in _statements(ast.parse(source), top_only):
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


def _statements(node: ast.AST, top_only: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        lazy = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            lazy = True
        if not (top_only and lazy):
            yield child
            yield from _statements(child, top_only)


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
