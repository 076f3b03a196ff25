"""The settings: what is read, what is refused, and in which words."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import games
from alphazero.arena.players import make_player
from alphazero.config import (
    Config,
    ConfigError,
    SearchConfig,
    build_config,
    load_config,
    with_overrides,
)
from alphazero.config.fields import setting_names
from alphazero.config.text import parse_overrides

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.toml"))


def error_of(tmp_path: Path, text: str, *overrides: str) -> str:
    """Return the one line that settings are refused with; fail when they are taken or there are more."""
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path, list(overrides))
    message = str(caught.value).replace(str(path), "x.toml")
    assert "\n" not in message
    return message


def test_every_setting_has_a_meaning_and_a_default_that_is_allowed():
    names = dict(setting_names(Config))
    assert {"game", "search.simulations", "run.folder", "evaluation.anchors"} <= names.keys()
    assert all(field.description and field.description.endswith(".") for field in names.values())
    assert build_config({}) == Config()


def test_what_is_written_is_read_back_equal():
    config = build_config(
        {"game": "tic_tac_toe", "evaluation": {"anchors": ["random", "mcts:simulations=9"]}},
        ["search.c_init=0.1", "run.folder=runs/a b"],
    )
    assert build_config(tomllib.loads(config.to_toml())) == config
    assert config.evaluation.anchors == ("random", "mcts:simulations=9")


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_the_settings_files_of_the_project_are_valid(path):
    config = load_config(path)
    assert config.to_toml()
    game = games.parse(config.game)
    for player in (*config.evaluation.anchors, config.evaluation.final_opponent):
        if player:
            make_player(player, game)


def test_settings_cannot_be_changed_in_place():
    with pytest.raises(ValueError, match="frozen"):
        Config().search.simulations = 3


def test_overrides_are_read_as_toml_and_otherwise_as_text():
    texts = [
        "a=64",
        "b=1e-3",
        "c=true",
        "d=False",
        "e=connect_four:rows=6,cols=7",
        'f=["x", "y"]',
        "g=",
        "h = 'x'",
    ]
    assert parse_overrides(texts) == {
        "a": 64,
        "b": 1e-3,
        "c": True,
        "d": False,
        "e": "connect_four:rows=6,cols=7",
        "f": ["x", "y"],
        "g": "",
        "h": "x",
    }


def test_the_last_of_equal_overrides_counts_and_overrides_win_over_the_file(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("[search]\nsimulations = 3\nc_init = 2\n")
    search = load_config(path, ["search.simulations=4", "search.simulations=5"]).search
    assert (search.simulations, search.c_init) == (5, 2.0)
    assert load_config(path, {"search.simulations": 6}).search.simulations == 6
    assert with_overrides(load_config(path), ["seed=9"]).search.simulations == 3


@pytest.mark.parametrize(("text", "overrides", "message"), [
    ("[search]\nsimulatons = 3", [],
     "x.toml: search.simulatons: unknown setting, did you mean 'search.simulations'?"),
    ("simulations = 3", [], "x.toml: simulations: unknown setting, did you mean 'search.simulations'?"),
    ("[serch]\nsimulations = 3", [], "x.toml: serch: unknown setting, did you mean 'search'?"),
    ("[replay]\nxyz = 3", [],
     "x.toml: replay.xyz: unknown setting; settings of [replay]: window_min, window_max, window_growth, "
     "surprise_weight"),
    ("[search]\nsimulations = 0", [],
     "x.toml: search.simulations: got 0; allowed: a whole number from 1 to 10,000,000"),
    ("[search]\nsimulations = '64'", [],
     "x.toml: search.simulations: got '64'; allowed: a whole number from 1 to 10,000,000"),
    ("[search]\nsimulations = 1.5", [],
     "x.toml: search.simulations: got 1.5; allowed: a whole number from 1 to 10,000,000"),
    ("[search]\nroot_noise_fraction = 1.01", [],
     "x.toml: search.root_noise_fraction: got 1.01; allowed: a number from 0 to 1"),
    ("[training]\nlearning_rate = nan", [],
     "x.toml: training.learning_rate: got nan; allowed: a number above 0 and at most 100"),
    ("[search]\nreuse_subtree = 1", [], "x.toml: search.reuse_subtree: got 1; allowed: true or false"),
    ("device = 'cudda'", [],
     "x.toml: device: got 'cudda'; allowed: one of auto, cpu, cuda; did you mean 'cuda'?"),
    ("game = ''", [], "x.toml: game: got ''; allowed: a text, not empty"),
    ("search = 3", [], "x.toml: search: got 3; it is a section: set [search] or search.<name>"),
    ("", ["search.simulations=0"],
     "override search.simulations: got 0; allowed: a whole number from 1 to 10,000,000"),
    ("", ["search.simulatons=9"],
     "override search.simulatons: unknown setting, did you mean 'search.simulations'?"),
    ("", ["evaluation.anchors=random"],
     "override evaluation.anchors: got 'random'; allowed: a list of texts, such as [\"random\"]"),
    ("", ["search"], "override 'search': expected path=value, such as search.simulations=64"),
    ("", ["search..x=1"], "override 'search..x=1': expected path=value, such as search.simulations=64"),
    ("seed = 1", ["seed.x=1"], "override 'seed.x': seed is a value, not a section"),
    ("[replay]\nwindow_min = 600000", [], "x.toml: replay: window_min=600000 is above window_max=500000"),
    ("[training]\nschedule = 'cosine'", [],
     'x.toml: training.schedule="cosine" needs an end: set run.minutes or run.generations'),
    ("[search]\ngumbel = true\nforced_visits = 2.0", [],
     "x.toml: search: forced_visits=2.0 belongs to searches with Dirichlet noise: set it to 0 with gumbel=true"),
    ("[search]\nsimulations = 8\n[selfplay]\nfull_search_fraction = 0.5", [],
     "x.toml: selfplay.fast_simulations=16 is above search.simulations=8"),
])  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place_and_what_is_allowed(tmp_path, text, overrides, message):
    assert error_of(tmp_path, text, *overrides) == message


def test_settings_of_earlier_versions_load_where_they_changed_nothing(tmp_path):
    path = tmp_path / "old.toml"
    path.write_text("[training]\nfirst_blocks = 0\ngrow_at = 0.5\nbatch_size = 64\n")
    assert load_config(path).training.batch_size == 64
    assert load_config(path, ["training.grow_at=0.1"]) == load_config(path)
    assert error_of(tmp_path, "[training]\nfirst_blocks = 2") == (
        "x.toml: training.first_blocks=2: this setting is gone: leave it out, or use an earlier version"
    )


def test_forced_visits_are_read_under_their_earlier_name(tmp_path):
    path = tmp_path / "old.toml"
    path.write_text("[search]\nforced_playouts = 2.0\n")
    assert load_config(path).search.forced_visits == 2.0
    assert load_config(path, ["search.forced_playouts=3"]).search.forced_visits == 3.0
    assert "forced_playouts" not in load_config(path).to_toml()
    assert error_of(tmp_path, "[search]\nforced_playouts = -1.0") == (
        "x.toml: search.forced_visits: got -1.0; allowed: a number from 0 to 1000"
    )


def test_a_renamed_setting_is_read_under_both_names_but_not_twice(tmp_path, monkeypatch):
    monkeypatch.setattr("alphazero.config.earlier.RENAMED", {"search.sims": "search.simulations"})
    path = tmp_path / "old.toml"
    path.write_text("[search]\nsims = 20\n")
    assert load_config(path).search.simulations == 20
    assert error_of(tmp_path, "[search]\nsims = 20\nsimulations = 30") == (
        "x.toml: search.sims is now called search.simulations, and both are given: leave out search.sims"
    )


def test_broken_toml_is_refused_with_file_and_line(tmp_path):
    assert error_of(tmp_path, "seed = 1\n[search\n").startswith("x.toml: not valid TOML: ")
    assert "line 2" in error_of(tmp_path, "seed = 1\n[search\n")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(b"seed = 1 # \xff")
    with pytest.raises(ConfigError, match="not a text file in UTF-8"):
        load_config(path)


def test_a_missing_file_is_refused_with_the_nearest_one(tmp_path):
    (tmp_path / "connect_four.toml").write_text("")
    with pytest.raises(ConfigError, match=r"conect_four.toml: no such settings file, did you mean .*connect"):
        load_config(tmp_path / "conect_four.toml")


def test_several_problems_are_told_in_one_line(tmp_path):
    message = error_of(tmp_path, "seed = -1\nthreads = -1\n[search]\nsimulations = 0\nc_init = -1\nx = 1\n")
    assert message.count("x.toml: ") == 3 and message.endswith("; and 2 more")


@given(st.text(), st.text())
def test_no_override_does_anything_but_set_a_value_or_raise_a_config_error_of_one_line(name, value):
    try:
        build_config({}, [f"{name}={value}"])
    except ConfigError as error:
        assert "\n" not in str(error)


def test_a_section_can_stand_alone():
    assert SearchConfig(simulations=7).simulations == 7
