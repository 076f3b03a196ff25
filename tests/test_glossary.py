"""The glossary is true: what it names exists, and the code uses its words as it says."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from alphazero.arena.players import KINDS
from alphazero.config import SearchConfig
from alphazero.config.loading import SCHEMAS
from alphazero.data.games import End

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def entry(word: str) -> str:
    """Return what the glossary says of a word."""
    found = re.search(rf"^\| (?:[^|]*, )?{re.escape(word)}(?:, [^|]*)? \| (.*) \|$", PAGE, re.MULTILINE)
    assert found, f"the glossary does not tell what {word} means"
    return found[1]


def named(word: str) -> set[str]:
    """Return the `code` in what the glossary says of a word."""
    return set(re.findall(r"`([^`]+)`", entry(word)))


def identifiers(folder: str) -> dict[str, set[str]]:
    """Return the names that each file of a folder defines, assigns or reads."""
    found: dict[str, set[str]] = {}
    for file in sorted((ROOT / folder).rglob("*.py")):
        names = found.setdefault(str(file.relative_to(ROOT)), set())
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names |= {
                value
                for field in ("id", "attr", "arg", "name")
                if isinstance(value := getattr(node, field, 0), str)
            }
    return found


def test_every_word_stands_there_once():
    words = [word for row in re.findall(r"^\| ([^|]+) \|", PAGE, re.MULTILINE) for word in row.split(", ")]
    words = [word for word in words if word not in ("word", "---")]
    assert len(words) > 60 and len(set(words)) == len(words)


def test_ends_methods_selection_rules_and_kinds_are_those_of_the_code():
    assert named("end") == {end.name for end in End}
    assert named("method") == set(SCHEMAS)
    assert named("selection rule") == set(get_args(SearchConfig.model_fields["rule"].annotation))
    assert named("player") <= set(KINDS)


@pytest.mark.parametrize("folder", ["alphazero/network", "alphazero/learning", "alphazero/search"])
def test_a_network_is_no_player(folder):
    fields = {"alphazero/search": {"player"}}  # who is to move in a node
    calls = {
        file: {n for n in names if re.fullmatch(r"players?|\w+_players?|players?_\w+", n)}
        - fields.get(folder, set())
        for file, names in identifiers(folder).items()
    }
    assert {file: names for file, names in calls.items() if names} == {}


def test_outcomes_are_the_first_players_wherever_a_field_holds_them():
    others = []
    for file in sorted([*(ROOT / "alphazero").rglob("*.py"), *(ROOT / "games").rglob("*.py")]):
        for line in file.read_text(encoding="utf-8").splitlines():
            if re.match(r"\s+outcomes?: .*#", line) and "first" not in line:
                others.append(f"{file.relative_to(ROOT)}: {line.strip()}")
    assert others == []
