"""Shards and games under way made wrong at random, of right hash: none crashes, no traceback, none is believed."""

from tools.forge import run

SPECS = ("tic_tac_toe", "factored-tic_tac_toe")


def test_what_is_forged_is_refused_in_one_line_or_is_other_games_that_the_rules_allow():
    results, wrong = run(150, seed=7, specs=SPECS)
    assert wrong == [] and sum(results.values()) == 150
    assert results["refused"] > 110 and results["other games"] > 0
