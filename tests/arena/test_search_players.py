"""Players that search: legal, strong, repeatable, and the same alone as in a crowd."""

import time

import numpy as np
import pytest

import games
from alphazero.arena.match import play_match
from alphazero.arena.players import make_player
from alphazero.arena.random_player import RandomPlayer
from alphazero.arena.search_players import ModelPlayer, SearchPlayer
from alphazero.config import SearchConfig
from alphazero.play.player import Turns
from alphazero.search import RolloutEvaluator
from tests.arena.tictactoe import ExactNetwork, after, minimax, random_positions

GAME = games.make("tic_tac_toe")


def mcts(simulations: int, seed: int = 1, **settings) -> SearchPlayer:
    config = SearchConfig(rule="uct", simulations=simulations, **settings)
    return SearchPlayer(GAME, RolloutEvaluator(GAME), config, seed=seed)


def test_rollout_search_finds_the_best_move_of_nearly_every_position():
    boards, states = random_positions(GAME, 200)
    actions = make_player("mcts:simulations=2000", GAME, seed=1).choose(states)
    values = [-np.sign(minimax(after(board, action))) for board, action in zip(boards, actions, strict=True)]
    best = [np.sign(minimax(board)) for board in boards]
    assert np.mean(np.equal(values, best)) >= 0.97


def test_more_simulations_are_stronger_and_any_beat_random():
    weak, strong = mcts(10, seed=1), mcts(400, seed=2)
    assert play_match(weak, RandomPlayer(GAME, 3), GAME, 100, seed=1, opening_plies=0).share > 0.6
    assert play_match(strong, RandomPlayer(GAME, 3), GAME, 100, seed=1, opening_plies=0).share > 0.9


def test_a_network_that_knows_the_truth_never_loses():
    player = ModelPlayer(GAME, ExactNetwork(), SearchConfig(simulations=30), seed=1)
    result = play_match(player, RandomPlayer(GAME, 2), GAME, 40, seed=1, opening_plies=0)
    assert result.losses == 0 and result.as_second.wins > 5
    perfect = make_player("alphabeta:depth=9", GAME, seed=4)
    assert play_match(player, perfect, GAME, 10, seed=1, opening_plies=0).draws == 10


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: mcts(20, seed),
        lambda seed: ModelPlayer(
            GAME, ExactNetwork(), SearchConfig(simulations=8), temperature=1.0, seed=seed
        ),
    ],
    ids=["mcts", "model"],
)
def test_the_same_seed_gives_the_same_moves_and_another_seed_others(make):
    states = random_positions(GAME, 60)[1]
    first, again, other = make(1), make(1), make(2)
    moves = [player.choose(states) for player in (first, again, other)]
    assert np.array_equal(moves[0], moves[1]) and not np.array_equal(moves[0], moves[2])
    # The next call draws anew; new_games starts over.
    assert not np.array_equal(first.choose(states), moves[0])
    first.new_games(7)
    replayed = first.choose(states)
    first.new_games(7)
    assert np.array_equal(first.choose(states), replayed)


def test_positions_that_do_not_fit_into_memory_together_are_searched_in_groups():
    player = mcts(50, memory_mb=0.2)
    assert 1 <= player.max_trees < 12
    boards, states = random_positions(GAME, 50)
    actions = player.choose(states)
    assert actions.shape == (len(boards),)
    assert all(board[action] == 0 for board, action in zip(boards, actions, strict=True))


def test_fewer_positions_than_in_the_call_before_get_their_own_moves():
    player = mcts(1000)
    boards, states = random_positions(GAME, 100)
    player.choose(states)
    winning = [i for i, board in enumerate(boards) if minimax(board) == 9]  # a win with the next move
    actions = player.choose(states[winning[:5]])
    assert [minimax(after(boards[i], action)) for i, action in zip(winning, actions, strict=False)] == [
        -10
    ] * 5


def test_no_positions_need_no_moves():
    assert mcts(10).choose(np.zeros(0, GAME.state_dtype)).shape == (0,)


