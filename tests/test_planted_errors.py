"""The table of planted errors fits the sources: run by hand, it must not fail for a line that was reworded."""

import ast
from functools import cache

import pytest

from tools.planted_errors import PLANTS, ROOT


@cache
def functions_of(path: str) -> set[str]:
    """Return the names of the functions of a Python file."""
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_there_are_at_least_twenty_errors_each_with_a_name_of_its_own():
    assert len({error.name for error in PLANTS}) == len(PLANTS) >= 20


@pytest.mark.parametrize("error", PLANTS, ids=lambda error: error.name)
def test_an_error_can_be_planted_and_its_test_exists(error):
    source = (ROOT / error.file).read_text()
    assert source.count(error.original) == 1
    ast.parse(source.replace(error.original, error.planted))
    file, _, name = error.test.partition("::")
    assert name.partition("[")[0] in functions_of(f"tests/{file}")
