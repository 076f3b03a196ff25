"""What a machine cannot do is refused in one line that names the setting and what would fit."""

from __future__ import annotations

import re

import pytest

import games
from alphazero.config import Experiment, load_config
from alphazero.run import limits, machine
from alphazero.run.limits import check_machine, settings_from_options


def checked(*overrides: str) -> None:
    config = load_config("connect_four_quick", ["device=cpu", *overrides])
    check_machine(config, games.parse(config.game))


@pytest.fixture(autouse=True)
def small_machine(monkeypatch):
    """A machine of two cores and 16 GB, half of them free."""
    monkeypatch.setattr(limits, "num_cores", lambda: 2)
    monkeypatch.setattr(limits, "total_memory", lambda: 16e9)
    monkeypatch.setattr(limits, "available_memory", lambda: 8e9)


@pytest.mark.parametrize(("overrides", "words"), [
    (["threads=64"], "threads=64: this machine has 2 cores: set threads to 2 or less, or to 0"),
    (["network.blocks=200", "network.channels=4096"], "network.blocks=200, network.channels=4096: a network of 60,401"),
    (["selfplay.parallel_games=100000", "search.memory_mb=100000"], "search.memory_mb=100000: the search trees may"),
    (["search.memory_mb=0.001"], "search.memory_mb=0.001 is too small: 256 trees"),
    (["selfplay.parallel_games=400000", "search.memory_mb=15000"], "set selfplay.parallel_games to "),
    (["training.batch_size=10000000"], "set training.batch_size to "),
    (["search.cache_mb=100000"], "set search.cache_mb to "),
    (["network.blocks=20", "network.channels=512", "selfplay.parallel_games=4096"], "one simulation of all games"),
    (["evaluation.simulations=9000000", "search.memory_mb=500"], "=9000000: search.memory_mb=500 is too small"),
])  # fmt: skip
def test_settings_beyond_the_machine_are_refused_in_one_line(overrides, words):
    with pytest.raises(ValueError) as error:
        checked(*overrides)
    assert words in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("setting", ["training.batch_size=10000000", "search.cache_mb=100000"])
def test_what_is_said_to_fit_fits(setting):
    with pytest.raises(ValueError) as error:
        checked(setting)
    name = setting.partition("=")[0]
    fit = re.search(rf"set {name} to (\d+) or less", str(error.value))
    assert fit
    checked(f"{name}={fit[1]}")


@pytest.mark.parametrize(
    "name", ["connect_four", "connect_four_quick", "chess", "go9", "go19", "othello", "hex7"]
)
def test_the_settings_that_come_with_alphazero_fit_a_laptop(name):
    config = load_config(name)
    check_machine(config, games.parse(config.game))


def test_a_method_without_search_is_checked_too():
    config = Experiment(game="tic_tac_toe", device="cpu")
    check_machine(config, games.parse(config.game))
    huge = config.network.model_copy(update={"blocks": 200, "channels": 4096})
    with pytest.raises(ValueError, match="a network of"):
        check_machine(config.model_copy(update={"network": huge}), games.parse(config.game))


def test_a_command_is_told_of_its_options_and_not_of_settings():
    names = {"selfplay.parallel_games": "--games", "search.simulations": "--simulations"}
    game = games.make("connect_four")
    with pytest.raises(ValueError, match="^--games: got 0; allowed"):
        settings_from_options({"selfplay.parallel_games": 0}, names, game)
    asked = {"selfplay.parallel_games": 400_000, "search.memory_mb": 15_000.0}
    with pytest.raises(ValueError, match="^--games 400000, --simulations 32: .* set --games to "):
        settings_from_options(asked, names, game)


def test_the_memory_of_a_container_counts_where_it_has_less(tmp_path):
    proc, group = tmp_path / "proc", tmp_path / "sys/fs/cgroup/box"
    (proc / "self").mkdir(parents=True)
    group.mkdir(parents=True)
    (proc / "meminfo").write_text("MemTotal: 16000000 kB\nMemAvailable: 9000000 kB\n")
    assert machine.available_memory(tmp_path) == 9_000_000 * 1024.0
    (proc / "self/cgroup").write_text("0::/box/inner\n")
    (group / "memory.max").write_text("4000000000\n")
    (group / "memory.current").write_text("3000000000\n")
    (group / "memory.stat").write_text("anon 5\ninactive_file 500000000\n")
    (group.parent / "memory.max").write_text("max\n")
    assert machine.total_memory(tmp_path) == 4e9
    assert machine.available_memory(tmp_path) == 1.5e9
    assert machine.available_memory(tmp_path / "no such system") > 1e8
