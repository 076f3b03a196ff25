"""The examples on the pages of the games do what the pages say, and every game has a page."""

import doctest
from pathlib import Path

import pytest

from games.registry import BUILT_IN

PAGES = Path(__file__).parents[2] / "docs" / "games"


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_the_examples_of_a_page_do_what_it_says(page):
    text = page.read_text().replace("```", "")
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    assert test.examples
    report: list[str] = []
    failed = doctest.DocTestRunner().run(test, out=report.append).failed
    assert not failed, "".join(report)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_page_speaks_of_every_game(name):
    assert any(
        f"`{name}`" in page.read_text() or f'"{name}"' in page.read_text() for page in PAGES.glob("*.md")
    )
