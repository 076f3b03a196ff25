"""The exact solvers against a plain minimax, against each other, and against what is known of solved games."""

import numpy as np
import pytest

import games
from alphazero.exact import ILLEGAL, AlphaBetaSolver, ConnectFourSolver, Unfinished, make_solver
from games.factored import Factored
from tests.exact.common import after, after_move, random_states

SMALL_BOARDS = [(4, 4), (4, 5), (5, 4), (3, 7)]
CONNECT_FOUR = games.make("connect_four")


def check(game, solver, states) -> None:
    """Fail unless results and plies of all actions are those of the minimax."""
    known: dict[bytes, tuple[int, int]] = {}
    for state in states:
        legal = game.legal(state).tolist()
        exact = {action: after_move(game, state, action, known) for action in legal}
        plain, far = solver.solve(state), solver.solve(state, distance=True)
        for action in range(game.num_actions):
            where = f"{game.state_text(state)} action {action}"
            assert (plain.scores[action] != ILLEGAL) == (action in legal), where
            if action in legal:
                assert plain.values[action] == far.values[action] == exact[action][0], where
                assert far.plies[action] == exact[action][1], where
        best = max(exact.values(), key=lambda value: value[0] * (1.0 - 0.0001 * value[1]))
        assert plain.value == far.value == best[0]
        assert {exact[a][0] for a in plain.best} == {best[0]}
        assert {exact[a] for a in far.best} == {best}
        assert len(plain.best) == sum(value[0] == best[0] for value in exact.values())


@pytest.mark.parametrize("size", SMALL_BOARDS, ids=str)
@pytest.mark.parametrize("kind", [ConnectFourSolver, AlphaBetaSolver])
def test_small_boards_of_connect_four_agree_with_minimax(kind, size):
    rows, cols = size
    game = games.make("connect_four", rows=rows, cols=cols)
    states = random_states(game, 300, rows * cols - 9)
    check(game, kind(game, 1.0), states)


def test_every_position_of_tic_tac_toe_agrees_with_minimax():
    game = games.make("tic_tac_toe")
    check(game, make_solver(game, 1.0), random_states(game, 600, 0) + [game.initial_state()])


def test_a_player_who_moves_twice_in_a_row_keeps_its_sign():
    game = Factored(games.make("tic_tac_toe"))
    check(game, make_solver(game, 1.0), random_states(game, 150, 4))


def test_a_tiny_table_changes_nothing_but_the_time():
    game = games.make("connect_four", rows=4, cols=5)
    for kind in (ConnectFourSolver, AlphaBetaSolver):
        check(game, kind(game, 1e-6), random_states(game, 60, 11, seed=1))


@pytest.mark.parametrize("moves", ["", "1", "5"])
def test_symmetry_of_the_start_changes_nothing_but_the_time(moves):
    game = games.make("tic_tac_toe")
    state = game.initial_state()
    for cell in moves:
        game.play(state, int(cell) - 1)
    plain = AlphaBetaSolver(game, 1.0)
    plain._lines = lambda state: ([state.copy()], game.symmetries.actions[:1])  # type: ignore[method-assign]
    mirrored = AlphaBetaSolver(game, 1.0)
    first, second = plain.solve(state, distance=True), mirrored.solve(state, distance=True)
    assert np.array_equal(first.scores, second.scores)
    if not moves:
        assert second.positions < first.positions / 2


def test_full_size_positions_agree_between_both_solvers():
    fast, slow = ConnectFourSolver(CONNECT_FOUR, 8.0), AlphaBetaSolver(CONNECT_FOUR, 64.0)
    for state in random_states(CONNECT_FOUR, 60, 26, seed=2):
        one, other = fast.solve(state, distance=True), slow.solve(state, distance=True)
        assert np.array_equal(one.values, other.values), CONNECT_FOUR.state_text(state)
        assert np.array_equal(one.plies, other.plies), CONNECT_FOUR.state_text(state)


@pytest.mark.parametrize(
    ("moves", "score"),
    [  # published by Pascal Pons with his solver
        ("2252576253462244111563365343671351441", -1),
        ("7422341735647741166133573473242566", 1),
        ("23163416124767223154467471272416755633", 0),
    ],
)
def test_published_scores_of_connect_four_positions(moves, score):
    solution = make_solver(CONNECT_FOUR, 8.0).solve(after(CONNECT_FOUR, moves), distance=True)
    assert solution.scores.max() == score


def test_small_boards_of_connect_four_have_their_known_values():
    # John Tromp's table of solved boards, rows x columns.
    for (rows, cols), value in {(4, 4): 0, (4, 5): 0, (5, 4): 0, (5, 5): 0, (4, 6): -1, (6, 4): 0}.items():
        game = games.make("connect_four", rows=rows, cols=cols)
        assert make_solver(game, 32.0).solve(game.initial_state()).value == value, (rows, cols)


def test_gomoku_with_four_in_a_row_on_four_by_four_is_a_draw_and_three_in_a_row_wins_in_the_centre():
    game = games.make("mnk", rows=3, cols=4, connect=3)
    solution = make_solver(game, 16.0).solve(game.initial_state(), distance=True)
    assert solution.value == 1 and solution.plies[solution.best[0]] % 2 == 1


def test_a_game_too_large_says_what_is_known_so_far():
    game = games.make("gomoku", rows=9, cols=9)
    with pytest.raises(
        Unfinished, match=r"is not solved after 0\.2 seconds .* is open, it decides nothing within"
    ):
        make_solver(game, 1.0).solve(game.initial_state(), seconds=0.2)
    with pytest.raises(Unfinished, match="its score is between -1 and 1"):
        make_solver(CONNECT_FOUR, 1.0).solve(CONNECT_FOUR.initial_state(), seconds=0.2)


def test_a_finished_game_cannot_be_solved():
    with pytest.raises(ValueError, match="the game is over"):
        make_solver(CONNECT_FOUR, 1.0).solve(after(CONNECT_FOUR, "1212121"))


def test_what_a_solver_knows_of_one_position_is_not_taken_for_another():
    # They shared a hash while the player to move was added to a bitboard.
    game = games.make("othello", size=4)
    solver = make_solver(game, 16.0)
    for text, value in ((".oxx/ooxo/xxoo/xooo o", -1), ("..oo/xoox/ooox/oxxx x", 0)):
        assert solver.solve(game.parse_state(text)).value == value, text


def test_a_table_kept_from_call_to_call_saves_positions():
    state = after(CONNECT_FOUR, "4444355766213")
    solver = ConnectFourSolver(CONNECT_FOUR, 8.0)
    assert solver.solve(state).positions > 2 * solver.solve(state).positions
