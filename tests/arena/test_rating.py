"""Ratings against results worked by hand and against tournaments simulated from known truth."""

import math

import numpy as np
import pytest

from alphazero.arena.rating import (
    ELO_PER_NAT,
    Record,
    _gradient_and_information,
    _objective,
    _problem,
    elo_from_share,
    fit_ratings,
)


def simulate(
    rng: np.random.Generator, elo: dict[str, float], games: int, advantage: float, nu: float
) -> list[Record]:
    """Play `games` games per ordered pair from Davidson's model, written out anew here."""
    records = []
    for first in elo:
        for second in elo:
            if first == second:
                continue
            strength = 10 ** ((elo[first] - elo[second] + advantage) / 400)
            total = strength + 1 + nu * math.sqrt(strength)
            wins, draws, losses = rng.multinomial(
                games, [strength / total, nu * math.sqrt(strength) / total, 1 / total]
            )
            records.append(Record(first, second, int(wins), int(draws), int(losses)))
    return records


def test_gradient_and_information_are_the_derivatives_of_the_objective():
    records = [Record("a", "b", 5, 2, 1), Record("b", "c", 3, 0, 4), Record("c", "a", 2, 6, 2)]
    problem = _problem(records, ("a", "b", "c"), prior_elo=300.0)
    point, step = np.array([0.7, -0.4, 0.1, 0.3, -0.5]), 1e-5
    gradient, information = _gradient_and_information(problem, point)
    for index in range(len(point)):
        shift = step * np.eye(len(point))[index]
        slope = (_objective(problem, point + shift) - _objective(problem, point - shift)) / (2 * step)
        ahead, behind = (_gradient_and_information(problem, point + sign * shift)[0] for sign in (1, -1))
        assert gradient[index] == pytest.approx(slope, abs=1e-6)
        assert information[index] == pytest.approx((behind - ahead) / (2 * step), abs=1e-6)


def test_three_wins_to_one_loss_are_191_elo():
    ratings = fit_ratings([Record("a", "b", 300, 0, 100), Record("b", "a", 100, 0, 300)], prior_elo=1e6)
    assert ratings.difference("a", "b").value == pytest.approx(400 * math.log10(3), abs=0.5)
    assert ratings.first_move_advantage.value == pytest.approx(0, abs=1e-6)


def test_davidson_by_hand_with_draws():
    # Win : draw : loss = 2 : 1 : 1, so e^d = 2 and nu = (1/4) / sqrt(1/2 * 1/4) = 1 / sqrt 2.
    ratings = fit_ratings(
        [Record("a", "b", 5000, 2500, 2500), Record("b", "a", 2500, 2500, 5000)], prior_elo=1e6
    )
    nu = 1 / math.sqrt(2)
    assert ratings.difference("a", "b").value == pytest.approx(400 * math.log10(2), abs=0.2)
    assert ratings.draw_share.value == pytest.approx(nu / (2 + nu), abs=1e-3)
    assert ratings.expected_share("a", "b") == pytest.approx(0.625, abs=1e-3)


def test_first_move_advantage_by_hand():
    ratings = fit_ratings([Record("a", "b", 3000, 0, 1000), Record("b", "a", 3000, 0, 1000)])
    assert ratings.first_move_advantage.value == pytest.approx(400 * math.log10(3), abs=1)
    assert ratings.difference("a", "b").value == pytest.approx(0, abs=1e-6)


def test_interval_of_equal_players_by_hand():
    # Without draws each game between equals carries information 1/4 on d: 400 games give sd 0.1 natural
    # units.
    ratings = fit_ratings([Record("a", "b", 100, 0, 100), Record("b", "a", 100, 0, 100)], prior_elo=1e6)
    interval = ratings.difference("a", "b")
    assert interval.high - interval.value == pytest.approx(1.96 * 0.1 * ELO_PER_NAT, rel=0.02)


