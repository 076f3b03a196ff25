"""Options and their texts: what is read, what is refused, in which words; names that are nearly right; seeds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from games.options import (
    MAX_SEED,
    REQUIRED,
    Option,
    check_options,
    check_seed,
    derived_seed,
    described,
    did_you_mean,
    format_spec,
    nearest,
    parse_spec,
    shown,
)

OPTIONS = (
    Option("simulations", int, 100, "simulations a move", low=1),
    Option("share", float, 0.5, "a share", low=0, high=1),
    Option("rule", str, "puct", "the rule", choices=("puct", "uct")),
    Option("ko", int, 1, "the ko rule", choices=("simple", "positional")),
    Option("deep", bool, False, "whether deep"),
    Option("path", str, REQUIRED, "the file"),
)


@pytest.mark.parametrize("text, name, options", [
    ("random", "random", {}),
    ("random:", "random", {}),
    (" mcts:simulations=1000 ", "mcts", {"simulations": "1000"}),
    ("go:size=9,komi=7.5,superko=positional", "go", {"size": "9", "komi": "7.5", "superko": "positional"}),
    ("go: size = 9 , komi=7,,", "go", {"size": "9", "komi": "7"}),
    ("factored-chess:history=1", "factored-chess", {"history": "1"}),
    ("model:path=runs/c4/best.safetensors,simulations=600", "model",
     {"path": "runs/c4/best.safetensors", "simulations": "600"}),
    ('gtp:command="gnugo --mode gtp, --level 10",level=3', "gtp",
     {"command": "gnugo --mode gtp, --level 10", "level": "3"}),
    (r'gtp:command="say \"hi\" \\ there"', "gtp", {"command": r'say "hi" \ there'}),
    ('gtp:command="a=b" , level=3', "gtp", {"command": "a=b", "level": "3"}),
    ('x:path=""', "x", {"path": ""}),
])  # fmt: skip
def test_a_text_splits_into_a_name_and_options(text, name, options):
    assert parse_spec(text) == (name, options)


@given(st.dictionaries(st.from_regex(r"[A-Za-z_]\w*", fullmatch=True), st.text(), max_size=4))
def test_what_is_written_is_read_back_whatever_stands_in_it(options):
    assert parse_spec(format_spec("name", options)) == ("name", options)


def test_numbers_and_truth_values_are_written_as_they_are_read():
    text = format_spec("name", {"n": 10, "c": 1.5, "gumbel": True, "path": "a b.safetensors"})
    assert text == 'name:n=10,c=1.5,gumbel=true,path="a b.safetensors"'


@pytest.mark.parametrize("text, message", [
    ("mcts:simulations", "cannot read the player 'mcts:simulations' at 'simulations': expected option=value"),
    ("mcts:simulations=", "at 'simulations=': expected option=value"),
    ("mcts:simulations= ", "expected option=value"),
    ('mcts:path="a', "cannot read the player .* at 'path=\"a'"),
    ('mcts:path="a"b', "cannot read the player"),
    ("mcts:=3", "at '=3'"),
    ("mcts:simulations=1,simulations=2", "sets 'simulations' twice: leave one"),
    (5, "the player 5 is no text: expected name or name:option=value"),
    (b"go", "the player b'go' is no text"),
    ("go:" + "size=9," * 10_000, "has 70003 characters: expected at most 10000"),
])  # fmt: skip
def test_unreadable_texts_are_refused_in_one_line(text, message):
    with pytest.raises(ValueError, match=message) as error:
        parse_spec(text)
    assert str(error.value).isprintable() and len(str(error.value)) < 400


@pytest.mark.parametrize("filler", [" ", ",", "\\", '"', "=", "a", "a=", "a= ", 'a="', '\\"', "\x00"])
def test_no_text_takes_long_to_be_refused(filler, time_limit):
    for start in ("x:", "x:a=", "x:a=b", 'x:a="'):
        text = start + filler * (2_000 // len(filler)) + '"'
        with time_limit(0.5):
            try:
                parse_spec(text)
            except ValueError as error:
                assert str(error).isprintable()


def test_options_are_typed_and_defaults_filled_in():
    values = check_options("x", OPTIONS, {"path": "x", "deep": "yes", "share": "0.25", "ko": "simple"})
    expected = {"simulations": 100, "share": 0.25, "rule": "puct", "ko": 0, "deep": True, "path": "x"}
    assert values == expected and [type(value) for value in values.values()] == [
        int,
        float,
        str,
        int,
        bool,
        str,
    ]


@pytest.mark.parametrize("given, message", [
    ({}, "x needs path=...: the file"),
    ({"path": "x", "simulations": "0"},
     "x: option simulations=0 is not possible: expected a whole number of at least 1"),
    ({"path": "x", "simulations": "1.5"}, "expected a whole number of at least 1"),
    ({"path": "x", "simulations": "1e400"}, "expected a whole number of at least 1"),
    ({"path": "x", "simulations": "٣"}, "expected a whole number of at least 1"),
    ({"path": "x", "simulations": "9" * 5000}, "expected a whole number of at least 1"),
    ({"path": "x", "share": "nan"}, "share='nan' is not possible: expected a number from 0 to 1"),
    ({"path": "x", "share": float("inf")}, "share=inf is not possible: expected a number from 0 to 1"),
    ({"path": "x", "rule": "ucb"}, "expected one of puct, uct; did you mean 'uct'"),
    ({"path": "x", "rule": 0}, "rule=0 is not possible: expected one of puct, uct"),
    ({"path": "x", "ko": "2"}, "ko=2 is not possible: expected one of simple, positional"),
    ({"path": "x", "deep": "maybe"}, "expected true or false"),
    ({"path": 3}, "path=3 is not possible: expected a text"),
    ({"path": "x", "simulation": "3"}, "unknown option 'simulation', did you mean 'simulations'"),
    ({"path": "x", "simulations": [1]}, "expected a whole number of at least 1"),
])  # fmt: skip
def test_impossible_options_are_refused_with_what_is_allowed(given, message):
    with pytest.raises(ValueError, match=message.replace("...", "[.]{3}")) as error:
        check_options("x", OPTIONS, given)
    assert str(error.value).isprintable() and len(str(error.value)) < 400


@pytest.mark.parametrize("value", ["7", " 7 ", "+7", "7.0", "0.7e1", 7, 7.0, np.int8(7), np.float32(7.0)])
def test_a_whole_number_is_read_however_it_is_written(value):
    found = OPTIONS[0].parse(value)
    assert found == 7 and type(found) is int


def test_whole_numbers_keep_all_their_digits():
    assert OPTIONS[0].parse(str(2**63 - 1)) == 2**63 - 1


@pytest.mark.parametrize("bounds, words", [
    ({}, "a number"), ({"low": 0}, "a number of at least 0"), ({"high": 10_000_000}, "a number of at most 10,000,000"),
    ({"low": 0, "high": 1e6}, "a number from 0 to 1e+06"), ({"above": 0.5}, "a number above 0.5"),
    ({"above": 0, "high": 100}, "a number above 0 and at most 100"),
    ({"low": 0.0, "below": 1.0}, "a number of at least 0 and below 1"), ({"below": 1}, "a number below 1"),
])  # fmt: skip
def test_bounds_are_said_in_words_and_hold(bounds, words):
    option = Option("x", float, 0.0, "", **bounds)
    assert option.allowed == words
    for name, bound in bounds.items():
        inside = {"low": bound, "high": bound, "above": bound + 0.1, "below": bound - 0.1}[name]
        outside = {"low": bound - 0.1, "high": bound + 0.1, "above": bound, "below": bound}[name]
        assert option.parse(inside) == inside
        with pytest.raises(ValueError):
            option.parse(outside)


def test_options_are_described_in_one_line_each():
    assert described(OPTIONS[2:4]) == [
        "  rule  the rule (one of puct, uct; default puct)",
        "  ko    the ko rule (one of simple, positional; default positional)",
    ]
    assert described(OPTIONS[4:]) == [
        "  deep  whether deep (true or false; default false)",
        "  path  the file (a text; required)",
    ]
    assert described((Option("n", int, None, "simulations, as many as seconds allow", low=1),)) == [
        "  n  simulations, as many as seconds allow (a whole number of at least 1; default none)"
    ]
    assert described(()) == []


@pytest.mark.parametrize("name, known, near", [
    ("randm", ["mcts", "random"], "random"), ("RANDOM", ["mcts", "random"], "random"),
    ("xyz", ["mcts", "random"], None), ("", ["mcts"], None), ("mcts" * 1000, ["mcts" * 1000], None),
    ("serch.simulatons", ["selfplay.fast_simulations", "search.simulations"], "search.simulations"),
    ("simulations", ["evaluation.simulations", "search.simulations"], "search.simulations"),
    ("replay.xyz", ["replay.window_min", "run.folder"], None),
])  # fmt: skip
def test_the_nearest_name_is_found_where_one_is_near(name, known, near):
    assert nearest(name, known) == near
    assert did_you_mean(name, known) == ("" if near is None else f", did you mean {near!r}?")


@given(st.one_of(st.text(), st.integers(), st.binary(), st.just(10**5000), st.just("x" * 10**6)))
def test_whatever_is_given_is_shown_in_one_short_line(value):
    assert shown(value).isprintable() and len(shown(value)) <= 80


def test_what_describes_itself_in_lines_is_shown_in_one():
    class Lines:
        def __repr__(self):
            return "one\ntwo\x1b[2J"

    assert shown(Lines()) == r"'one\ntwo\x1b[2J'"


@pytest.mark.parametrize("seed", [0, 1, MAX_SEED, np.uint64(7), True])
def test_whole_numbers_below_2_63_are_seeds(seed):
    assert check_seed(seed) == int(seed) and type(check_seed(seed)) is int


@pytest.mark.parametrize("seed", [-1, 2**63, 2**64, 1.0, "1", None, np.uint64(2**63)])
def test_other_seeds_are_refused_in_one_line(seed):
    with pytest.raises(
        ValueError, match=r"^seed .* is not possible: expected a whole number from 0 to 2\*\*63 - 1$"
    ):
        check_seed(seed)


def test_a_seed_too_long_to_be_written_is_refused_in_one_line():
    with pytest.raises(ValueError, match="^seed <int> is not possible"):
        check_seed(10**5000)


def test_seeds_derived_from_the_last_one_are_seeds():
    assert derived_seed(3, 4) == 7 and derived_seed(MAX_SEED, 1) == 0
