"""Seeds: 0 <= seed < 2**63 everywhere; the last one works, everything else is refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import games
from alphazero.arena.match import play_match
from alphazero.arena.players import make_player
from alphazero.arena.pool import RatingPool
from alphazero.arena.random_player import RandomPlayer
from alphazero.config import SearchConfig, SelfplayConfig, build_config
from alphazero.play.engine import Limit, SearchEngine
from alphazero.search import RolloutEvaluator, Search, UniformEvaluator, search_positions
from alphazero.selfplay import generate
from alphazero.selfplay.selfplay import SelfPlay
from games.contract import check_game
from games.options import MAX_SEED
from tests.run.runs import quick, start
from tests.selfplay.helpers import MadeUp
from tests.test_cli import error_line, run

GAME = games.make("tic_tac_toe")
STATES = np.array([GAME.initial_state()])
SEARCH = SearchConfig(simulations=4, memory_mb=16.0, cache_mb=1.0)
PLAY = SelfplayConfig(parallel_games=4, groups=2)


def one_match(seed: int) -> None:
    play_match(RandomPlayer(GAME), RandomPlayer(GAME), GAME, 2, seed=seed)


def one_thought(seed: int) -> object:
    with SearchEngine(GAME, UniformEvaluator(GAME), SEARCH, Limit(simulations=4), seed=seed) as engine:
        engine.set_position(None)
        return engine.think()


TAKERS: dict[str, Callable[[int], object]] = {
    "make_player": lambda seed: make_player("random", GAME, seed=seed),
    "a player": lambda seed: RandomPlayer(GAME, seed),
    "new_games": lambda seed: RandomPlayer(GAME).new_games(seed),
    "play_match": one_match,
    "a pool": lambda seed: RatingPool(("random", "alphabeta:depth=2")).calibrate(GAME, 4, seed=seed),
    "search_positions": lambda seed: search_positions(
        GAME, STATES, UniformEvaluator(GAME), SEARCH, seed=seed
    ),
    "Search": lambda seed: Search(GAME, 1, SEARCH, UniformEvaluator(GAME), seed=seed),
    "RolloutEvaluator": lambda seed: RolloutEvaluator(GAME, seed=seed),
    "SelfPlay": lambda seed: SelfPlay(GAME, MadeUp(GAME), SEARCH, PLAY, seed).play(4),
    "an engine": lambda seed: one_thought(seed),
    "check_game": lambda seed: check_game(GAME, 1, seed, num_rollouts=200),
}


@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)
def test_the_last_seed_works(take):
    take(MAX_SEED)


@pytest.mark.parametrize("seed", [-1, 2**63, 2**64, 0.5], ids=["-1", "2**63", "2**64", "0.5"])
@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)
def test_what_is_no_seed_is_refused_in_one_line(take, seed):
    with pytest.raises(
        ValueError, match=rf"^seed {seed} is not possible: expected a whole number from 0 to 2\*\*63 - 1$"
    ):
        take(seed)


def test_games_are_not_generated_with_what_is_no_seed(tmp_path):
    with pytest.raises(ValueError, match="seed -1 is not possible"):
        generate(GAME, tmp_path / "model.safetensors", 1, tmp_path / "games", seed=-1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", [-1, 2**63, 2**64])
def test_settings_take_no_other_seed(seed):
    with pytest.raises(ValueError, match=f"seed: got {seed}; allowed: a whole number from 0 to 2"):
        build_config({"seed": seed})


COMMANDS = (
    ("match", "random", "random", "--game", "tic_tac_toe", "--games", "2"),
    ("analyze", "tic_tac_toe", "--simulations", "4"),
    ("play", "tic_tac_toe", "--opponent", "random"),
    ("accuracy", "connect_four", "--player", "random"),
    ("selfplay", "tic_tac_toe", "--model", "x", "--games", "1", "--out", "y"),
)


@pytest.mark.parametrize("seed", ["-1", str(2**63), str(2**64), "9" * 5000, "x", "٣", "1.5"], ids=range(7))
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_commands_refuse_what_is_no_seed_in_one_line(capsys, command, seed):
    assert "is not a whole number from 0 to 2**63 - 1" in error_line(capsys, *command, f"--seed={seed}")


@pytest.mark.parametrize("command", COMMANDS[:2], ids=lambda command: command[0])
def test_commands_take_the_last_seed(capsys, command):
    assert run(capsys, *command, "--seed", str(MAX_SEED))[0] == 0


def test_a_run_with_the_last_seed_trains_rates_and_passes_its_gate(tmp_path: Path):
    with quick():
        start(tmp_path / "run", seed=MAX_SEED, run__generations=2, run__gate=True, run__gate_games=2)
