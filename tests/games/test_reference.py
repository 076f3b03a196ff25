"""Fast rules against slow ones: on thousands of random plies they must agree in everything."""

import random

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

import games
from games.connect_four import ConnectFour, LargeConnectFour
from games.mnk import MNK
from tests.games.reference import Reference, ReferenceConnectFour, ReferenceMNK
from tests.games.reference_boards import Board

# On bitboards: 6x7; small; long and flat (64 bits); (rows + 1) * cols just 64; 63; high, where a line is
# shifted out of the word; and one column wide.
BITBOARDS = (
    (6, 7, 4),
    (4, 4, 3),
    (3, 16, 4),
    (7, 8, 4),
    (8, 7, 5),
    (31, 2, 6),
    (31, 2, 4),
    (32, 1, 4),
    (1, 32, 3),
    (5, 1, 2),
)
ON_CELLS = ((6, 7, 4), (12, 5, 5))
FLAT = ((3, 3, 3, 0), (4, 5, 3, 1), (4, 5, 3, 0), (4, 5, 2, 1), (15, 15, 5, 0), (15, 15, 5, 1))


def agree(game, state, reference: Reference | Board) -> None:
    """Assert that a position shows exactly what the slow rules say."""
    assert game.state_text(state) == reference.text()
    where = reference.text()
    assert game.legal(state).tolist() == reference.legal(), where
    assert game.is_over(state) == reference.over(), where
    assert game.outcome(state) == reference.outcome(), where
    assert game.to_move(state) == "xo".index(reference.mover), where
    planes = np.full((game.planes, *game.board_shape), np.nan, np.float32)
    game.encode(state, planes)
    assert planes.tolist() == reference.planes(), where
    again = game.parse_state(reference.text())
    assert game.input_hash(again) == game.input_hash(state), where
    if not game.is_over(state):  # what a finished position keeps besides may depend on how it came about
        assert np.array([again], game.state_dtype) == np.array([state], game.state_dtype), where


def play_games(game, make_reference, plies: int = 0, count: int = 0) -> None:
    """Play at least so many random games, of at least so many plies together, comparing every position."""
    rng, played, number = random.Random(1), 0, 0
    while played < plies or number < count:
        number += 1
        reference, state = make_reference(), game.initial_state()
        agree(game, state, reference)
        while not reference.over():
            action = rng.choice(reference.legal())
            reference.play(action)
            game.play(state, action)
            played += 1
            agree(game, state, reference)


@pytest.mark.parametrize("rules", BITBOARDS, ids=str)
def test_connect_four_on_bitboards_follows_the_slow_rules(rules):
    game = games.make("connect_four", rows=rules[0], cols=rules[1], connect=rules[2])
    assert isinstance(game, ConnectFour)
    play_games(game, lambda: ReferenceConnectFour(*rules), plies=600)


@pytest.mark.parametrize("rules", ON_CELLS, ids=str)
def test_connect_four_on_cells_follows_the_slow_rules(rules):
    play_games(LargeConnectFour(*rules), lambda: ReferenceConnectFour(*rules), plies=1200)


def test_connect_four_takes_bitboards_up_to_64_bits_and_cells_above():
    assert isinstance(games.make("connect_four", rows=7, cols=8), ConnectFour)  # 8 * 8
    assert isinstance(games.make("connect_four", rows=12, cols=5), LargeConnectFour)  # 13 * 5


@pytest.mark.parametrize("rules", FLAT, ids=str)
def test_mnk_follows_the_slow_rules(rules):
    play_games(MNK(*rules), lambda: ReferenceMNK(*rules[:3], exact=bool(rules[3])), plies=800)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(moves=st.lists(st.integers(0, 6), max_size=42))
def test_connect_four_follows_the_slow_rules_wherever_hypothesis_goes(moves):
    game, reference = games.make("connect_four"), ReferenceConnectFour(6, 7, 4)
    state = game.initial_state()
    for move in moves:
        if move not in reference.legal():
            with pytest.raises(ValueError):
                game.play(state, move)
            continue
        reference.play(move)
        game.play(state, move)
        note(game.render(state))
        agree(game, state, reference)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(moves=st.lists(st.integers(0, 19), max_size=40), exact=st.booleans(), connect=st.integers(1, 5))
def test_mnk_follows_the_slow_rules_wherever_hypothesis_goes(moves, exact, connect):
    game, reference = MNK(4, 5, connect, int(exact)), ReferenceMNK(4, 5, connect, exact)
    state = game.initial_state()
    for move in moves:
        if move not in reference.legal():
            with pytest.raises(ValueError):
                game.play(state, move)
            continue
        reference.play(move)
        game.play(state, move)
        note(game.render(state))
        agree(game, state, reference)
