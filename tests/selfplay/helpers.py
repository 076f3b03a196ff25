"""Self-play without a network, games made of random numbers, and slow references in plain Python."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from alphazero.config import SearchConfig, SelfplayConfig
from alphazero.data.games import End, Games, same_games, without_padding
from alphazero.data.labels import SearchLabels
from alphazero.selfplay.selfplay import SelfPlay

LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))


class MadeUp:
    """An evaluator whose answers are a fixed, uneven function of the planes.

    With `batch_matters` they also depend, in their last bits, on the size of the batch, as a network's do.
    """

    name, needs_planes, cacheable, rollouts = "made up", True, True, None

    def __init__(self, game: Any, batch_matters: bool = False, strength: float = 4.0):
        rng = np.random.default_rng(5)
        size = game.planes * game.board_shape[0] * game.board_shape[1]
        self.weights = rng.normal(size=(size, game.num_actions + 1))
        self.batch_matters, self.strength = batch_matters, strength

    def evaluate(self, states: np.ndarray, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return logits float32[n, A] and values float32[n]."""
        mixed = np.round(np.tanh(planes.reshape(len(planes), -1).astype(np.float64) @ self.weights), 6)
        mixed *= self.strength * (1.0 + 1e-6 * len(planes) * self.batch_matters)
        return mixed[:, :-1].astype(np.float32), np.tanh(mixed[:, -1] / 4.0).astype(np.float32)


def search_config(**settings: Any) -> SearchConfig:
    """Return settings of a small search."""
    return SearchConfig(**{"simulations": 8, "cache_mb": 1.0, "memory_mb": 64.0, **settings})


def worker(
    game: Any, seed: int = 1, search: dict[str, Any] | None = None, evaluator: Any = None, **settings: Any
) -> SelfPlay:
    """Return self-play with a made-up evaluator; `settings` are those of `SelfplayConfig`."""
    play = SelfplayConfig(**{"parallel_games": 8, **settings})
    return SelfPlay(game, evaluator or MadeUp(game), search_config(**(search or {})), play, seed)


same = same_games


def random_games(game: Any, lengths: list[int], seed: int = 0) -> Games:
    """Return games that no rules would allow: every array filled at random, consistent in its sizes only."""
    rng = np.random.default_rng(seed)
    plies = sum(lengths)
    counts = rng.integers(0, 4, plies).astype(np.int32)
    starts = np.frombuffer(rng.bytes(len(lengths) * game.state_dtype.itemsize), game.state_dtype)
    labels = SearchLabels(
        lowest=rng.random((len(lengths), 2)).astype(np.float32),
        values=rng.random(plies).astype(np.float32),
        full=(counts > 0).astype(np.int8),
        counts=counts,
        surprises=rng.random(plies).astype(np.float32),
        policy_actions=rng.integers(0, game.num_actions, counts.sum()).astype(np.int32),
        policy_weights=rng.integers(1, 65536, counts.sum()).astype(np.uint16),
    )
    return Games(
        starts=without_padding(starts),
        lengths=np.array(lengths, np.int32),
        outcomes=rng.integers(-1, 2, len(lengths)).astype(np.int8),
        ends=rng.integers(0, 2, len(lengths)).astype(np.int8),
        actions=rng.integers(0, game.num_actions, plies).astype(np.int32),
        labels=labels,
    )


def legal_games(game: Any, count: int, seed: int = 0, **settings: Any) -> Games:
    """Return finished games of self-play of every kind: after random plies, resigned, with fast searches."""
    usual = {
        "random_opening_plies": 2,
        "full_search_fraction": 0.6,
        "fast_simulations": 2,
        "resign_threshold": -0.5,
    }
    return worker(game, seed, parallel_games=count, **(usual | settings)).play(count, only=count)


class Ply(NamedTuple):
    """One ply of a stored game, taken apart in plain Python."""

    game: int
    ply: int
    state: Any  # the position before the move
    action: int
    value: float
    full: bool
    policy: dict[int, int]  # weights as stored


class Played(NamedTuple):
    """One stored game."""

    start: Any
    plies: list[Ply]
    last: Any  # the position after the last move
    outcome: int
    end: End
    lowest: tuple[float, float]


def take_apart(game: Any, games: Games) -> Iterator[Played]:
    """Yield every game, replayed move by move through the Python calls, which refuse what is illegal."""
    ply = entry = 0
    labels = games.labels
    assert isinstance(labels, SearchLabels)
    for number in range(games.num_games):
        state, plies = games.starts[number].copy(), []
        start = state.copy()
        for index in range(games.lengths[number]):
            chosen = slice(entry, entry + labels.counts[ply])
            weights = labels.policy_weights[chosen].tolist()
            policy = dict(zip(labels.policy_actions[chosen].tolist(), weights, strict=True))
            assert len(policy) == labels.counts[ply], "an action stands twice in a policy"
            plies.append(
                Ply(
                    number,
                    index,
                    state.copy(),
                    int(games.actions[ply]),
                    float(labels.values[ply]),
                    bool(labels.full[ply]),
                    policy,
                )
            )
            game.play(state, int(games.actions[ply]))
            ply, entry = ply + 1, chosen.stop
        yield Played(
            start,
            plies,
            state,
            int(games.outcomes[number]),
            End(games.ends[number]),
            tuple(labels.lowest[number].tolist()),
        )
    assert ply == len(games.actions) and entry == len(labels.policy_actions)


def winner(actions: list[int]) -> int | None:
    """Return who won tic-tac-toe, moves from the empty board: 1 the first player, -1 the second, 0 draw, None open."""
    board = [0] * 9
    for number, cell in enumerate(actions):
        board[cell] = 1 if number % 2 == 0 else -1
        if any(board[a] == board[b] == board[c] == board[cell] for a, b, c in LINES):
            assert number == len(actions) - 1, "moves after the end"
            return board[cell]
    return 0 if len(actions) == 9 else None
