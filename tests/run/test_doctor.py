"""Every check of the doctor finds what it is for, and finds nothing in a healthy run."""

from __future__ import annotations

import contextlib
import functools
import json
import math
from unittest import mock

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alphazero.commands import doctor as command
from alphazero.config import Config, ConfigError, Experiment, build_config
from alphazero.config.fields import option_of, setting_names
from alphazero.config.imitation import ImitationConfig
from alphazero.config.loading import SCHEMAS, schema_of
from alphazero.methods import checks
from alphazero.methods.checks import checks_of
from alphazero.methods.training import METHODS
from alphazero.run import busy, doctor
from tests.test_cli import error_line, run

HEALTHY = {
    "event": "generation", "network_share": 0.8, "policy_entropy": 1.0, "policy_loss": 1.0, "value_loss": 0.6,
    "fresh_value_loss": 0.65, "value_accuracy": 0.85, "gradient_norm": 0.6, "first_wins": 130, "draws": 30,
    "second_wins": 96, "distinct_games": 250, "game_length_mean": 28.0, "window_positions": 120_000, "bad_steps": 0,
    "would_resign": 100, "wrong_resigns": 2,
}  # fmt: skip


IMITATED = {
    "event": "generation", "policy_entropy": 0.9, "policy_loss": 1.0, "value_loss": 0.6, "value_accuracy": 0.8,
    "policy_accuracy": 0.6, "gradient_norm": 0.6, "held_out_policy_loss": 1.1, "held_out_value_loss": 0.65,
    "held_out_accuracy": 0.55, "bad_steps": 0,
}  # fmt: skip


