"""Engines: what they find, how long they think, what they keep from move to move, and when they stop."""

import threading
import time

import numpy as np
import pytest

import games
from alphazero.arena.engines import make_engine
from alphazero.arena.random_player import RandomPlayer
from alphazero.config import SearchConfig
from alphazero.play.engine import Limit, PlayerEngine, SearchEngine
from alphazero.play.player import Decisions
from alphazero.search import RolloutEvaluator, search_positions
from games.notation import play_moves
from tests.search.common import HashEvaluator

GAME = games.make("connect_four")


def actions(moves: str) -> list[int]:
    return play_moves(GAME, moves)[0]


def rollouts(limit: Limit | None = None, **settings) -> SearchEngine:
    config = SearchConfig(**{"rule": "uct", "memory_mb": 64.0, **settings})
    return SearchEngine(GAME, RolloutEvaluator(GAME), config, limit or Limit(400), seed=1)


def visits(analysis) -> int:
    return sum(move.visits for move in analysis.moves)


@pytest.mark.parametrize(("moves", "best"), [("121212", "1"), ("7121213", "1")])
def test_the_winning_move_is_found_for_either_player(moves, best):
    with make_engine("mcts:simulations=400", GAME) as engine:
        engine.set_position(None, actions(moves))
        found = engine.think()
    assert found.moves[0].move == best and found.moves[0].q == 1.0 and found.value > 0.5
    assert found.action == found.moves[0].action and visits(found) in (399, 400)


def test_a_finished_game_is_refused():
    engine = rollouts()
    engine.set_position(None, actions("1212121"))
    with pytest.raises(ValueError, match="the game is over"):
        engine.think()


def test_an_illegal_move_is_refused_and_the_position_stays():
    engine = rollouts()
    engine.set_position(None, [3])
    with pytest.raises(ValueError, match="illegal action 7"):
        engine.set_position(None, [3, 7])
    assert engine.moves == [3] and engine.state["plies"] == 1


def test_an_engine_finds_what_a_search_of_the_position_finds_to_the_bit():
    state = play_moves(GAME, "4453")[1]
    engine = rollouts(Limit(300))
    engine.set_position(state)
    found = engine.think()
    states = np.array([state], GAME.state_dtype)
    config = SearchConfig(rule="uct", memory_mb=64.0)
    plain = search_positions(GAME, states, RolloutEvaluator(GAME), config, simulations=300, seed=1)
    assert found.value == plain.value[0] and found.action == plain.action[0]
    for move in found.moves:
        assert (move.visits, move.q) == (plain.visits[0, move.action], plain.q[0, move.action])


def test_both_limits_bind():
    engine = rollouts()
    engine.think(Limit(simulations=1))  # compile
    started = time.perf_counter()
    assert engine.think(Limit(simulations=50, seconds=60.0)).simulations == 50
    found = engine.think(Limit(simulations=10**9, seconds=0.3))
    assert 0.3 <= time.perf_counter() - started < 1.5 and 50 < found.simulations < 10**9
    assert engine.think(Limit(seconds=0.1)).simulations > 100


def test_stop_is_heard_within_a_tenth_of_a_second_in_a_search_without_end():
    engine, asked = rollouts(), []
    engine.think(Limit(simulations=1))  # compile

    def ask() -> None:
        asked.append(time.perf_counter())
        engine.stop()

    threading.Timer(0.4, ask).start()
    found = engine.think(Limit())
    assert time.perf_counter() - asked[0] < 0.15
    assert found.action in range(7) and found.simulations > 100
    started = time.perf_counter()
    engine.think(Limit(seconds=0.2))
    assert time.perf_counter() - started >= 0.2  # the stop is used up


def test_a_stop_before_thinking_has_it_return_at_once_unless_the_position_is_set_since():
    engine = rollouts()
    engine.stop()
    assert engine.think(Limit()).action in range(7)
    engine.stop()
    engine.set_position(None, [3])
    assert engine.think(Limit(simulations=70)).simulations == 70


def test_the_tree_is_kept_from_move_to_move_and_dropped_for_another_game():
    engine = rollouts(Limit(500))
    engine.think()
    engine.set_position(None, [3])
    kept = visits(engine.think()) - 500
    assert kept > 50
    reply = engine.think().action
    engine.set_position(None, [3, reply])
    assert visits(engine.think()) > 550
    engine.set_position(None, [3])  # taken back
    assert visits(engine.think()) in (499, 500)
    engine.set_position(play_moves(GAME, "44")[1], [3])
    assert visits(engine.think()) in (499, 500)
    engine.new_game(2)
    assert visits(engine.think()) in (499, 500)


