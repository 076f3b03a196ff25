"""Different positions have different hashes: every position of small boards, compared byte by byte.

Caches and solvers know a position by its hash alone, so two that share one are taken for each other. What a hash must
tell apart is written down here without any hash: the records' own bytes, or the part of them that a rule looks at.
"""

from collections.abc import Callable

import numpy as np
import pytest

import games
from games.connect_four import LargeConnectFour
from games.hex import COLOUR
from games.othello import LargeOthello
from tests.games.counting import Reached, reachable

GO = "history=2,max_plies=40"  # of one record's size, so that one compilation serves all


def rows(*columns: np.ndarray) -> np.ndarray:
    """Return the bytes of columns [n, ...] side by side, one row for each position."""
    parts = [np.ascontiguousarray(column).reshape(len(column), -1).view(np.uint8) for column in columns]
    joined = np.ascontiguousarray(np.concatenate(parts, axis=1))
    return joined.view(f"V{joined.shape[1]}").ravel()


def whole_record(game, states: np.ndarray) -> np.ndarray:
    """Everything, where a record holds nothing but the position."""
    return rows(states.view(f"V{states.itemsize}"))


def hex_board(game, states: np.ndarray) -> np.ndarray:
    """Stones and plies: which sides a group is known to be connected to is left out, as its end is not spread."""
    return rows(states["cells"] & COLOUR, states["plies"])


def chess_board(game, states: np.ndarray) -> np.ndarray:
    """What threefold repetition compares."""
    core = states["core"]
    return rows(*(core[name] for name in ("own", "other", "kinds", "castling", "passed", "player")))


def chess_history(game, states: np.ndarray) -> np.ndarray:
    """What legality, result and planes depend on."""
    quiet, turns = states["core"]["quiet"], np.arange(game.history)
    slots = (states["slot"][:, None] - turns) % game.history
    shown = turns < states["known"][:, None]
    seen = np.take_along_axis(states["seen"], slots[:, :, None], axis=1) * shown[:, :, None]
    repeats = np.take_along_axis(states["repeats"], slots, axis=1) * shown
    return rows(chess_board(game, states), states["plies"], quiet, states["over"], seen, repeats)


def go_board(game, states: np.ndarray) -> np.ndarray:
    return rows(states["board"], states["player"])


def go_history(game, states: np.ndarray) -> np.ndarray:
    """What legality, result and planes depend on, now and later.

    Where superko forbids all earlier positions, these stand in the order of their hashes.
    """
    plies, turns = states["plies"], np.arange(game.history)
    shown = (turns <= plies[:, None])[:, :, None, None]
    slots = ((states["slot"][:, None] - turns) % game.history)[:, :, None, None]
    seen = np.take_along_axis(states["seen"], slots, axis=1) * shown
    past = np.sort(np.where(np.arange(states["past"].shape[1]) <= plies[:, None], states["past"], 0), axis=1)
    forbidden = past if game.superko else states["ko"]
    last = states["last"] * game.features
    names = ("board", "player", "passes", "over", "plies")
    return rows(*(states[name] for name in names), seen, forbidden, last)


def check(game, found: Reached, board: Callable, position: Callable) -> int:
    """Fail unless positions have equal hashes exactly where they are equal; return how many there are."""
    for kind, told_apart, hashes in (
        ("position_hash", board, found.position_hashes),
        ("input_hash", position, found.input_hashes),
    ):
        words = told_apart(game, found.states).tolist()
        pairs, distinct = set(zip(words, hashes.tolist(), strict=True)), set(words)
        assert len(pairs) == len(distinct), f"{kind}: equal positions differ"
        assert len(set(hashes.tolist())) == len(distinct), f"{kind}: different positions are equal"
    return len(found.states)


@pytest.mark.parametrize("game, positions", [
    (games.parse("connect_four:rows=4,cols=4"), 161_028),
    (LargeConnectFour(4, 4, 3), 41_749),
    (games.parse("tic_tac_toe"), 5_477),
    (games.parse("mnk:rows=3,cols=4,connect=3,exact=1"), 113_080),
    (games.parse("othello:size=4"), 62_788),
    (LargeOthello(4), 62_788),
    (games.parse("breakthrough:rows=5,cols=2"), 11_286),
    (games.parse("breakthrough:rows=4,cols=3"), 55_151),
    (games.parse("factored-tic_tac_toe"), 16_262),
    (games.parse("factored-breakthrough:rows=4,cols=2"), 1_269),
], ids=str)  # fmt: skip
def test_all_positions_of_a_small_board_have_hashes_of_their_own(game, positions):
    assert check(game, reachable(game, game.max_plies), whole_record, whole_record) == positions


@pytest.mark.parametrize("rules", ["size=3,swap=1", "size=3,swap=0", "size=2,swap=1"])
def test_all_positions_of_small_hex_have_hashes_of_their_own(rules):
    game = games.parse(f"hex:{rules}")
    assert check(game, reachable(game, game.max_plies), hex_board, hex_board) > 30


@pytest.mark.parametrize("rules, plies", [
    ("size=2,superko=0", 9), ("size=2,superko=1,features=1", 6), ("size=2,superko=2,suicide=1", 6),
    ("rows=2,cols=3,superko=1", 6), ("size=3,superko=0,features=1", 4), ("size=3,superko=2", 4),
])  # fmt: skip
def test_positions_of_small_go_boards_have_hashes_of_their_own(rules, plies):
    game = games.parse(f"go:{rules},{GO}")
    assert check(game, reachable(game, plies), go_board, go_history) > 1000


@pytest.mark.parametrize("fen, plies", [
    ("8/8/8/8/8/2k5/8/K6R w - - 0 1", 4),
    ("4k3/2p1p3/8/3P4/3p4/8/2P1P3/4K3 w - - 0 1", 5),
    ("r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1", 3),
])  # fmt: skip
def test_positions_of_chess_endings_have_hashes_of_their_own(fen, plies):
    game = games.parse("chess:history=2")
    found = reachable(game, plies, game.parse_state(fen))
    assert check(game, found, chess_board, chess_history) > 1000


@pytest.mark.parametrize("text, board, position", [
    ("chess:history=2", chess_board, chess_history), (f"go:size=5,{GO}", go_board, go_history),
])  # fmt: skip
def test_positions_of_random_games_have_hashes_of_their_own(text, board, position):
    game, random, states = games.parse(text), np.random.default_rng(5), []
    while len(states) < 10_000:
        state = game.initial_state()
        while not game.is_over(state):
            game.play(state, random.choice(game.legal(state)))
            states.append(state.copy())
    records = np.array(states, game.state_dtype)
    hashes = np.array([(game.input_hash(state), game.position_hash(state)) for state in states], np.uint64)
    check(game, Reached(records, *hashes.T), board, position)
