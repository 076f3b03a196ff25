"""Matches: colours, openings, counts, intervals, and what is refused."""

import json

import numpy as np
import pytest

import games
from alphazero.arena.match import play_match
from alphazero.arena.openings import default_opening_plies, draw_openings
from alphazero.arena.players import make_player
from alphazero.arena.random_player import RandomPlayer
from alphazero.arena.rating import elo_from_share
from alphazero.arena.result import GameRecord, MatchResult, share_interval
from alphazero.play.player import Decisions, Player

GAME = games.make("connect_four")


class LowestMove(Player):
    """Plays the legal action with the lowest number; remembers what it was asked."""

    def __init__(self, game, name="lowest"):
        super().__init__(game, name)
        self.asked: list[np.ndarray] = []

    def decide(self, turns):
        self.asked.append(turns.states.copy())
        return Decisions(np.array([self.game.legal(state)[0] for state in turns.states], dtype=np.int64))


class HighestMove(LowestMove):
    """Plays the legal action with the highest number."""

    def __init__(self, game, name="highest"):
        super().__init__(game, name)

    def decide(self, turns):
        self.asked.append(turns.states.copy())
        return Decisions(np.array([self.game.legal(state)[-1] for state in turns.states], dtype=np.int64))


class Fixed(Player):
    """Always returns the same array."""

    def __init__(self, game, answer):
        super().__init__(game, "fixed")
        self.answer = answer

    def decide(self, turns):
        return Decisions(self.answer)


def replay(record: GameRecord):
    state = GAME.initial_state()
    for action in record.actions:
        assert not GAME.is_over(state)
        GAME.play(state, action)
    return state


def test_two_deterministic_players_from_the_start_play_two_distinct_games():
    result = play_match(LowestMove(GAME), HighestMove(GAME), GAME, 10, opening_plies=0)
    assert result.distinct_games == 2
    # Column 1 against column 7: whoever begins has four in a column first.
    assert result.as_first == (5, 0, 0)
    assert result.as_second == (0, 0, 5)
    assert result.first_mover == (10, 0, 0)
    assert result.pairs == (0, 0, 5, 0, 0)


def test_default_openings_keep_deterministic_players_from_repeating_games():
    result = play_match(LowestMove(GAME), HighestMove(GAME), GAME, 60, seed=3)
    assert result.distinct_games == 60


def test_counts_add_up_and_agree_with_the_replayed_games():
    result = play_match(RandomPlayer(GAME, 1, "x"), RandomPlayer(GAME, 2, "y"), GAME, 80, seed=1)
    assert result.num_games == 80 == sum(result.counts) == sum(result.first_mover)
    assert sum(result.as_first) == sum(result.as_second) == 40 == sum(result.pairs)
    assert [sum(pair) for pair in zip(result.as_first, result.as_second, strict=True)] == list(result.counts)
    points = {"a": 0.0, "b": 0.0}
    for record in result.games:
        state = replay(record)
        assert GAME.is_over(state) and GAME.outcome(state) == record.outcome
        second = "b" if record.first == "a" else "a"
        points[record.first] += (1 + record.outcome) / 2
        points[second] += (1 - record.outcome) / 2
    assert points == {"a": result.points, "b": 80 - result.points}
    assert sum(k * n for k, n in enumerate(result.pairs)) / 2 == result.points
    assert sum(record.games for record in result.records()) == 80


def test_each_opening_is_played_once_with_either_colour():
    result = play_match(RandomPlayer(GAME, 1), RandomPlayer(GAME, 2), GAME, 40, opening_plies=4, seed=9)
    for first, second in zip(result.games[::2], result.games[1::2], strict=True):
        assert (first.first, second.first) == ("a", "b")
        assert first.actions[:4] == second.actions[:4]
        assert first.opening_plies == second.opening_plies == 4
    assert len({record.actions[:4] for record in result.games}) == 20


def test_a_player_is_asked_only_for_its_own_moves():
    players = LowestMove(GAME), HighestMove(GAME)
    result = play_match(*players, GAME, 8, opening_plies=3, seed=2)
    asked = [sum(map(len, player.asked)) for player in players]
    own = [
        sum(
            1
            for record in result.games
            for ply in range(3, len(record.actions))
            if (ply % 2 == 0) == (record.first == letter)
        )
        for letter in "ab"
    ]
    assert asked == own


def test_swapping_the_players_mirrors_the_result():
    straight = play_match(LowestMove(GAME), HighestMove(GAME), GAME, 30, seed=4)
    swapped = play_match(HighestMove(GAME), LowestMove(GAME), GAME, 30, seed=4)
    assert straight.counts == swapped.counts[::-1]
    assert straight.elo.value == pytest.approx(-swapped.elo.value)
    assert straight.elo.low == pytest.approx(-swapped.elo.high)


def test_the_same_seed_gives_the_same_games_whatever_was_played_before():
    a, b = RandomPlayer(GAME, 1), RandomPlayer(GAME, 2)
    first = play_match(a, b, GAME, 10, seed=7)
    play_match(a, b, GAME, 10, seed=8)
    assert play_match(a, b, GAME, 10, seed=7).games == first.games
    assert play_match(a, b, GAME, 10, seed=8).games != first.games


def test_given_openings_are_used_in_turn():
    result = play_match(LowestMove(GAME), LowestMove(GAME), GAME, 6, openings=[[3, 3], [0, 1, 2]])
    assert [record.actions[:2] for record in result.games] == [(3, 3)] * 2 + [(0, 1)] * 2 + [(3, 3)] * 2