def test_evaluations_are_kept_between_moves_and_forgotten_for_new_games():
    network = ExactNetwork()
    player = ModelPlayer(GAME, network, SearchConfig(simulations=40, leaves=1))
    states = np.array([GAME.initial_state()])
    player.choose(states)
    first = network.rows
    player.choose(states)
    assert network.rows - first < 0.2 * first
    second = network.rows
    player.new_games()
    player.choose(states)
    assert network.rows - second == first


@pytest.mark.parametrize(
    "simulations, positions, leaves", [(20, 1, 1), (100, 1, 3), (1000, 1, 8), (1000, 20, 3), (1000, 100, 1)]
)
def test_leaves_fill_the_batch_but_stay_few_of_the_simulations(simulations, positions, leaves):
    network = ExactNetwork()
    player = ModelPlayer(GAME, network, SearchConfig(simulations=simulations, leaves=8, cache_mb=0))
    player.choose(np.array([GAME.initial_state()] * positions))
    assert network.most_rows == positions * leaves


def test_temperature_one_plays_in_proportion_to_visits():
    states = np.array([GAME.initial_state()] * 300)
    config = SearchConfig(simulations=20)
    best = ModelPlayer(GAME, ExactNetwork(), config, temperature=0.0).choose(states)
    drawn = ModelPlayer(GAME, ExactNetwork(), config, temperature=1.0).choose(states)
    assert len(set(best)) == 1 and len(set(drawn)) >= 7


def test_a_search_player_tells_values_of_the_mover_and_the_visits_by_share():
    boards, states = random_positions(GAME, 60)
    found = mcts(400).decide(Turns.of(states))
    assert found.policies.sum(axis=1) == pytest.approx(np.ones(len(states)), abs=1e-5)
    assert (found.policies.argmax(axis=1) == found.actions).all() and found.log_probs is None
    exact = np.array([np.sign(minimax(board)) for board in boards])
    assert (found.values[exact > 0] > 0).mean() > 0.9 and (found.values[exact < 0] < 0).mean() > 0.9


@pytest.mark.parametrize("spec", ["alphabeta:depth=9", "solver"])
def test_players_who_know_tell_the_result_for_the_player_to_move(spec):
    boards, states = random_positions(GAME, 60)
    found = make_player(spec, GAME, seed=1).decide(Turns.of(states))
    assert found.values.tolist() == [np.sign(minimax(board)) for board in boards]


def test_the_random_player_tells_its_equal_shares():
    boards, states = random_positions(GAME, 20)
    found = RandomPlayer(GAME, 1).decide(Turns.of(states))
    for row, board in zip(found.policies, boards, strict=True):
        assert row.tolist() == [np.float32(1 / board.count(0)) * (cell == 0) for cell in board]
    assert np.exp(found.log_probs) == pytest.approx(found.policies[np.arange(len(boards)), found.actions])


def thinking_seconds(player, states) -> float:
    player.choose(states)  # compile
    started = time.perf_counter()
    player.choose(states)
    return time.perf_counter() - started


def test_seconds_alone_are_thought_for_and_simulations_with_them_bind_too():
    states = np.array([GAME.initial_state()] * 2)
    alone = make_player("mcts:seconds=0.3", GAME, seed=1)
    assert 0.3 <= thinking_seconds(alone, states) < 1.0
    assert thinking_seconds(make_player("mcts:seconds=30,simulations=20", GAME), states) < 1.0
    slow = make_player("mcts:seconds=0.3,simulations=10000000", GAME)  # more than the memory has room for
    assert 0.3 <= thinking_seconds(slow, states) < 1.0


def test_seconds_are_for_all_positions_of_a_call_however_many_groups_they_make():
    config = SearchConfig(rule="uct", memory_mb=2.0)
    player = SearchPlayer(GAME, RolloutEvaluator(GAME), config, seconds=0.4, seed=1)
    boards, states = random_positions(GAME, 20)
    assert len(states) > 3 * player.max_trees  # several groups
    assert 0.4 <= thinking_seconds(player, states) < 1.5


def test_gumbel_search_by_seconds_alone_is_refused_when_the_player_is_made():
    with pytest.raises(ValueError, match="seconds=1 alone for Gumbel search.*say simulations too"):
        ModelPlayer(GAME, ExactNetwork(), SearchConfig(gumbel=True), seconds=1.0)
