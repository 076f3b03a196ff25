"""Every tool is listed with what it is for, and says at its top how it is called."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent.parent / "tools"
FILES = sorted(TOOLS.glob("*.py"))


def test_the_page_of_the_tools_lists_each_of_them_once():
    page = (TOOLS / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([\w.]+)` \| \S", page, re.MULTILINE)
    assert sorted(listed) == [file.name for file in FILES]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_tool_says_at_its_top_how_it_is_called(file):
    told = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    assert told and f"python tools/{file.name}" in told
