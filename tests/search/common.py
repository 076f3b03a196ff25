"""What the tests of the search share: three small games, evaluators that repeat themselves, settings.

Compiling a kernel for one more kind of game takes seconds, so all tests use these games.
"""

import functools
from typing import Any

import numpy as np

import games
from alphazero.config import SearchConfig
from alphazero.search import Search
from tests.arena.tictactoe import LINES, minimax

TIC_TAC_TOE = games.make("tic_tac_toe")
CONNECT_FOUR = games.make("connect_four", rows=4, cols=5)
BIG_CONNECT_FOUR = games.make("connect_four")  # compiled already, as the smaller one
IN_PARTS = games.make("factored-tic_tac_toe")  # column, then row: the same player moves twice running
RULES = ("alphazero", "puct", "alphago", "uct")


def settings(**changes: Any) -> SearchConfig:
    """Return search settings with a small memory."""
    return SearchConfig(**{"memory_mb": 64.0, "cache_mb": 1.0, **changes})


class HashEvaluator:
    """Judges a position at random, but always alike: logits in [-2, 2), values in [-1, 1)."""

    name, cacheable, rollouts = "hashes", True, None

    def __init__(self, game: Any, from_planes: bool = False, scale: float = 1.0):
        self.game, self.needs_planes, self.scale = game, from_planes, scale
        self.rows = 0
        cells = game.planes * game.board_shape[0] * game.board_shape[1]
        self._weights = np.random.default_rng(1).integers(1, 2**62, cells)

    def evaluate(self, states: np.ndarray, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return logits float32[n, A] and values float32[n], keyed on the planes or on the states' input_hash."""
        self.rows += len(states)
        if self.needs_planes:
            keys = (planes.reshape(len(planes), -1).astype(np.int64) @ self._weights).astype(np.uint64)
        else:
            keys = np.array([self.game.input_hash(state) for state in states], np.uint64)
        numbers = random_units(keys, self.game.num_actions + 1)
        values = (2 * numbers[:, 0] - 1) * self.scale
        return (4 * numbers[:, 1:] - 2).astype(np.float32), values.astype(np.float32)


def random_units(keys: np.ndarray, count: int) -> np.ndarray:
    """Return float64[n, count] in [0, 1) that depend on nothing but the keys uint64[n]."""
    words = keys[:, None] + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (words >> np.uint64(11)) * 2.0**-53


class ExactEvaluator:
    """Knows the value of every tic-tac-toe position and nothing about moves."""

    name, needs_planes, cacheable, rollouts = "the truth", True, True, None

    def evaluate(self, states: np.ndarray, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return equal logits and the values -1, 0, 1 for the player to move."""
        return np.zeros((len(planes), 9), np.float32), values_of_tic_tac_toe()[board_numbers(planes)]


def board_numbers(planes: np.ndarray) -> np.ndarray:
    """Return int64[n]: planes [n, 2, 3, 3] as numbers in base 3, a digit a cell: 1 own stone, 2 other stone."""
    digits = (planes[:, 0] + 2 * planes[:, 1]).reshape(len(planes), 9).astype(np.int64)
    return digits @ (3 ** np.arange(9))


@functools.cache
def values_of_tic_tac_toe() -> np.ndarray:
    """Return float32[3 ** 9], the minimax value for the mover by board number (0 where stones do not add up)."""
    values = np.zeros(3**9, np.float32)
    for number in range(3**9):
        board = tuple((0, 1, -1)[number // 3**cell % 3] for cell in range(9))
        own_line = any(all(board[cell] == 1 for cell in line) for line in LINES)
        if sum(board) in (0, -1) and not own_line:
            values[number] = np.sign(minimax(board))
    return values


@functools.cache
def unfinished_tic_tac_toe() -> np.ndarray:
    """Return all tic-tac-toe positions that can come about and are not over, in order of plies."""
    level, found = [TIC_TAC_TOE.initial_state()], []
    while level:
        found += level
        following = {}
        for state in level:
            for action in TIC_TAC_TOE.legal(state):
                after = state.copy()
                TIC_TAC_TOE.play(after, action)
                if not after["over"]:
                    following[after["cells"].tobytes()] = after
        level = list(following.values())
    return np.array(found, TIC_TAC_TOE.state_dtype)


def positions(game: Any, count: int, seed: int = 0) -> np.ndarray:
    """Return `count` unfinished positions of random games, the starting position first."""
    rng = np.random.default_rng(seed)
    found: list[Any] = []
    while len(found) < count:
        state = game.initial_state()
        while not game.is_over(state):
            found.append(state.copy())
            game.play(state, int(rng.choice(game.legal(state))))
    return np.array(found[:count], game.state_dtype)


def position(game: Any, moves: str) -> Any:
    """Return the position after moves in the game's notation."""
    state = game.initial_state()
    for move in moves.split():
        game.play(state, game.parse_action(state, move))
    return state


def search_of(
    game: Any,
    states: np.ndarray,
    evaluator: Any,
    simulations: int,
    *,
    seed: int = 0,
    noise: bool = False,
    leaves: int = 1,
    replay: bool | None = None,
    **changes: Any,
) -> Search:
    """Return a search with one tree a state, started but not run."""
    config = settings(simulations=simulations, **changes)
    search = Search(
        game, len(states), config, evaluator, seed=seed, noise=noise, leaves=leaves, replay=replay
    )
    search.set_roots(np.ascontiguousarray(states))
    search.start(simulations)
    return search


def expand_roots(search: Search) -> None:
    """Evaluate the roots of a search that has just been started, and no more."""
    search.expand(*search.evaluator.evaluate(*roots_to_evaluate(search)))


def roots_to_evaluate(search: Search) -> tuple[np.ndarray, np.ndarray]:
    """Collect the roots of a search that has just been started."""
    search.gather()
    batch = search.collect()
    assert batch is not None
    return batch


def root_edges(search: Search, tree: int = 0) -> np.ndarray:
    """Return the edges of a tree's root, a view."""
    root = search.forest.nodes[tree, 0]
    return search.forest.edges[tree, root["first_edge"] : root["first_edge"] + root["num_edges"]]
