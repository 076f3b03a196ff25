"""Every check of the doctor finds what it is for, and finds nothing in a healthy run."""

from __future__ import annotations

import json

import pytest

from alphazero.commands import doctor as command
from alphazero.config import Config, build_config
from alphazero.run import doctor
from tests.test_cli import error_line, run

HEALTHY = {
    "event": "generation", "network_share": 0.8, "policy_entropy": 1.0, "policy_loss": 1.0, "value_loss": 0.6,
    "fresh_value_loss": 0.65, "value_accuracy": 0.85, "gradient_norm": 0.6, "first_wins": 130, "draws": 30,
    "second_wins": 96, "distinct_games": 250, "game_length_mean": 28.0, "window_positions": 120_000, "bad_steps": 0,
    "would_resign": 100, "wrong_resigns": 2,
}  # fmt: skip


def healthy(count: int = 30, **changes) -> list[dict]:
    """Return the lines of a run whose losses fall; `changes` are those of the last third."""
    rows = [{**HEALTHY, "generation": n + 1, "policy_loss": 1.9 - 0.9 * n / count} for n in range(count)]
    for row in rows[-(count // 3) :]:
        row.update(changes)
    return rows


def examine(rows: list[dict], config: Config | None = None, ratings: list[dict] | None = None) -> list[str]:
    return [
        finding.name for finding in doctor.examine(doctor.Run(config or Config(), 7, rows, ratings or []))
    ]


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


def test_the_command_tells_findings_and_exits_with_1(tmp_path, capsys):
    (tmp_path / "config.toml").write_text('game = "connect_four"\n')
    metrics = tmp_path / "metrics.jsonl"
    metrics.write_text("".join(json.dumps(row) + "\n" for row in healthy()))
    status, out, _ = run(capsys, "doctor", str(tmp_path))
    assert status == 0 and out == f"no findings in 30 generations, {len(doctor.CHECKS)} checks\n"
    metrics.write_text("".join(json.dumps(row) + "\n" for row in healthy(network_share=0.2)))
    status, out, _ = run(capsys, "doctor", str(tmp_path), "--json")
    assert status == command.FOUND and json.loads(out)["findings"][0]["name"] == "the network is idle"


def test_runs_that_cannot_be_examined_are_one_line(tmp_path, capsys):
    assert "missing" in error_line(capsys, "doctor", str(tmp_path / "missing"))
    (tmp_path / "config.toml").write_text('game = "connect_four"\n')
    (tmp_path / "metrics.jsonl").write_text(json.dumps(healthy()[0]) + "\n")
    assert "1 generation so far: a diagnosis needs at least 3" in error_line(capsys, "doctor", str(tmp_path))


def test_every_setting_that_is_recommended_exists():
    import inspect
    import re

    from alphazero.config.fields import setting_names

    named = set(re.findall(r"\b(?:search|selfplay|replay|training|network)\.\w+", inspect.getsource(doctor)))
    assert len(named) > 10 and named <= {name for name, _ in setting_names(Config)}
