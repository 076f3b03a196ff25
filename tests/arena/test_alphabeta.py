"""The alpha-beta player against a plain minimax, solved positions and random play."""

import numpy as np
import pytest

import games
from alphazero.arena.alphabeta import ILLEGAL, AlphaBetaPlayer, action_values
from alphazero.arena.match import play_match
from alphazero.arena.players import make_player
from alphazero.arena.random_player import RandomPlayer
from alphazero.search.pace import Slices
from games.factored import Factored
from tests.arena.tictactoe import after, minimax, random_positions

CONNECT_FOUR = games.make("connect_four")
TIC_TAC_TOE = games.make("tic_tac_toe")


@pytest.mark.parametrize("depth", [1, 2, 4, 9])
def test_values_agree_with_a_plain_minimax(depth):
    boards, states = random_positions(TIC_TAC_TOE, 600)
    values = action_values(TIC_TAC_TOE, states, depth)
    for board, row in zip(boards, values, strict=True):
        exact = [
            -minimax(after(board, cell), depth - 1) if board[cell] == 0 else ILLEGAL for cell in range(9)
        ]
        best = max(exact)
        assert row.max() == best
        # Exactly the best actions are best; the others are bounded from above.
        assert [value == best for value in row] == [value == best for value in exact]
        assert all(value >= truth for value, truth in zip(row, exact, strict=True))


def test_a_player_who_moves_twice_in_a_row_keeps_its_sign():
    game = Factored(TIC_TAC_TOE)  # first a column, then a row
    boards, states = random_positions(TIC_TAC_TOE, 150)
    whole = np.zeros(len(states), game.state_dtype)
    whole["base"] = states
    moves = AlphaBetaPlayer(game, 18).choose(whole)
    for board, row, move in zip(boards, action_values(game, whole, 18), moves, strict=True):
        best = minimax(board)
        # A result m moves away comes 2 m parts away: 1 + 9 - m becomes 1 + 18 - 2 m.
        assert row.max() == np.sign(best) * max(2 * abs(best) - 1, 0)
        columns = {
            cell % 3 for cell in range(9) if board[cell] == 0 and -minimax(after(board, cell), 8) == best
        }
        assert set(np.flatnonzero(row == row.max())) == columns
        assert move in columns


@pytest.mark.parametrize("side", ["first", "second"])
def test_full_depth_never_loses_at_tic_tac_toe(side):
    perfect, random = AlphaBetaPlayer(TIC_TAC_TOE, 9, seed=1), RandomPlayer(TIC_TAC_TOE, 2)
    result = play_match(perfect, random, TIC_TAC_TOE, 100, seed=1, opening_plies=0)
    counts = result.as_first if side == "first" else result.as_second
    assert counts.losses == 0
    assert counts.wins > 30


def test_perfect_players_always_draw_and_ties_are_broken_differently():
    players = AlphaBetaPlayer(TIC_TAC_TOE, 9, seed=1), AlphaBetaPlayer(TIC_TAC_TOE, 9, seed=2)
    result = play_match(*players, TIC_TAC_TOE, 40, opening_plies=0)
    assert result.draws == 40
    assert result.distinct_games > 20


def position(moves: str) -> np.ndarray:
    """Return one Connect Four position after columns counted from 1."""
    state = CONNECT_FOUR.initial_state()
    for move in moves:
        CONNECT_FOUR.play(state, int(move) - 1)
    return np.array([state], CONNECT_FOUR.state_dtype)


@pytest.mark.parametrize(
    "moves, depth, best, value",
    [
        ("4455", 3, {2, 5}, 1),  # first player: three in a row, open at both ends, wins with the third ply
        ("4455", 5, {2, 5}, 3),
        ("14455", 3, {2, 5}, 1),  # the same for the second player
        ("14455", 6, {2, 5}, 4),
        ("4455", 2, set(range(7)), 0),  # beyond the horizon
        ("112233", 4, {3}, 4),  # first player wins at once, and prefers it to any later win
        ("7112233", 4, {3}, 4),  # the same for the second player
        ("44553", 4, set(range(7)), -3),  # second player is lost, two plies from now, whatever it does
        ("144553", 4, set(range(7)), -3),  # the same for the first player
    ],
)
def test_forced_wins_in_connect_four_for_both_players(moves, depth, best, value):
    values = action_values(CONNECT_FOUR, position(moves), depth)[0]
    assert values.max() == value
    assert set(np.flatnonzero(values == value)) == best


def test_connect_four_on_four_by_four_is_a_draw():
    # John Tromp's table of solved boards.
    game = games.make("connect_four", rows=4, cols=4)
    assert action_values(game, np.array([game.initial_state()], game.state_dtype), 16).max() == 0


def test_ties_are_broken_by_seed_among_all_best_moves():
    states = position("4455").repeat(200)
    moves = [make_player("alphabeta:depth=3", CONNECT_FOUR, seed).choose(states) for seed in (1, 1, 2)]
    assert set(moves[0]) == {2, 5}
    assert 60 < np.sum(moves[0] == 2) < 140
    assert np.array_equal(moves[0], moves[1]) and not np.array_equal(moves[0], moves[2])


def test_positions_are_searched_alike_alone_and_in_a_batch():
    states = np.concatenate([position(moves) for moves in ("", "4455", "14455", "1122", "4444")])
    together = action_values(CONNECT_FOUR, states, 4)
    for index in range(len(states)):
        assert np.array_equal(action_values(CONNECT_FOUR, states[index : index + 1], 4)[0], together[index])


def test_a_depth_beyond_the_end_of_the_game_is_full_depth():
    player = AlphaBetaPlayer(TIC_TAC_TOE, 1000)
    assert player.depth == 9
    assert player.choose(np.array([TIC_TAC_TOE.initial_state()], TIC_TAC_TOE.state_dtype)).shape == (1,)


def test_positions_of_another_game_are_refused():
    with pytest.raises(
        ValueError, match="expected an array .* of positions of tic_tac_toe, got shape .1. of another"
    ):
        action_values(TIC_TAC_TOE, position(""), 2)
    with pytest.raises(ValueError, match="got shape .2. of float64"):
        action_values(TIC_TAC_TOE, np.zeros(2), 2)


def test_a_search_in_slices_finds_the_same_values_as_in_one_piece(monkeypatch):
    boards, states = random_positions(TIC_TAC_TOE, 60)
    found = []
    monkeypatch.setattr(Slices, "took", lambda self, seconds: None)
    for size in (1, 500, 10**9):
        monkeypatch.setattr("alphazero.arena.alphabeta.FIRST_SLICE", size)
        found.append(action_values(TIC_TAC_TOE, states, 6).tolist())
    assert found[0] == found[1] == found[2]
