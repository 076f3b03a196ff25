"""The data generator: as many games as asked for, and read back as what was played."""

import tracemalloc

import numpy as np
import pytest
import torch

import games
from alphazero.config import Config, NetworkConfig
from alphazero.data.games import num_distinct
from alphazero.data.loading import load_games
from alphazero.data.shards import read_folder, shard_paths, write_shard
from alphazero.network import save_model
from alphazero.network.model import for_game
from alphazero.selfplay import generate
from tests.selfplay.helpers import legal_games, same, take_apart


@pytest.fixture(scope="module")
def model(tmp_path_factory, tic_tac_toe):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    save_model(path, for_game(tic_tac_toe, NetworkConfig(blocks=1, channels=4)), tic_tac_toe)
    return path


CONFIG = Config.model_validate(
    {
        "search": {"simulations": 8, "cache_mb": 1.0, "memory_mb": 64.0},
        "selfplay": {"parallel_games": 16, "full_search_fraction": 0.5, "fast_simulations": 3},
    }
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tic_tac_toe, model):
    """Return a folder with 50 games in shards of 20."""
    out = tmp_path_factory.mktemp("generated")
    return generate(tic_tac_toe, model, 50, out, shard_games=20, config=CONFIG, seed=3, progress=False)


def test_exactly_as_many_games_are_written_as_asked_for(tic_tac_toe, folder):
    stored = read_folder(folder)
    assert stored.games.num_games == 50 and stored.bad == []
    assert len(shard_paths(folder)) == 3
    assert all(tic_tac_toe.is_over(played.last) for played in take_apart(tic_tac_toe, stored.games))
    assert num_distinct(stored.games) > 40


@pytest.mark.parametrize("number", [1, 3, 16, 17])
def test_few_games_are_played_to_their_end_too(tmp_path, tic_tac_toe, model, number):
    out = generate(tic_tac_toe, model, number, tmp_path / "out", config=CONFIG, shard_games=4, progress=False)
    assert read_folder(out).games.num_games == number


def test_the_same_seed_generates_the_same_games(tmp_path, tic_tac_toe, model, folder):
    same_settings = {"shard_games": 20, "config": CONFIG, "progress": False}
    again = generate(tic_tac_toe, model, 50, tmp_path / "again", seed=3, **same_settings)
    other = generate(tic_tac_toe, model, 50, tmp_path / "other", seed=4, **same_settings)
    assert same(read_folder(again).games, read_folder(folder).games)
    assert not same(read_folder(other).games, read_folder(folder).games)
    assert [path.read_bytes() for path in shard_paths(again)] == [
        path.read_bytes() for path in shard_paths(folder)
    ]


def test_loaded_games_agree_with_a_replay_in_plain_python(tic_tac_toe, folder):
    loaded = load_games(folder)
    assert loaded.game == tic_tac_toe and loaded.bad_shards == []
    plies = [
        (played, ply)
        for played in take_apart(tic_tac_toe, read_folder(folder).games)
        for ply in played.plies
        if ply.full
    ]
    assert len(plies) == len(loaded.states) > 100
    for row, (played, ply) in enumerate(plies):
        assert loaded.states[row] == ply.state
        assert loaded.game_index[row] == ply.game
        assert loaded.values[row] == np.float32(ply.value)
        assert loaded.results[row] == (played.outcome if ply.ply % 2 == 0 else -played.outcome)
        weights = np.zeros(9)
        weights[list(ply.policy)] = list(ply.policy.values())
        assert loaded.policies[row] == pytest.approx(weights / weights.sum(), abs=1e-6)
    assert loaded.policies.sum(axis=1) == pytest.approx(1.0, abs=1e-5)


def test_loading_takes_little_more_memory_than_what_it_returns(tmp_path, tic_tac_toe):
    games = legal_games(tic_tac_toe, 64)
    for number in range(60):
        write_shard(tmp_path, f"shard-{number:02d}", tic_tac_toe, games)
    load_games(tmp_path)  # compiled, and whatever is kept
    tracemalloc.start()
    loaded = load_games(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    returned = sum(array.nbytes for array in loaded[1:6])
    assert len(loaded.states) > 7000 and peak < 1.3 * returned + 300_000


def test_a_folder_that_holds_games_is_not_written_over(tic_tac_toe, model, folder):
    with pytest.raises(ValueError, match="holds games already"):
        generate(tic_tac_toe, model, 4, folder, config=CONFIG, progress=False)


def test_a_bad_shard_is_left_out_of_what_is_loaded_and_named(tmp_path, tic_tac_toe, model):
    out = generate(tic_tac_toe, model, 12, tmp_path, shard_games=4, config=CONFIG, progress=False)
    whole = load_games(out)
    shard = shard_paths(out)[0]
    shard.write_bytes(shard.read_bytes()[:-1])
    rest = load_games(out, tic_tac_toe)
    assert 0 < len(rest.states) < len(whole.states)
    assert len(rest.bad_shards) == 1 and str(shard) in rest.bad_shards[0]


def test_games_of_another_game_are_not_loaded_for_this_one(folder):
    with pytest.raises(ValueError, match="games of tic_tac_toe; expected connect_four"):
        load_games(folder, games.make("connect_four"))
