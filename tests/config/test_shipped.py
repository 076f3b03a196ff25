"""Settings that come with alphazero are found by name, from a checkout and from an installed wheel."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from alphazero.config import ConfigError, load_config, shipped

ROOT = Path(__file__).parents[2]


def test_a_bare_name_means_the_settings_that_come_with_alphazero(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_config("connect_four_quick") == load_config(ROOT / "configs" / "connect_four_quick.toml")
    assert load_config("othello", ["run.minutes=7"]).run.minutes == 7


def test_a_file_here_and_a_path_are_taken_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("chess").write_text("seed = 99\n")
    assert load_config("chess").seed == 99
    with pytest.raises(
        ConfigError, match="othello.toml: no such settings file, did you mean 'othello', which comes"
    ):
        load_config("othello.toml")


def test_an_unknown_name_is_refused_with_the_nearest_and_all_names():
    with pytest.raises(ConfigError) as error:
        load_config("conect_four_quick")
    assert "did you mean 'connect_four_quick'?" in str(error.value)
    assert all(path.stem in str(error.value) for path in (ROOT / "configs").glob("*.toml"))


def test_a_wheel_holds_the_settings_where_they_are_looked_for(tmp_path, monkeypatch):
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {"configs": "alphazero/configs"}
    folder = tmp_path / "site-packages" / "alphazero" / "configs"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text("seed = 5\n")
    monkeypatch.setattr(shipped, "PACKAGE", tmp_path / "site-packages" / "alphazero")
    assert shipped.shipped_names() == ["mine"] and load_config("mine").seed == 5
