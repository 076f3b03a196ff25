"""What is kept of finished runs, and what the table and the pictures of the documents say of it."""

import json

from alphazero.run.plots import draw_elo, read_metrics
from tools import training_runs

RUN = [
    {"event": "start", "game": "hex:size=5,swap=0", "generation": 0, "minutes": 0.0},
    {"event": "generation", "generation": 1, "minutes": 0.123456, "games": 4, "positions": 40, "gradient_norm": 1.0,
     "positions_per_second": 99.99999, "game_length_mean": 10.0, "policy_loss": 1.23456, "value_loss": None,
     "policy_entropy": 1.0},
    {"event": "rating", "minutes": 0.2, "current": "generation 1",
     "players": {"generation 0": [1.0, 0.0, 2.0], "generation 1": [99.6, 50.2, 149.5], "random": [0.0, 0.0, 0.0]}},
    {"event": "match", "b": "random", "wins": 3, "draws": 0, "losses": 1, "share": 0.75, "pairs": [0, 0, 1, 0, 1]},
    {"event": "end", "minutes": 20.04, "games": 1234, "positions": 5678},
]  # fmt: skip


def test_a_kept_run_has_its_ratings_its_losses_and_its_last_match(tmp_path, monkeypatch):
    monkeypatch.setattr(training_runs, "KEPT", tmp_path / "kept")
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in RUN))
    training_runs.keep("hex5", tmp_path)
    rows = read_metrics(tmp_path / "kept" / "hex5.jsonl")
    assert (
        rows[1]["policy_loss"] == 1.235 and rows[1]["value_loss"] is None and "gradient_norm" not in rows[1]
    )
    assert rows[2]["players"] == {"generation 1": [100, 50, 150], "random": [0, 0, 0]}
    line = training_runs.table({"hex5": rows}).splitlines()[-1]
    assert line.startswith(
        "| hex5 | `hex:size=5` | 20.0 | 1,234 | 5,678 | +100 [+50, +150] | `random`: 3-0-1 | 75 % ("
    )
    training_runs.draw({"hex5": rows, "again": rows}, tmp_path / "elo.png", draw_elo)
    assert (tmp_path / "elo.png").stat().st_size > 5000


def test_usual_rules_are_left_out():
    assert (
        training_runs.game_of([{"event": "start", "game": "go:size=7,komi=7.5,history=2"}])
        == "go:size=7,history=2"
    )
    assert training_runs.game_of([{"event": "start", "game": "tic_tac_toe"}]) == "tic_tac_toe"
