"""The documents hold what they say: links, commands, settings, names of tests, the README's example."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from alphazero import cli
from alphazero.config import Config, build_config, load_config
from alphazero.config.fields import setting_names
from alphazero.config.loading import SCHEMAS, schema_of
from tests.test_imports import LEVELS
from tools.settings_table import settings_page

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, ROOT / "tools" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELL_LANGUAGES = ("", "sh", "bash", "shell", "console", "text")
SHELL_ENDS = ("|", "||", "&", "&&", ";", ">", ">>", "<", "2>", "2>&1")
COMMAND = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?(?:python -m )?alphazero(?= )")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield language and content of each fenced block of a page."""
    for match in re.finditer(r"^```([\w+-]*)[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield match[1], match[2]


def without_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def code_spans(text: str) -> list[str]:
    """Return the `code` within the prose of a page, line breaks as blanks."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", without_blocks(text))]


def headings(text: str) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", without_blocks(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def commands(text: str) -> list[list[str]]:
    """Return the arguments of every `alphazero ...` of a page: lines of shell blocks, and code in prose."""
    lines = []
    for language, content in blocks(text):
        if language in SHELL_LANGUAGES:
            lines += content.replace("\\\n", " ").splitlines()
    found = [line.strip() for line in [*lines, *code_spans(text)] if COMMAND.match(line.strip())]
    return [arguments_of(line) for line in found]


def arguments_of(line: str) -> list[str]:
    """Return the arguments of one command line; of a synopsis, with optional parts and first alternatives."""
    words = shlex.split(COMMAND.sub("", line), comments=True)
    end = next((place for place, word in enumerate(words) if word in SHELL_ENDS), len(words))
    plain = [word.strip("[]").partition("|")[0] for word in words[:end]]
    return ["10" if word == "N" else word for word in plain if word not in ("", "...")]


def broken_links(page: Path, text: str) -> list[str]:
    """Return the relative links of a page that lead nowhere: no such file, or no such heading in it."""
    broken = []
    for target in re.findall(r"\]\(<?([^)\s>]+)>?[^)]*\)", without_blocks(text)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        goal = (page.parent / file).resolve() if file else page
        if not goal.exists():
            broken.append(target)
        elif anchor and goal.suffix == ".md" and anchor not in headings(goal.read_text(encoding="utf-8")):
            broken.append(target)
    return broken


def refused(arguments: list[str]) -> str:
    """Return why a command line cannot be used, "" when it can; nothing is run.

    A command's bare name is a mention of it. A settings file must exist where it is one of configs/, or given by its
    name; others are the reader's own.
    """
    if len(arguments) == 1 and arguments[0] in cli.COMMANDS:
        return ""
    try:
        args = cli.parse(arguments)
        if args.command == "train":
            overrides = [word for word in args.words if "=" in word]
            files = [word for word in args.words if "=" not in word and not word.isupper()]
            ours = [word for word in files if word.startswith("configs/") or Path(word).stem == word]
            load_config(ROOT / ours[0] if "/" in ours[0] else ours[0], overrides) if ours else build_config(
                {}, overrides
            )
    except ValueError as error:
        return str(error)
    except SystemExit:  # --help and --version
        return ""
    return ""


def unknown_settings(text: str) -> list[str]:
    """Return code in prose that looks like a setting, `section.name` or `section.name=value`, and is none."""
    known = dict(setting_names(Config))
    sections = {name.partition(".")[0] for name in known if "." in name}
    found = [re.match(r"(\w+)\.(\w+)(?==|$)", span) for span in code_spans(text)]
    dotted = [match[0] for match in found if match and match[1] in sections]
    return [name for name in dotted if name not in known and not name.endswith((".py", ".md", ".toml"))]


def missing_tests(text: str, known: set[str]) -> list[str]:
    """Return the tests that a page names in `code` and that there are not."""
    named = [span for span in code_spans(text) if re.fullmatch(r"test_\w+|tests/[\w/]+\.py", span)]
    return [name for name in named if name not in known]


def all_tests() -> set[str]:
    """Return the names of all tests and their files."""
    files = sorted((ROOT / "tests").rglob("*.py"))
    texts = [file.read_text(encoding="utf-8") for file in files]
    names = {name for text in texts for name in re.findall(r"^ *def (test_\w+)", text, re.MULTILINE)}
    return names | {name_of(file) for file in files}


def test_the_settings_page_is_what_the_settings_say():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == settings_page(), "out of date: python tools/settings_table.py > docs/settings.md"


def test_the_settings_page_shows_every_setting_in_one_row_of_four_cells():
    rows = [re.split(r"(?<!\\)\|", line) for line in settings_page().splitlines() if line.startswith("| `")]
    shown = [row[1].strip(" `") for row in rows]
    usual = {name for name, _ in setting_names(Config)}
    assert sorted(shown[: len(usual)]) == sorted(usual)
    every = usual.union(*({name for name, _ in setting_names(schema_of(method))} for method in SCHEMAS))
    assert set(shown) == every
    assert all(len(row) == 6 and all(cell.strip() for cell in row[1:5]) for row in rows)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page):
    assert broken_links(page, page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_shown_is_one_that_the_program_takes(page):
    found = commands(page.read_text(encoding="utf-8"))
    problems = [(arguments, problem) for arguments in found if (problem := refused(arguments))]
    assert problems == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_setting_and_test_that_is_named_exists(page):
    text = page.read_text(encoding="utf-8")
    assert unknown_settings(text) == []
    assert missing_tests(text, all_tests()) == []


def test_every_page_is_in_the_table_of_contents():
    index = ROOT / "docs" / "index.md"
    links = re.findall(r"\]\(([^)#]+)\)", index.read_text(encoding="utf-8"))
    listed = {(index.parent / link).resolve() for link in links}
    assert [name_of(page) for page in PAGES if page not in (index, README) and page not in listed] == []


def test_the_map_of_the_readme_names_every_package_once_lowest_level_first():
    named = re.findall(r"`alphazero/(\w+)/`", README.read_text(encoding="utf-8").partition("## The map")[2])
    packages = {file.parent.name for file in (ROOT / "alphazero").glob("*/__init__.py")}
    assert sorted(named) == sorted(packages)
    assert named == sorted(named, key=LEVELS.index)


def test_the_example_of_the_readme_runs(run_python):
    found = list(blocks(README.read_text(encoding="utf-8")))
    python = [content for language, content in found if language == "python"]
    examples = [code for code in python if re.search(r"^ *(import|from) .*\balphazero\b", code, re.MULTILINE)]
    assert examples, "README.md shows no ```python block that imports alphazero"
    result = run_python(examples[0])
    assert result.returncode == 0, result.stderr


def test_the_learning_page_names_every_event_and_every_field_of_a_generation():
    from alphazero.methods.expert_iteration import LEARNED
    from alphazero.methods.selfplay_counts import selfplay_row

    spans = set(code_spans((ROOT / "docs" / "learning.md").read_text(encoding="utf-8")))
    fields = {
        *selfplay_row({}),
        *LEARNED,
        "games",
        "positions",
        "minutes",
        "bad_steps",
        "window_positions",
        "fresh_policy_loss",
        "fresh_value_loss",
    }
    assert fields - spans == set()
    assert logged_events() - spans == set()


def logged_events() -> set[str]:
    """Return the events that runs and methods write by name."""
    events = set()
    for file in sorted([*(ROOT / "alphazero/run").glob("*.py"), *(ROOT / "alphazero/methods").glob("*.py")]):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            if isinstance(node.func, ast.Attribute) and node.func.attr == "log":
                events.add(node.args[0].value)
    assert {"generation", "rating", "match"} <= events
    return events | {"start", "resume"}


def test_the_worked_example_of_the_search_page_is_what_the_code_computes():
    from alphazero.config import SearchConfig
    from alphazero.search.rules import edge_score, exploration_weight, first_play_urgency, make_rule

    page = (ROOT / "docs" / "search.md").read_text(encoding="utf-8")
    rule, priors = make_rule(SearchConfig(), noise=False), (0.5, 0.3, 0.2)
    first, second = exploration_weight(rule, 1), exploration_weight(rule, 2)
    before = [edge_score(rule, first, 0.1, prior, 0) for prior in priors]
    unvisited = first_play_urgency.py_func(rule, -0.15, 0.5)
    after = [edge_score(rule, second, -0.4, 0.5, 1)]
    after += [edge_score(rule, second, unvisited, prior, 0) for prior in priors[1:]]
    assert before.index(max(before)) == 0 and after.index(max(after)) == 1
    numbers = [f"{first:.4f}", f"{second:.4f}", *(f"{x:.3f}" for x in [*before, unvisited, *after])]
    assert [number for number in numbers if number not in page] == []


@pytest.mark.parametrize(("text", "expected"), [
    ("```sh\nalphazero train a.toml \\\n  seed=2  # a comment\n```", [["train", "a.toml", "seed=2"]]),
    ("```\n$ alphazero games | head\nmake train\n```", [["games"]]),
    ("Type `alphazero play GAME [--simulations N] [--side first|second]`.",
     [["play", "GAME", "--simulations", "10", "--side", "first"]]),
    ('```bash\n.venv/bin/alphazero analyze g --moves "4 4" > out\n```', [["analyze", "g", "--moves", "4 4"]]),
    ("```python\nalphazero train\n```\nthe folder `alphazero/search`, `alphazero`", []),
])  # fmt: skip
def test_commands_are_found_wherever_and_however_they_are_written(text, expected):
    assert commands(text) == expected


@pytest.mark.parametrize("arguments", [
    ["trian"], ["play", "connect_four", "--modle", "m"], ["match", "random", "--game", "g"],
    ["train", "own.toml", "search.simulation=3"], ["train", "configs/gone.toml"],
    ["train", "gone"],
    ["train", "--resume", "RUN", "run.minutes=-1"], ["bench", "everything"],
])  # fmt: skip
def test_a_command_that_the_program_does_not_take_is_noticed(arguments):
    assert refused(arguments)


def test_a_broken_link_an_unknown_setting_and_a_missing_test_are_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A title, here\n")
    text = "[a](page.md#a-title-here) [b](page.md#b) [c](gone.md) [d](https://x.org) ![e](<no.png>)"
    assert broken_links(page, text) == ["page.md#b", "gone.md", "no.png"]
    assert unknown_settings("`search.rule` `search.rul=3` `search.py` `game.play`") == ["search.rul"]
    assert missing_tests("`test_here` `tests/test_gone.py` `tested`", {"test_here"}) == ["tests/test_gone.py"]
