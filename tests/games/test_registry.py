"""Games as text: what is read, what is refused, and in which words."""

from importlib.metadata import EntryPoint

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import games
from games import registry
from games.registry import parse_spec


def test_the_games_of_this_repository_are_listed():
    assert games.names()[:4] == ("connect_four", "tic_tac_toe", "gomoku", "mnk")


def test_listing_games_loads_no_compiler(run_python):
    code = "import games, sys; games.info('gomoku'); print({'numba', 'numpy'} & set(sys.modules))"
    assert run_python(code).stdout.strip() == "set()"


@pytest.mark.parametrize("text, canonical", [
    ("connect_four", "connect_four:rows=6,cols=7,connect=4"),
    (" connect_four: cols=8 , rows=7", "connect_four:rows=7,cols=8,connect=4"),
    ("gomoku:exact=exactly-five", "gomoku:rows=15,cols=15,exact=1"),
    ("gomoku:exact=five-or-more", "gomoku:rows=15,cols=15,exact=0"),
    ("mnk:rows=3,cols=3,connect=3", "tic_tac_toe"),
    ("mnk:rows=9,cols=9,connect=5", "gomoku:rows=9,cols=9,exact=0"),
    ("tic_tac_toe:", "tic_tac_toe"),
    ("connect_four:rows=7.0", "connect_four:rows=7,cols=7,connect=4"),
])  # fmt: skip
def test_a_game_has_one_canonical_text(text, canonical):
    game = games.parse(text)
    assert games.spec(game) == canonical
    assert games.parse(canonical) is not None and games.parse(canonical) == game


@settings(deadline=None, max_examples=40, derandomize=True)
@given(rows=st.integers(1, 25), cols=st.integers(1, 25), connect=st.integers(1, 25), exact=st.integers(0, 1))
def test_every_mnk_game_reads_back_from_its_text(rows, cols, connect, exact):
    if connect > max(rows, cols):
        with pytest.raises(ValueError, match=f"connect={connect} is not possible on a board of {rows} x"):
            games.make("mnk", rows=rows, cols=cols, connect=connect, exact=exact)
        return
    game = games.make("mnk", rows=rows, cols=cols, connect=connect, exact=exact)
    assert games.parse(games.spec(game)) == game


@pytest.mark.parametrize("text, message", [
    ("conect_four", "unknown game 'conect_four', did you mean 'connect_four'\\?; known games: connect_"),
    ("", "unknown game ''; known games"),
    ("gomoku:row=9", "gomoku: unknown rule 'row', did you mean 'rows'\\?; it has rows, cols, exact"),
    ("tic_tac_toe:rows=3", "tic_tac_toe: unknown rule 'rows'; it has no rules to set"),
    ("gomoku:rows=4", "gomoku: rule rows=4 is not possible: expected a whole number from 5 to 25"),
    ("gomoku:rows=9.5", "rule rows=9.5 is not possible: expected a whole number"),
    ("gomoku:rows=nine", "rule rows='nine' is not possible: expected a whole number"),
    ("gomoku:rows=nan", "is not possible"), ("gomoku:rows=inf", "is not possible"),
    ("gomoku:exact=maybe", "exact='maybe' is not possible: expected one of five-or-more, exactly-"),
    ("gomoku:rows", "cannot read 'rows': expected rule=value"),
    ("gomoku:rows=", "cannot read 'rows=': expected rule=value"),
    ("gomoku:rows=9,rows=10", "gomoku:rows=9,rows=10.*'rows' stands twice"),
    ("factored-gomuku", "unknown game 'gomuku', did you mean 'gomoku'"),
    ("factored-factored-gomoku", "cannot be played in parts"),
])  # fmt: skip
def test_a_text_that_is_no_game_is_refused_in_one_line(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        games.parse(text)
    assert "\n" not in str(caught.value)


def test_equal_games_are_one_object():
    assert games.make("connect_four") is games.parse("connect_four:rows=6,cols=7,connect=4")


def test_numbers_are_read_as_numbers():
    assert parse_spec("go:size=9,komi=7.5,superko=positional") == (
        "go",
        {"size": 9, "komi": 7.5, "superko": "positional"},
    )


@pytest.mark.parametrize("value, message", [
    ("tests.games.nim:Nim", None),
    ("no_such_module:Game", "the game 'nim' cannot be loaded from 'no_such_module:Game': No module named"),
    ("tests.games.nim:NoSuchGame", "cannot be loaded from 'tests.games.nim:NoSuchGame': .*NoSuchGame"),
    ("tests.games.nim:np", "registered as the game 'nim', is no class made with @game_class"),
    ("tests.games.broken:Broken", "is registered as 'nim' but calls itself 'broken': use one name"),
])  # fmt: skip
def test_a_game_from_outside_is_loaded_or_refused_in_one_line(value, message, monkeypatch):
    entry = EntryPoint("nim", value, registry.ENTRY_POINT_GROUP)
    monkeypatch.setattr(registry, "_outside", lambda: {"nim": entry})
    assert games.names()[-1] == "nim"
    if message is None:
        assert games.spec(games.make("nim", heaps=2, size=3)) == "nim:heaps=2,size=3"
        return
    with pytest.raises(ValueError, match=message) as caught:
        games.make("nim")
    assert "\n" not in str(caught.value)
