"""Numbers of positions and games against published tables: what no symmetric mistake can survive."""

import itertools
from collections import Counter

import numpy as np
import pytest

import games
from games.connect_four import LargeConnectFour
from tests.games.counting import perft, positions_by_ply

CONNECT_FOUR_PATHS = (7, 49, 343, 2401, 16807, 117649, 823536, 5673234)
# J. Tromp, OEIS A212693: positions after n plies on the board of 6 rows and 7 columns.
CONNECT_FOUR_POSITIONS = (1, 7, 49, 238, 1120, 4263, 16422, 54859, 184275, 558186, 1662623)


@pytest.mark.parametrize("depth, paths", list(enumerate(CONNECT_FOUR_PATHS, start=1)))
def test_connect_four_has_the_known_number_of_move_sequences(depth, paths):
    assert perft(games.make("connect_four"), depth) == paths


def test_connect_four_on_cells_has_the_known_number_of_move_sequences():
    assert [perft(LargeConnectFour(6, 7, 4), depth) for depth in range(1, 8)] == list(CONNECT_FOUR_PATHS[:7])


def test_connect_four_has_the_known_number_of_distinct_positions_by_ply():
    layers = positions_by_ply(games.make("connect_four"), 7)
    assert [len(layer) for layer in layers] == list(CONNECT_FOUR_POSITIONS[:8])


@pytest.mark.slow
def test_connect_four_has_the_known_number_of_distinct_positions_up_to_ply_10():
    layers = positions_by_ply(games.make("connect_four"), 10)
    assert [len(layer) for layer in layers] == list(CONNECT_FOUR_POSITIONS)


@pytest.mark.slow
def test_connect_four_has_39394572_move_sequences_of_length_9():
    assert perft(games.make("connect_four"), 9) == 39_394_572


def test_connect_four_on_4_by_4_has_161029_positions():
    """All positions that play can reach, the empty board included (J. Tromp's table of small boards)."""
    layers = positions_by_ply(games.make("connect_four", rows=4, cols=4), 16)
    assert sum(len(layer) for layer in layers) == 161_029


@pytest.fixture(scope="module")
def tic_tac_toe_layers():
    return positions_by_ply(games.make("tic_tac_toe"), 9)


def test_tic_tac_toe_has_5478_positions_of_which_958_are_over(tic_tac_toe_layers):
    game, positions = games.make("tic_tac_toe"), np.concatenate(tic_tac_toe_layers)
    over = Counter(bool(game.is_over(state)) for state in positions)
    assert (len(positions), over[False], over[True]) == (5478, 4520, 958)


def test_tic_tac_toe_has_765_positions_up_to_symmetry(tic_tac_toe_layers):
    game = games.make("tic_tac_toe")
    positions = np.concatenate(tic_tac_toe_layers)
    images = positions["cells"][:, game.symmetries.cells]  # [positions, symmetries, cells]
    assert len({min(image.tobytes() for image in eight) for eight in images}) == 765


def test_tic_tac_toe_has_255168_games_131184_for_the_first_77904_for_the_second_player():
    game, results = games.make("tic_tac_toe"), Counter()
    layer = {game.initial_state().tobytes(): 1}
    while layer:
        coming: Counter[bytes] = Counter()
        for record, paths in layer.items():
            state = np.frombuffer(record, game.state_dtype)[0]
            if game.is_over(state):
                results[game.outcome(state)] += paths
            for action in game.legal(state):
                child = np.frombuffer(bytearray(record), game.state_dtype)
                game.play(child[0], action)
                coming[child.tobytes()] += paths
        layer = coming
    assert results == {1: 131_184, -1: 77_904, 0: 46_080}


def test_tic_tac_toe_reads_exactly_the_5478_boards_that_play_can_reach():
    game = games.make("tic_tac_toe")
    read = 0
    for cells in itertools.product(".xo", repeat=9):
        try:
            game.parse_state("/".join("".join(cells[start : start + 3]) for start in (0, 3, 6)))
            read += 1
        except ValueError:
            continue
    assert read == 5478
