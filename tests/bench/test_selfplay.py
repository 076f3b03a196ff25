"""What the self-play benchmark says can be: no more evaluations for a move than simulations."""

from __future__ import annotations

from types import SimpleNamespace

import games
from alphazero.bench import measure, selfplay


def test_a_round_shorter_than_one_move_counts_its_share_of_a_move(monkeypatch):
    monkeypatch.setattr(selfplay, "ROUND_SECONDS", 0.3)
    monkeypatch.setattr(selfplay, "WARM_UP_SECONDS", 0.05)
    monkeypatch.setattr(selfplay, "BARE_SECONDS", 0.02)
    simulations = 50_000
    options = SimpleNamespace(
        model=None,
        games=8,
        groups=2,
        simulations=simulations,
        rounds=1,
        device="cpu",
        gumbel=False,
        blocks=1,
        channels=4,
    )
    told = measure("selfplay", games.make("tic_tac_toe"), options)
    assert told["rows_per_s"] <= 1.01 * told["positions_per_s"] * simulations