def test_intervals_cover_the_truth_in_95_percent_of_tournaments():
    rng = np.random.default_rng(5)
    elo = {"a": -250.0, "b": -60.0, "c": 0.0, "d": 90.0, "e": 220.0}
    covered, advantage_covered, advantages = [], [], []
    for _ in range(200):
        ratings = fit_ratings(simulate(rng, elo, games=15, advantage=60.0, nu=0.5))
        covered += [ratings[name].low <= value <= ratings[name].high for name, value in elo.items()]
        advantage = ratings.first_move_advantage
        advantage_covered.append(advantage.low <= 60.0 <= advantage.high)
        advantages.append(advantage.value)
    assert 0.925 <= np.mean(covered) <= 0.975
    assert 0.90 <= np.mean(advantage_covered) <= 0.99
    assert np.mean(advantages) == pytest.approx(60.0, abs=4.0)


def test_ratings_recover_the_truth_from_many_games():
    elo = {"a": -500.0, "b": 0.0, "c": 500.0}
    records = simulate(np.random.default_rng(1), elo, games=200_000, advantage=30.0, nu=0.8)
    ratings = fit_ratings(records, anchors={"b": 0.0})
    for name, value in elo.items():
        assert ratings[name].value == pytest.approx(value, abs=8)
    assert ratings.draw_share.value == pytest.approx(0.8 / 2.8, abs=0.005)


def test_a_perfect_score_is_finite_and_its_interval_wide():
    ratings = fit_ratings([Record("strong", "weak", 20, 0, 0), Record("weak", "strong", 0, 0, 20)])
    difference = ratings.difference("strong", "weak")
    assert 400 < difference.value < 2000
    assert difference.low < difference.value - 200
    assert math.isfinite(difference.high)


def test_anchors_stay_where_they_were_fixed():
    records = [Record("a", "b", 10, 2, 8), Record("b", "c", 12, 3, 5), Record("c", "a", 9, 1, 10)]
    ratings = fit_ratings(records, anchors={"a": 1000.0, "c": 1200.0})
    assert (ratings["a"].low, ratings["a"].value, ratings["a"].high) == (1000.0, 1000.0, 1000.0)
    assert ratings["c"].value == 1200.0
    assert 900 < ratings["b"].value < 1400


def test_shifting_the_anchor_shifts_everyone_alike():
    records = [Record("a", "b", 10, 2, 8), Record("b", "c", 12, 3, 5)]
    low, high = fit_ratings(records, anchors={"a": 0.0}), fit_ratings(records, anchors={"a": 700.0})
    for name in "abc":
        assert high[name].value - low[name].value == pytest.approx(700.0, abs=0.1)
        assert high[name].high - low[name].high == pytest.approx(700.0, abs=0.1)


def test_unanchored_ratings_have_mean_zero():
    ratings = fit_ratings([Record("a", "b", 30, 0, 10), Record("b", "c", 30, 0, 10)])
    assert np.mean(ratings.elo) == pytest.approx(0, abs=1e-9)
    assert list(ratings.as_dict()) == ["a", "b", "c"]


def test_players_without_a_common_opponent_get_a_wide_interval():
    pairs = [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")]
    ratings = fit_ratings([Record(first, second, 50, 0, 50) for first, second in pairs])
    apart, together = ratings.difference("a", "c"), ratings.difference("a", "b")
    assert apart.high - apart.low > 10 * (together.high - together.low)


def test_a_ladder_of_many_equal_steps_is_not_pulled_together():
    names = [f"generation {i}" for i in range(15)]
    records = [
        r
        for a, b in zip(names, names[1:], strict=False)
        for r in (Record(b, a, 25, 0, 15), Record(a, b, 15, 0, 25))
    ]
    ratings = fit_ratings(records, anchors={names[0]: 0.0})
    step = elo_from_share(50 / 80)
    assert ratings[names[-1]].value == pytest.approx(14 * step, rel=0.04)


def test_no_games_is_an_even_rating_and_self_play_is_refused():
    assert fit_ratings([], anchors={"a": 5.0})["a"].value == 5.0
    assert fit_ratings([]).as_dict() == {}
    with pytest.raises(ValueError, match="against itself"):
        fit_ratings([Record("a", "a", 1, 0, 0)])
    with pytest.raises(ValueError, match="0 or more"):
        fit_ratings([Record("a", "b", -1, 0, 0)])