def healthy(count: int = 30, row: dict = HEALTHY, **changes) -> list[dict]:
    """Return the lines of a run whose losses fall; `changes` are those of the last third."""
    rows = []
    for n in range(count):
        more = 0.9 - 0.9 * n / count
        moved = {key: row[key] + more for key in row if key.endswith("policy_loss")}
        moved["policy_loss"] = 1.9 - 0.9 * n / count
        rows.append({**row, **moved, "generation": n + 1})
    for last in rows[-(count // 3) :]:
        last.update(changes)
    return rows


def record(rows: list[dict], config: Experiment | None = None, ratings: list[dict] | None = None):
    return doctor.RunRecord(config or Config(), 7, rows, ratings or [])


def examine(
    rows: list[dict], config: Experiment | None = None, ratings: list[dict] | None = None
) -> list[str]:
    run = record(rows, config, ratings)
    return [finding.name for finding in doctor.examine(run, checks_of(run.config.method))]


def rating(elo: float) -> dict:
    return {"players": {"now": [elo, elo - 50, elo + 50]}, "current": "now"}


def test_a_healthy_run_has_no_findings():
    assert examine(healthy(), ratings=[rating(0), rating(100), rating(80)]) == []


@pytest.mark.parametrize(("changes", "name"), [
    ({"network_share": 0.3}, "the network is idle"),
    ({"policy_entropy": 0.05}, "the policy has collapsed"),
    ({"policy_loss": 1.89}, "the policy is not learned"),
    ({"fresh_value_loss": 0.9}, "the value over-fits"),
    ({"value_accuracy": 0.5}, "the value says nothing"),
    ({"gradient_norm": 0.0}, "the value says nothing"),
    ({"distinct_games": 100}, "games repeat"),
    ({"first_wins": 255, "draws": 1, "second_wins": 0}, "games are one-sided"),
    ({"window_positions": 9_000}, "the replay window is small"),
    ({"bad_steps": 3}, "steps were skipped"),
    ({"fresh_policy_loss": 1.9}, "the policy over-fits"),
    ({"wrong_resigns": 20}, "players resign too early"),
], ids=str)  # fmt: skip
def test_each_sign_is_found_alone(changes, name):
    assert examine(healthy(**changes)) == [name]


def test_few_simulations_are_found_unless_gumbel_search_makes_do_with_them():
    few = build_config({"search": {"simulations": 8}})
    assert examine(healthy(), few) == ["few simulations for so many moves"]
    assert examine(healthy(), build_config({"search": {"simulations": 8, "gumbel": True}})) == []


def test_a_fall_in_strength_is_found_where_the_intervals_are_apart():
    assert examine(healthy(), ratings=[rating(0), rating(300), rating(100)]) == ["play became weaker"]


def test_lines_of_older_versions_without_a_field_are_no_finding():
    rows = [{k: v for k, v in row.items() if k != "fresh_value_loss"} for row in healthy()]
    assert examine(rows) == []
    assert examine([{**row, "value_loss": None, "fresh_value_loss": None} for row in healthy()]) == []


def test_the_command_tells_findings_and_exits_with_1(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(busy, "share_of_others", lambda: 0.0)
    (tmp_path / "config.toml").write_text('game = "connect_four"\n')
    metrics = tmp_path / "metrics.jsonl"
    metrics.write_text("".join(json.dumps(row) + "\n" for row in healthy()))
    status, out, _ = run(capsys, "doctor", str(tmp_path))
    assert (
        status == 0 and out == f"no findings in 30 generations, {len(checks_of('expert_iteration'))} checks\n"
    )
    metrics.write_text("".join(json.dumps(row) + "\n" for row in healthy(network_share=0.2)))
    status, out, _ = run(capsys, "doctor", str(tmp_path), "--json")
    assert status == command.FOUND and json.loads(out)["findings"][0]["name"] == "the network is idle"


def test_runs_that_cannot_be_examined_are_one_line(tmp_path, capsys):
    assert "missing" in error_line(capsys, "doctor", str(tmp_path / "missing"))
    (tmp_path / "config.toml").write_text('game = "connect_four"\n')
    (tmp_path / "metrics.jsonl").write_text(json.dumps(healthy()[0]) + "\n")
    assert "1 generation so far: a diagnosis needs at least 3" in error_line(capsys, "doctor", str(tmp_path))


@pytest.mark.parametrize(("changes", "names"), [
    ({}, []),
    ({"held_out_policy_loss": 1.5}, ["the policy over-fits"]),
    ({"held_out_value_loss": 0.9}, ["the value over-fits"]),
    ({"held_out_value_loss": 0.7, "value_loss": 0.57}, ["the value is learned by heart"]),
    ({"held_out_policy_loss": 1.64, "policy_loss": 1.37}, ["the policy is learned by heart"]),
    ({"gradient_norm": 0.0}, ["the value says nothing"]),
    ({"bad_steps": 1}, ["steps were skipped"]),
], ids=str)  # fmt: skip
def test_imitation_has_checks_of_its_own(changes, names):
    assert examine(healthy(row=IMITATED, **changes), ImitationConfig()) == names


def test_games_held_out_are_missed_where_there_are_none():
    rows = [
        {**row, "held_out_policy_loss": None, "held_out_value_loss": math.nan}
        for row in healthy(row=IMITATED)
    ]
    (finding,) = doctor.examine(record(rows, ImitationConfig()), checks_of("imitation"))
    assert finding.name == "nothing is held out" and finding.change(ImitationConfig()).startswith(
        "imitate more"
    )
    config = build_config({"method": "imitation", "imitation": {"held_out": 0.0}})
    (finding,) = doctor.examine(record(rows, config), checks_of("imitation"))
    assert finding.change(config) == "raise imitation.held_out from 0 to 0.1 (in a new run)"
    config = build_config({"method": "imitation", "imitation": {"held_out": 0.5}})  # of a single game
    (finding,) = doctor.examine(record(rows, config), checks_of("imitation"))
    assert finding.advice == ()


@pytest.mark.parametrize("method", sorted(SCHEMAS))
def test_columns_that_a_run_does_not_have_are_no_finding(method):
    config = build_config({"method": method})
    for rows in ([{"event": "generation"}] * 30, [dict.fromkeys(HEALTHY | IMITATED, "text")] * 30):
        names = examine(
            rows, config, [{"players": {"now": [0, None]}, "current": "now"}, {"players": []}, {}]
        )
        assert names == (["nothing is held out"] if method == "imitation" else [])


def test_every_method_has_checks():
    assert set(checks.MODULES) == set(METHODS) == set(SCHEMAS)
    assert checks_of("a method of tomorrow") == doctor.COMMON


SIGNS = {
    "network_share": 0.3, "policy_entropy": 0.05, "fresh_value_loss": 0.9, "gradient_norm": 0.0, "distinct_games": 100,
    "first_wins": 255, "window_positions": 9_000, "bad_steps": 3, "wrong_resigns": 20, "policy_loss": 1.89,
    "fresh_policy_loss": 3.0, "held_out_value_loss": 0.9, "held_out_policy_loss": 3.0, "draws": 1, "second_wins": 0,
    "positions": 10_000_000,
}  # fmt: skip
SOME_SIGNS = st.sets(st.sampled_from(sorted(SIGNS)), max_size=6)


def ill(method: str, without: set[str] = frozenset(), missing: set[str] = frozenset()) -> list[dict]:
    """Return the lines of a run with every sign that something is wrong but for some, and without some columns."""
    row = HEALTHY if method == "expert_iteration" else {**IMITATED, "value_loss": 0.6}
    signs = {key: value for key, value in SIGNS.items() if key in row or key == "positions"}
    rows = healthy(row=row, **{key: value for key, value in signs.items() if key not in without})
    return [{key: value for key, value in row.items() if key not in missing} for row in rows]


@functools.cache
def advised(method: str) -> tuple[str, ...]:
    """Return every setting that the checks of a method can advise, whatever its settings are."""
    names: set[str] = set()
    with mock.patch.object(doctor, "followable", lambda advice, config: names.add(advice.setting) or True):
        for data in (
            {},
            {"search": {"gumbel": True}},
            {"selfplay": {"temperature": 0.0}},
            {"training": {"gradient_clip": 0.0}},
        ):
            with contextlib.suppress(ConfigError):  # settings of another method
                config = build_config({"method": method, **data})
                for columns in (set(), {"policy_loss"}, {"held_out_policy_loss"}, {"positions"}):
                    for rows in (ill(method, without=columns), ill(method, missing=columns)):
                        doctor.examine(record(rows, config, FALL), checks_of(method))
    known = {name for name, _ in setting_names(schema_of(method))}
    return tuple(sorted(names & known))


FALL = [rating(0), rating(300), rating(100)]


def some_value(name: str, method: str) -> st.SearchStrategy:
    """Return a strategy for a setting: its bounds, its default, and what lies between."""
    option = option_at(name, method)
    if option.choices or option.kind is bool:
        return st.sampled_from(option.choices or (False, True))
    low = option.low if option.low is not None else 1e-9
    high = option.high if option.high is not None else 0.99
    between = [low + part * (min(high, low + 1000) - low) for part in (0.001, 0.01, 0.1, 0.3, 0.6, 0.9)]
    return st.sampled_from([option.kind(value) for value in (low, high, option.default, *between)])


@functools.cache
def some_settings(method: str) -> st.SearchStrategy:
    """Return a strategy for values of all settings that the method's checks can advise, and of some beside them."""
    names = known(method) & {*advised(method), "search.forced_visits", "run.generations"}
    values = {name: some_value(name, method) for name in sorted(names)}
    return st.fixed_dictionaries({**values, "device": st.sampled_from(["cpu", "cuda"])})


def option_at(name: str, method: str):
    model, parts = schema_of(method), name.split(".")
    for section in parts[:-1]:
        model = model.model_fields[section].annotation
    return option_of(model, parts[-1])


@settings(max_examples=100, deadline=None)
@given(st.data(), st.sampled_from(sorted(SCHEMAS)), SOME_SIGNS, SOME_SIGNS)
def test_no_advice_is_fulfilled_already_or_beyond_what_the_setting_takes(data, method, without, missing):
    try:
        config = build_config({"method": method}, data.draw(some_settings(method)))
    except ConfigError:
        assume(False)
    for finding in doctor.examine(record(ill(method, without, missing), config, FALL), checks_of(method)):
        text = finding.change(config)
        assert text
        for advice in finding.advice:
            check_advice(advice, config, method, text)


def known(method: str) -> set[str]:
    return {name for name, _ in setting_names(schema_of(method))}


def check_advice(advice: doctor.Advice, config: Experiment, method: str, text: str) -> None:
    """Fail where advice is followed already, cannot be followed, or is not told."""
    assert advice.setting in known(method) and advice.setting in text
    now, option = (
        functools.reduce(getattr, advice.setting.split("."), config),
        option_at(advice.setting, method),
    )
    if advice.do == "set":
        assert now != advice.to and f"{advice.setting}=" in text
        build_config(config.model_dump(), {advice.setting: advice.to})
    elif advice.do == "raise":
        assert option.high is None or now < option.high
        assert advice.to is None or now < advice.to
    else:
        assert option.low is None or now > option.low
        assert advice.to is None or now > advice.to


def test_what_is_set_already_is_not_advised():
    everything = {
        "search": {"root_noise_fraction": 1.0},
        "selfplay": {"temperature_plies": 100_000, "random_opening_plies": 10_000},
    }
    config = build_config(everything)
    (finding,) = doctor.examine(record(healthy(distinct_games=100), config), checks_of("expert_iteration"))
    assert finding.advice == () and finding.change(config) == doctor.NOTHING_LEFT
    config = build_config({"search": {"root_noise_fraction": 1.0}})
    (finding,) = doctor.examine(record(healthy(distinct_games=100), config), checks_of("expert_iteration"))
    assert finding.change(config) == (
        "raise selfplay.temperature_plies from 10 and selfplay.random_opening_plies from 0"
    )


def test_settings_without_effect_beside_the_others_are_not_advised():
    def change(rows: list[dict], **data) -> str:
        config = build_config(data)
        (finding,) = doctor.examine(record(rows, config), checks_of("expert_iteration"))
        return finding.change(config)

    repeated = healthy(distinct_games=100)
    assert change(repeated, search={"gumbel": True}) == "raise selfplay.random_opening_plies from 0"
    assert "selfplay.temperature from 0 to 1 " in change(repeated, selfplay={"temperature": 0.0})
    idle = healthy(network_share=0.1)
    assert "groups" in change(idle, device="cuda") and "groups" not in change(idle, device="cpu")
    small = healthy(window_positions=9_000, positions=1_000_000)
    assert change(small).startswith("raise replay.window_max from 500000; lower")
    assert "gradient_clip=1 " in change(healthy(bad_steps=1), training={"gradient_clip": 0.0}) + " "
    few = build_config({"search": {"simulations": 8, "forced_visits": 2.0}})  # which Gumbel search refuses
    (finding,) = doctor.examine(record(healthy(), few), checks_of("expert_iteration"))
    assert finding.change(few) == "raise search.simulations from 8"


def test_every_setting_that_is_advised_is_one_of_the_methods():
    for method in SCHEMAS:
        assert len(advised(method)) > 5
    assert "training.symmetries" in advised("imitation") and "replay.window_growth" in advised(
        "expert_iteration"
    )
