"""Games as text: what is read, what is refused, and in which words."""

from importlib.metadata import EntryPoint

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import games
from games import registry


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
    ("gomoku:rows", "at 'rows': expected rule=value"),
    ("gomoku:rows=", "at 'rows=': expected rule=value"),
    ("gomoku:rows=9,rows=10", "gomoku:rows=9,rows=10.*sets 'rows' twice"),
    ("factored-gomuku", "unknown game 'gomuku', did you mean 'gomoku'"),
    ("factored-factored-gomoku", "cannot be played in parts"),
    ("factored-" * 1000 + "gomoku", "cannot be played in parts of parts: write factored- once"),
    ("factored-" * 1000, "cannot be played in parts of parts: write factored- once"),
    ("factored-", "unknown game ''"),
    (5, "the game 5 is no text"), (None, "the game None is no text"), (["go"], "is no text"),
    ("gomoku:rows=" + "9" * 401, "is not possible: expected a whole number from 5 to 25"),
    ("gomoku:rows=1e400", "is not possible"), ("gomoku:rows=٩", "rows='٩' is not possible"),
    ("go:komi=-1e5", "komi=-1e5 is not possible: expected a number from -400 to 400"),
    ("\x00\x1b[2J", r"unknown game '\\x00\\x1b\[2J'"),
    ("hex:size=20", "size=20 is not possible"), ("a" * 10**6, "has 1000000 characters"),
])  # fmt: skip
def test_a_text_that_is_no_game_is_refused_in_one_line(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        games.parse(text)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 400


PIECES = st.one_of(
    st.text(),
    st.sampled_from(
        [*games.names(), *',:="\\\n\x00 ', "factored-", "factored-" * 1000, "nan", "inf", "1e999", "٣", "-1"]
    ),
    st.sampled_from(sorted({rule.name for name in games.names() for rule in games.info(name).rules})),
    st.sampled_from(["9" * 400, "9" * 5000, "positional", "yes", "1_0", "0x9", "5.0"]),
    st.integers().map(str),
    st.floats().map(str),
)


@pytest.fixture(scope="module")
def all_games_loaded():
    """Load the code of every game, which takes its time."""
    return [games.make(name) for name in games.names()]


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_any_text_is_a_game_or_is_refused_in_one_line_at_once(data, all_games_loaded, time_limit):
    name = data.draw(st.sampled_from([*games.names(), "factored-chess", ""]))
    rules = [rule.name for rule in games.info(name).rules] if name else []
    setting = st.tuples(st.sampled_from(rules or [""]), PIECES).map("=".join)
    text = ":".join(
        filter(None, [name, ",".join(data.draw(st.lists(st.one_of(setting, PIECES), max_size=4)))])
    )
    with time_limit(1.0):
        try:
            game = games.parse(text)
        except ValueError as error:
            assert str(error).isprintable() and len(str(error)) < 400
        else:
            assert games.parse(games.spec(game)) == game


@given(
    st.one_of(
        st.none(),
        st.integers(),
        st.floats(),
        st.binary(),
        st.lists(st.text()),
        st.dictionaries(st.text(), st.text()),
    )
)
def test_what_is_no_text_is_no_game(value):
    with pytest.raises(ValueError, match="is no text"):
        games.parse(value)
    with pytest.raises(ValueError, match="is no text"):
        games.make(value)


def test_equal_games_are_one_object():
    assert games.make("connect_four") is games.parse("connect_four:rows=6,cols=7,connect=4")


def test_numbers_are_read_as_numbers():
    rules = games.info("go").check({"size": "9", "komi": "7", "superko": "positional"})
    assert (rules["size"], rules["komi"], rules["superko"], rules["history"]) == (9, 7.0, 1, 8)
    assert type(rules["komi"]) is float and type(rules["size"]) is int


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
