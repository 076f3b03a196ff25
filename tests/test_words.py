"""One word for one thing: what is called otherwise elsewhere is called so only where the published name is quoted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("alphazero", "configs", "docs", "games", "tests", "tools")
TEXTS = (".py", ".md", ".toml", ".json", ".jsonl")
EARLIER = "written_before"  # folders of files as earlier versions wrote them
HERE = Path(__file__).relative_to(ROOT)
# A word that is not ours -> what we say, the published names that may be quoted, the files that know the earlier name.
OTHER_WORDS = {
    "playout": (
        "rollout (to the end of a game), or simulation (one descent of a search)",
        ('"forced playouts"', '"playout cap randomization"'),
        ("alphazero/config/earlier.py", "tests/config/test_config.py"),
    ),
}


def texts() -> dict[str, str]:
    """Return the texts of the project by path."""
    files = [*ROOT.glob("*.*"), *(file for folder in FOLDERS for file in (ROOT / folder).rglob("*"))]
    names = [file.relative_to(ROOT) for file in files if file.is_file() and file.suffix in TEXTS]
    names = [name for name in names if EARLIER not in name.parts]
    return {str(name): (ROOT / name).read_text(encoding="utf-8") for name in names if name != HERE}


def uses(word: str, text: str, quoted: tuple[str, ...]) -> list[str]:
    """Return where a text has a word other than in the names quoted."""
    plain = re.sub(r"\s+", " ", text)
    for name in quoted:
        plain = plain.replace(name, "")
    return [plain[max(0, match.start() - 30) : match.end() + 30] for match in re.finditer(word, plain, re.I)]


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_things_have_their_own_names(word):
    _, quoted, knowing = OTHER_WORDS[word]
    found = {name: uses(word, text, quoted) for name, text in texts().items() if name not in knowing}
    assert {name: places for name, places in found.items() if places} == {}


def test_a_word_of_others_is_found_unless_quoted():
    assert uses("playout", 'a Playout, KataGo\'s "forced\nplayouts"', ('"forced playouts"',)) == [
        "a Playout, KataGo's "
    ]