def test_drawn_openings_are_distinct_unfinished_positions():
    rng = np.random.default_rng(0)
    openings = draw_openings(GAME, 40, 2, rng)  # there are 49
    assert len({tuple(opening) for opening in openings}) == 40
    assert len(draw_openings(GAME, 60, 2, rng)) == 60  # not distinct, but there
    late = draw_openings(GAME, 30, 12, rng)
    assert all(not GAME.is_over(replay(GameRecord("a", tuple(opening), 0, 0))) for opening in late)


def test_default_opening_plies_grow_with_the_number_of_games():
    assert default_opening_plies(GAME, 5) == 2
    assert default_opening_plies(GAME, 100) == 4
    assert default_opening_plies(games.make("connect_four", rows=2, cols=4), 1000) == 4


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"num_games": 5}, "5 games: expected an even number"),
        ({"num_games": 0}, "0 games: expected an even number"),
        ({"num_games": 2, "opening_plies": -1}, "opening_plies=-1"),
        ({"num_games": 2, "opening_plies": 42}, "opening_plies=42: every random game"),
        ({"num_games": 2, "openings": []}, "openings is empty"),
        ({"num_games": 2, "openings": [[0], [7]]}, r"opening 1 \[7\]: action 7 is illegal"),
        ({"num_games": 2, "openings": [[0, 1, 0, 1, 0, 1, 0]]}, "the game is over after it"),
    ],
)
def test_impossible_matches_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        play_match(LowestMove(GAME), LowestMove(GAME), GAME, **arguments)


@pytest.mark.parametrize(
    "answer, message",
    [
        (np.array([9]), "player 'fixed' chose the illegal action 9 in '.*': legal are"),
        (np.array([-1]), "illegal action -1"),
        (np.array([1.0]), r"player 'fixed' returned float64\[1\] for 1 positions"),
        (np.array([1, 2]), r"returned int64\[2\] for 1 positions"),
    ],
)
def test_an_illegal_answer_names_player_position_and_move(answer, message):
    with pytest.raises(ValueError, match=message):
        play_match(Fixed(GAME, answer), LowestMove(GAME), GAME, 2, opening_plies=0)


def games_from_pairs(pairs: list[tuple[int, int]]) -> tuple[GameRecord, ...]:
    """Return games whose outcomes for a, in pairs, are given."""
    return tuple(
        game
        for pair in pairs
        for game in (GameRecord("a", (0,), 0, pair[0]), GameRecord("b", (0,), 0, -pair[1]))
    )


def test_elo_and_interval_by_hand():
    # 20 pairs won 2-0 and 20 pairs split: 75 % of the points.
    result = MatchResult("a", "b", "g", games_from_pairs([(1, 1), (1, -1)] * 20))
    assert result.pairs == (0, 0, 20, 0, 20)
    assert result.elo.value == pytest.approx(190.85, abs=0.01)
    # With half a pair of each outcome added: 0.5, 0.5, 20.5, 0.5, 20.5 pairs.
    mean = (0.5 * 0.25 + 20.5 * 0.5 + 0.5 * 0.75 + 20.5) / 42.5
    squares = 0.5 * (0.25**2 + 0.75**2) + 20.5 * (0.5**2 + 1)
    half = 1.96 * ((squares / 42.5 - mean**2) / 42.5) ** 0.5
    assert result.elo.low == pytest.approx(elo_from_share(mean - half), abs=0.1)
    assert result.elo.high == pytest.approx(elo_from_share(mean + half), abs=0.1)


def test_split_pairs_narrow_the_interval():
    split = MatchResult("a", "b", "g", games_from_pairs([(1, -1)] * 50))
    whole = MatchResult("a", "b", "g", games_from_pairs([(1, 1), (-1, -1)] * 25))
    assert split.counts == whole.counts
    assert split.elo.high - split.elo.low < 0.4 * (whole.elo.high - whole.elo.low)


def test_share_intervals_cover_the_truth_in_at_least_93_percent_of_matches():
    rng = np.random.default_rng(3)
    for probabilities in ([0.1, 0.1, 0.4, 0.2, 0.2], [0.0, 0.0, 0.05, 0.02, 0.93], [0.1, 0.0, 0.0, 0.0, 0.9]):
        truth = np.dot(probabilities, np.arange(5) / 4)
        intervals = [share_interval(rng.multinomial(20, probabilities)) for _ in range(1000)]
        assert np.mean([low <= truth <= high for low, high in intervals]) >= 0.93


@pytest.mark.parametrize("outcome", [1, -1])
def test_a_perfect_score_has_a_finite_elo_and_its_dict_is_json(outcome):
    result = MatchResult("a", "b", "g", games_from_pairs([(outcome, outcome)] * 20))
    elo = result.elo
    assert elo.value == pytest.approx(outcome * elo_from_share(79 / 80))
    assert elo.low <= elo.value <= elo.high
    near = elo.low if outcome == 1 else -elo.high
    assert 200 < near < 500
    read = json.loads(json.dumps(result.as_dict(), allow_nan=False))
    assert (read["wins"], read["losses"]) == ((40, 0) if outcome == 1 else (0, 40))
    assert read["distinct_games"] == 1 and read["games"] == 40


def test_the_summary_says_who_how_many_and_how_much():
    text = play_match(LowestMove(GAME), HighestMove(GAME), GAME, 4, opening_plies=0).summary()
    assert "lowest against highest at connect_four" in text
    assert "2 won, 0 drawn, 2 lost of 4 games, 50.0 % of the points" in text
    assert "2 distinct games" in text


def test_random_player_plays_legally_and_by_seed():
    states = np.array([GAME.initial_state()] * 200)
    moves = [make_player("random", GAME, seed).choose(states) for seed in (1, 1, 2)]
    assert np.array_equal(moves[0], moves[1]) and not np.array_equal(moves[0], moves[2])
    assert set(moves[0]) == set(range(7))
