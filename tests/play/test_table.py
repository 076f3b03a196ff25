"""The table: who is asked what, in which game, and what is made of the answers."""

import numpy as np
import pytest

import games
from alphazero.arena.match import play_match
from alphazero.arena.pool import RatingPool
from alphazero.arena.random_player import RandomPlayer
from alphazero.data.games import End, Games, arrays_of, from_arrays, join
from alphazero.play.player import Decisions, Player, Turns
from alphazero.play.table import Seats, play_games

GAME = games.make("connect_four")


class Watched(RandomPlayer):
    """Plays by chance; keeps the turns that it was shown, and counts how often it was closed."""

    def __init__(self, seed: int = 0, name: str = "watched"):
        super().__init__(GAME, seed, name)
        self.turns: list[Turns] = []
        self.closed = 0

    def decide(self, turns: Turns) -> Decisions:
        self.turns.append(turns._replace(moves=[tuple(moves) for moves in turns.moves]))
        return super().decide(turns)

    def close(self) -> None:
        self.closed += 1


class Failing(Watched):
    """Cannot answer."""

    def decide(self, turns: Turns) -> Decisions:
        raise ValueError("no answer")


def after(actions, start=None):
    state = GAME.initial_state() if start is None else start.copy()
    for action in actions:
        GAME.play(state, action)
    return state


def moves_of(played: Games) -> list[list[int]]:
    """Return the actions of every game, what was played before it began left out."""
    return [part.tolist() for part in np.split(played.actions, np.cumsum(played.lengths)[:-1])]


def check(played: Games) -> None:
    """Check that every game was played to its end and counted right."""
    assert played.labels is None and len(played.actions) == played.lengths.sum()
    for start, actions, outcome in zip(played.starts, moves_of(played), played.outcomes, strict=True):
        end = after(actions, start)
        assert GAME.is_over(end) and GAME.outcome(end) == outcome
    assert (played.ends == End.RULES).all()


def test_a_player_is_told_which_game_it_is_what_was_played_and_that_there_is_no_clock():
    players = Watched(1), Watched(2)
    numbers = np.array([[0, 1]] * 3)  # after openings of two, one and no plies
    openings = [[3, 3], [0], []]
    played = play_games(GAME, Seats(players, numbers), openings=openings)
    check(played)
    assert played.openings.plies.tolist() == [2, 1, 0] and played.openings.actions.tolist() == [3, 3, 0]
    whole = [[*opening, *moves] for opening, moves in zip(openings, moves_of(played), strict=True)]
    shown = {index: 0 for index in range(3)}
    for number, player in enumerate(players):
        for turns in player.turns:
            assert np.isinf(turns.seconds).all() and turns.game_ids.dtype == np.int64
            for state, game_id, moves in zip(turns.states, turns.game_ids, turns.moves, strict=True):
                assert list(moves) == whole[game_id][: len(moves)]
                assert GAME.state_text(after(moves)) == GAME.state_text(state)
                assert numbers[game_id, GAME.to_move(state)] == number
                shown[int(game_id)] += 1
    assert list(shown.values()) == played.lengths.tolist()


def test_games_begin_from_the_positions_that_are_given():
    begun = np.array([after([3, 3, 2]), after([0, 1, 0, 1, 0])], GAME.state_dtype)
    before = begun.copy()
    played = play_games(GAME, Seats((Watched(1),), np.zeros((2, 2), np.int64)), begun)
    check(played)
    assert np.array_equal(begun, before) and np.array_equal(played.starts, before)
    assert played.openings is None  # how they came about is not known


def test_games_that_are_over_before_they_begin_are_counted_and_nobody_is_asked():
    player = Watched(1)
    played = play_games(GAME, Seats((player,), np.zeros((1, 2), np.int64)), openings=[[0, 1] * 3 + [0]])
    check(played)
    assert played.outcomes.tolist() == [1] and player.turns == []
    assert play_games(GAME, Seats((player,), np.zeros((0, 2), np.int64))).num_games == 0


def test_one_player_on_both_sides_is_asked_for_every_turn():
    player = Watched(1)
    played = play_games(GAME, Seats((player,), np.zeros((8, 2), np.int64)))
    check(played)
    assert sum(len(turns.states) for turns in player.turns) == played.num_positions


def test_progress_counts_the_games_that_have_ended():
    told: list[tuple[str, int, int]] = []
    seats = Seats((Watched(1, "a"), Watched(2, "b")), np.array([[0, 1]] * 5))
    play_games(GAME, seats, progress=lambda *now: told.append(now))
    done = [count for _, count, _ in told]
    assert told[-1] == ("a - b", 5, 5) and done == sorted(done) and done[0] == 0
    told.clear()
    play_match(Watched(1, "a"), Watched(2, "b"), GAME, 4, progress=lambda *now: told.append(now))
    assert told[-1] == ("a - b", 4, 4)


def test_the_pool_closes_the_players_that_it_makes_and_no_other(monkeypatch):
    made: list[Watched] = []

    def make(name, *_):
        made.append(Watched(name=name))
        return made[-1]

    monkeypatch.setattr("alphazero.arena.pool.make_player", make)
    pool, newest, earlier = RatingPool(["random", "solver"], ["old"]), Watched(name="new"), Watched()
    pool.calibrate(GAME, 2, seed=0)
    assert [player.closed for player in made] == [1, 1]
    pool.evaluate(newest, GAME, 6, seed=0, earlier={"old": lambda: earlier})
    assert [player.closed for player in made] == [1, 1, 1, 1] and earlier.closed == 1 and newest.closed == 0


def test_a_player_is_closed_when_its_game_fails():
    pool, failing = RatingPool([], ["old"]), Failing()
    with pytest.raises(ValueError, match="no answer"):
        pool.evaluate(Watched(name="new"), GAME, 2, seed=0, earlier={"old": lambda: failing})
    assert failing.closed == 1


def test_choose_asks_for_decisions_in_positions_alone():
    player = Watched(1)
    actions = player.choose(np.array([after([3]), after([0, 0])], GAME.state_dtype))
    turns = player.turns[0]
    assert actions.shape == (2,) and turns.game_ids.tolist() == [0, 1] and list(turns.moves) == [(), ()]
    assert np.isinf(turns.seconds).all()


def test_a_player_is_closed_at_the_end_of_a_with_block():
    with Watched() as player:
        assert isinstance(player, Player) and player.closed == 0
    assert player.closed == 1


def test_a_game_that_is_cut_at_its_longest_length_says_so():
    game = games.make("go", size=3, history=1, max_plies=4)
    seats, two_passes = Seats((RandomPlayer(game, 1),), np.zeros((10, 2), np.int64)), [9, 9]
    played = play_games(game, seats, openings=[two_passes, *[[]] * 9])
    assert played.ends[0] == End.RULES
    for actions, start, end in zip(moves_of(played), played.starts, played.ends, strict=True):
        state = start.copy()
        for action in actions:
            game.play(state, action)
        assert end == (End.TRUNCATED if game.is_truncated(state) else End.RULES)
    assert (played.ends == End.TRUNCATED).sum() > 5


def test_games_of_the_table_are_games_like_others():
    played = play_games(
        GAME, Seats((Watched(1),), np.zeros((4, 2), np.int64)), openings=[[3], [], [2, 2], [0]]
    )
    again = from_arrays(arrays_of(join([played, played])), type(None))
    assert again.num_games == 8 and again.actions.tolist() == played.actions.tolist() * 2
