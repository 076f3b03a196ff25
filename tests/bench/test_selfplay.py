"""What the self-play benchmark says can be: no more evaluations for a move than simulations."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import games
from alphazero.bench import measure, selfplay


@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_a_round_shorter_than_one_move_counts_its_share_of_a_move(monkeypatch, seconds):
    monkeypatch.setattr(selfplay, "ROUND_SECONDS", seconds)
    monkeypatch.setattr(selfplay, "WARM_UP_SECONDS", 0.05)
    monkeypatch.setattr(selfplay, "BARE_SECONDS", 0.02)
    simulations = 50_000
    options = SimpleNamespace(
        model=None,
        games=8,
        groups=2,
        workers=2,
        simulations=simulations,
        rounds=1,
        device="cpu",
        gumbel=False,
        blocks=1,
        channels=4,
    )
    told = measure("selfplay", games.make("tic_tac_toe"), options)
    by_simulations = told["positions_per_s"] * simulations
    # the roots' rows are no simulations, and only a few batches are done here
    assert told["rows_per_s"] <= 3 * by_simulations