def test_settings_that_keep_no_tree_search_every_position_from_scratch():
    engine = rollouts(Limit(200), reuse_subtree=False)
    for moves in ([], [3], [3], [3, 2]):
        engine.set_position(None, moves)
        assert visits(engine.think()) in (199, 200)


def test_memory_bounds_a_tree_that_grows_for_many_moves():
    engine = rollouts(Limit(seconds=0.2), memory_mb=0.5)
    for moves in ([], [3], [3, 3]):
        engine.set_position(None, moves)
        assert engine.think().simulations > 2000  # more than there is room for
        assert engine._search.num_bytes < 0.6 * 2**20


def test_reports_come_while_it_thinks(monkeypatch):
    monkeypatch.setattr("alphazero.play.engine.REPORT_SECONDS", 0.05)
    engine, told = rollouts(), []
    engine.think(Limit(simulations=1))
    engine.set_position(None, [3])
    found = engine.think(Limit(seconds=0.5), told.append)
    counts = [analysis.simulations for analysis in told]
    assert len(counts) >= 2 and counts == sorted(counts) and counts[-1] <= found.simulations


def test_an_interruption_in_the_middle_leaves_an_engine_that_thinks_on(monkeypatch):
    monkeypatch.setattr("alphazero.play.engine.REPORT_SECONDS", 0.0)
    engine = rollouts()

    def interrupt(analysis):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.think(Limit(seconds=5.0), interrupt)
    assert visits(engine.think(Limit(300))) in (299, 300)


def test_the_best_moves_get_a_principal_variation_and_all_of_them_where_that_is_asked_for():
    engine = rollouts(Limit(2000))
    for lines, expected in ((2, [True, True] + [False] * 5), (None, [True] * 7), (0, [False] * 7)):
        found = engine.think(lines=lines)
        assert [len(move.principal_variation) > 1 for move in found.moves] == expected
        assert all(move.principal_variation[0] == move.move for move in found.moves)


def test_gumbel_search_needs_simulations():
    config = SearchConfig(gumbel=True, memory_mb=64.0)
    engine = SearchEngine(GAME, HashEvaluator(GAME), config, Limit(40))
    assert visits(engine.think()) in (39, 40)
    assert visits(engine.think(Limit(80))) in (79, 80)  # more than it was made for
    with pytest.raises(ValueError, match="Gumbel search shares out simulations"):
        engine.think(Limit(seconds=0.1))


def test_an_action_that_is_drawn_is_told_apart_from_the_best():
    with make_engine("mcts:simulations=60", GAME, seed=3) as engine:
        engine.temperature = 1.0
        drawn = {engine.think().action for _ in range(30)}
        found = engine.think()
    assert len(drawn) > 2 and found.moves[0].visits == max(move.visits for move in found.moves)


@pytest.mark.parametrize("spec", ["alphabeta:depth=4", "random"])
def test_any_player_is_an_engine(spec):
    with make_engine(spec, GAME, seed=1) as engine:
        assert isinstance(engine, PlayerEngine) and engine.name == spec
        engine.set_position(None, actions("121212"))
        found = engine.think()
        legal = GAME.legal(engine.state)
        assert found.action in legal and found.moves[0].action == found.action
        assert sorted(move.action for move in found.moves) == legal.tolist()
        if spec != "random":
            assert (found.value, found.moves[0].move) == (1.0, "1") and "Value +1.000" in found.table()
        else:
            assert found.value is None and "Value unknown" in found.table()


def test_a_player_behind_an_engine_is_told_the_moves_and_closed_and_an_illegal_answer_is_refused():
    class Watched(RandomPlayer):
        closed, answer = 0, None

        def decide(self, turns):
            self.turns = turns
            return super().decide(turns) if self.answer is None else Decisions(np.array([self.answer]))

        def close(self):
            self.closed += 1

    player = Watched(GAME, 1)
    with PlayerEngine(player) as engine:
        engine.set_position(None, [3, 2])
        engine.think()
        assert list(player.turns.moves[0]) == [3, 2] and player.turns.game_ids.tolist() == [0]
        player.answer = 9
        with pytest.raises(ValueError, match="player 'random' chose the illegal action 9 in "):
            engine.think()
    assert player.closed == 1


def test_an_engine_thinks_as_long_as_its_text_says():
    with make_engine("mcts:seconds=0.2", GAME) as engine:
        engine.think(Limit(simulations=1))  # compile
        assert engine.limit == Limit(None, 0.2)
        started = time.perf_counter()
        engine.think()
        assert 0.2 <= time.perf_counter() - started < 1.0
    with make_engine("mcts:simulations=7,seconds=3", GAME) as engine:
        assert engine.limit == Limit(7, 3.0) and engine.think().simulations == 7
