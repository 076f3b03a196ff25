"""Players as text: which there are, what is read, what is refused and how."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import games
from alphazero.arena.kinds.common import SEARCH
from alphazero.arena.players import KINDS, find_kind, make_player, parse_player
from alphazero.config import SearchConfig, SelfplayConfig, TrainingConfig, option_of

GAME = games.make("tic_tac_toe")


@pytest.mark.parametrize("text, message", [
    ("", "unknown kind of player ''; known kinds: random, mcts"),
    ("mcts:simulations", "cannot read the player .* at 'simulations'"),
    ("mcts:simulations=", "cannot read the player"),
    ('mcts:path="a', "cannot read the player"),
    ("mcts:simulations=1,simulations=2", "sets 'simulations' twice"),
    ("randm", "unknown kind of player 'randm', did you mean 'random'"),
    ("random:speed=1", "player 'random': unknown option 'speed'; it has no options"),
    ("mcts:simulations=0", "player 'mcts': option simulations=0 is not possible: expected a whole number from 1 to"),
    ("model", "player 'model' needs path=...: the model's file"),
    ("factored-random", "unknown kind of player 'factored-random'"),
])  # fmt: skip
def test_unreadable_players_are_refused_in_one_line(text, message):
    with pytest.raises(ValueError, match=message) as error:
        parse_player(text)
    assert "\n" not in str(error.value)


def test_every_kind_is_found_and_its_defaults_are_allowed():
    assert "random" in KINDS and len(set(KINDS)) == len(KINDS)
    for name in KINDS:
        for option in find_kind(name).options:
            assert option.meaning and not option.meaning.endswith("."), (name, option.name)
            if not option.required and option.default is not None:
                assert option.parse(option.default_text) == option.default, (name, option.name)


def test_what_mirrors_a_setting_has_its_type_bounds_choices_and_default():
    for option in SEARCH:
        if option.name not in SearchConfig.model_fields:
            assert option.name in ("seconds", "temperature")
            continue
        setting = option_of(SearchConfig, option.name)
        assert (option.kind, option.low, option.high, option.choices) == (
            setting.kind,
            setting.low,
            setting.high,
            setting.choices,
        )
        assert option.default == (None if option.name == "simulations" else setting.default)


def test_settings_are_read_as_options():
    rule = option_of(SearchConfig, "rule")
    assert rule.choices == ("alphazero", "puct", "alphago", "uct") and rule.default == "alphazero"
    base = option_of(SearchConfig, "c_base", name="base")
    assert (base.name, base.kind, base.above, base.high) == ("base", float, 0.0, 1e12)
    assert base.meaning == "visits over which exploration of rule alphazero grows. AZ: 19652"
    assert option_of(TrainingConfig, "momentum").allowed == "a number of at least 0 and below 1"
    assert option_of(SelfplayConfig, "groups").allowed == "a whole number from 1 to 64"


PIECES = st.one_of(
    st.text(),
    st.sampled_from(
        [*KINDS, *',:="\\\n\x00 ', "nan", "inf", "1e999", "٣", "-1", "9" * 400, "factored-" * 1000]
    ),
    st.sampled_from(sorted({option.name for kind in KINDS for option in find_kind(kind).options})),
    st.integers().map(str),
    st.floats().map(str),
)
KNOWN = st.sampled_from([kind for kind in KINDS if kind not in ("model", "policy", "value")])


@settings(deadline=None, max_examples=200)
@given(
    text=st.one_of(
        st.lists(PIECES).map("".join),
        st.tuples(KNOWN, st.lists(PIECES)).map(lambda t: f"{t[0]}:{''.join(t[1])}"),
    )
)
def test_any_text_is_a_player_or_is_refused_in_one_line_at_once(text, time_limit):
    with time_limit(1.0):
        try:
            make_player(text, GAME, device="cpu")
        except ValueError as error:
            assert str(error).isprintable() and len(str(error)) < 1000
        except OSError:
            assert re.match(r"\s*(model|policy|value)\s*:", text)


@pytest.mark.parametrize("seed", [-1, 2**63, 2**64, 1.5])
def test_a_player_is_not_made_with_a_seed_that_is_none(seed):
    with pytest.raises(ValueError, match="seed .* is not possible"):
        make_player("random", GAME, seed=seed)
