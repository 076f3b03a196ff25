"""Players as text: what is read, what is refused and how."""

import pytest

from alphazero.arena.players import KIND_MODULES, find_kind, kind_names, parse_player
from alphazero.arena.spec import REQUIRED, Option, check_options, format_spec, parse_spec


@pytest.mark.parametrize(
    "text, kind, options",
    [
        ("random", "random", {}),
        (" mcts:simulations=1000 ", "mcts", {"simulations": "1000"}),
        (
            "model:path=runs/c4/best.safetensors,simulations=600",
            "model",
            {"path": "runs/c4/best.safetensors", "simulations": "600"},
        ),
        (
            'gtp:command="gnugo --mode gtp, --level 10",level=3',
            "gtp",
            {"command": "gnugo --mode gtp, --level 10", "level": "3"},
        ),
        (r'gtp:command="say \"hi\" \\ there"', "gtp", {"command": r'say "hi" \ there'}),
        ('gtp:command="a=b" , level=3', "gtp", {"command": "a=b", "level": "3"}),
    ],
)
def test_text_splits_into_kind_and_options(text, kind, options):
    assert parse_spec(text) == (kind, options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"simulations": 10},
        {"path": "a b.safetensors"},
        {"command": 'x "y", \\z=1'},
        {"gumbel": True, "c": 1.5},
    ],
)
def test_written_players_are_read_back(options):
    kind, read = parse_spec(format_spec("kind", options))
    assert kind == "kind"
    assert read == {
        key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in options.items()
    }


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "cannot read the player"),
        ("mcts:", "cannot read the player"),
        ("mcts:simulations", "cannot read the player .* at 'simulations'"),
        ("mcts:simulations=", "cannot read the player"),
        ('mcts:path="a', "cannot read the player"),
        ("mcts:simulations=1,simulations=2", "sets simulations twice"),
        ("randm", "unknown kind of player 'randm', did you mean 'random'"),
        ("random:speed=1", "player 'random': unknown option 'speed'; it has no options"),
    ],
)
def test_unreadable_players_are_refused_in_one_line(text, message):
    with pytest.raises(ValueError, match=message) as error:
        parse_player(text)
    assert "\n" not in str(error.value)


OPTIONS = {
    "simulations": Option(int, 100, "simulations a move", minimum=1),
    "share": Option(float, 0.5, "a share", minimum=0, maximum=1),
    "rule": Option(str, "puct", "the rule", choices=("puct", "uct")),
    "deep": Option(bool, False, "whether deep"),
    "path": Option(str, REQUIRED, "the file"),
}


def test_options_are_typed_and_defaults_filled_in():
    values = check_options("kind", OPTIONS, {"path": "x", "deep": "yes", "share": "0.25"})
    assert values == {"simulations": 100, "share": 0.25, "rule": "puct", "deep": True, "path": "x"}


@pytest.mark.parametrize(
    "given, message",
    [
        ({}, "needs path=...: the file"),
        (
            {"path": "x", "simulations": "0"},
            "simulations='0' is not possible: expected a whole number of at least 1",
        ),
        ({"path": "x", "simulations": "1.5"}, "expected a whole number of at least 1"),
        ({"path": "x", "share": "nan"}, "expected a number of at least 0 and at most 1"),
        ({"path": "x", "rule": "ucb"}, "expected one of puct, uct"),
        ({"path": "x", "deep": "maybe"}, "expected true or false"),
        ({"path": "x", "simulation": "3"}, "unknown option 'simulation', did you mean 'simulations'"),
    ],
)
def test_impossible_options_are_refused_with_what_is_allowed(given, message):
    with pytest.raises(ValueError, match=message):
        check_options("kind", OPTIONS, given)


def test_every_kind_is_found_and_its_defaults_are_allowed():
    assert kind_names() == tuple(KIND_MODULES)
    for name in kind_names():
        for key, option in find_kind(name).options.items():
            if not option.required and option.default is not None:
                assert option.parse(str(option.default)) == option.default, (name, key)
