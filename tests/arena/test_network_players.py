"""Players that ask a network without searching, against the truth of tic-tac-toe; model files."""

import numpy as np
import pytest

import games
from alphazero.arena.match import play_match
from alphazero.arena.network_players import PolicyPlayer, ValuePlayer
from alphazero.arena.players import make_player
from alphazero.arena.random_player import RandomPlayer
from alphazero.play.player import Turns
from alphazero.search import Oracle
from games.factored import Factored
from games.options import format_spec, parse_spec
from tests.arena.tictactoe import ExactNetwork, after, minimax, random_positions

GAME = games.make("tic_tac_toe")


class FixedLogits(Oracle):
    """A network that gives every position the same logits and the value 0."""

    def __init__(self, logits):
        self.logits = np.array(logits, np.float32)

    def __call__(self, planes):
        return np.tile(self.logits, (len(planes), 1)), np.zeros(len(planes), np.float32)


def test_value_player_sees_the_exact_value_of_every_action():
    boards, states = random_positions(GAME, 500)
    values = ValuePlayer(GAME, ExactNetwork()).action_values(states)
    for board, row in zip(boards, values, strict=True):
        exact = [-np.sign(minimax(after(board, cell))) if board[cell] == 0 else -np.inf for cell in range(9)]
        assert row.tolist() == exact


def test_value_player_keeps_the_sign_when_the_same_player_moves_again():
    game = Factored(GAME)  # first a column, then a row
    boards, states = random_positions(GAME, 150)
    player = ValuePlayer(game, ExactNetwork(game.num_actions))
    whole = np.zeros(len(states), game.state_dtype)
    whole["base"] = states
    for board, row, state in zip(boards, player.action_values(whole), whole, strict=True):
        exact = {cell: -np.sign(minimax(after(board, cell))) for cell in range(9) if board[cell] == 0}
        for column in range(3):
            in_column = [value for cell, value in exact.items() if cell % 3 == column]
            assert row[column] == max(in_column, default=-np.inf)
        column = min(exact) % 3
        game.play(state, column)
        rows = player.action_values(np.array([state]))[0]
        assert [rows[3 + game.game.part(cell, 1)] for cell in exact if cell % 3 == column] == [
            value for cell, value in exact.items() if cell % 3 == column
        ]


@pytest.mark.parametrize("side", ["as_first", "as_second"])
def test_value_player_with_exact_values_never_loses(side):
    result = play_match(
        ValuePlayer(GAME, ExactNetwork(), seed=1), RandomPlayer(GAME, 2), GAME, 60, opening_plies=0
    )
    assert getattr(result, side).losses == 0
    assert getattr(result, side).wins > 15


def test_value_player_breaks_ties_by_seed_among_the_best():
    states = np.array([GAME.initial_state()] * 300)
    moves = [ValuePlayer(GAME, ExactNetwork(), seed).choose(states) for seed in (1, 1, 2)]
    assert set(moves[0]) == set(range(9))
    assert np.array_equal(moves[0], moves[1]) and not np.array_equal(moves[0], moves[2])


def test_policy_player_draws_from_the_softmax_of_the_legal_actions():
    state = GAME.initial_state()
    GAME.play(state, 8)  # the most probable action is taken
    logits = np.log([1, 1, 1, 1, 1, 1, 2, 8, 100])
    states = np.array([state] * 8000)
    share = np.bincount(PolicyPlayer(GAME, FixedLogits(logits), seed=1).choose(states), minlength=9) / len(
        states
    )
    assert share[8] == 0
    assert share[:8] == pytest.approx([1 / 16] * 6 + [2 / 16, 8 / 16], abs=0.02)
    sharp = PolicyPlayer(GAME, FixedLogits(logits), temperature=0.5, seed=1).choose(states)
    assert np.mean(sharp == 7) == pytest.approx(64 / 74, abs=0.02)


def test_policy_player_at_temperature_zero_takes_the_best_legal_action():
    state = GAME.initial_state()
    GAME.play(state, 8)
    player = PolicyPlayer(GAME, FixedLogits([-5, -7, -6, -8, -9, -5.5, -4, -3, 100]), temperature=0.0)
    assert player.choose(np.array([state] * 3)).tolist() == [7, 7, 7]


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    """A file with an untrained network for tic-tac-toe."""
    from alphazero.config import NetworkConfig
    from alphazero.network import for_game, save_model

    path = tmp_path_factory.mktemp("models") / "a model, untrained.safetensors"
    config = NetworkConfig(blocks=1, channels=8, policy_channels=4, value_channels=4, value_hidden=8)
    save_model(path, for_game(GAME, config), GAME)
    return path


@pytest.mark.parametrize("kind", ["model:simulations=4", "policy", "value"])
def test_a_model_file_plays(model_file, kind):
    name, options = parse_spec(kind)
    spec = format_spec(name, {"path": model_file, "precision": "float32", **options})
    players = [make_player(spec, GAME, seed=1, device="cpu") for _ in range(2)]
    assert players[0].name == spec
    states = random_positions(GAME, 40)[1]
    moves = [player.choose(states) for player in players]
    assert all(action in GAME.legal(state) for action, state in zip(moves[0], states, strict=True))
    assert np.array_equal(*moves)


def test_a_model_for_another_game_or_a_missing_file_is_refused(model_file, tmp_path):
    with pytest.raises(ValueError, match="a model for tic_tac_toe.*not for connect_four") as error:
        make_player(format_spec("value", {"path": model_file}), games.make("connect_four"), device="cpu")
    assert "\n" not in str(error.value)
    with pytest.raises(OSError, match="missing.safetensors"):
        make_player(format_spec("model", {"path": tmp_path / "missing.safetensors"}), GAME, device="cpu")
    with pytest.raises(ValueError, match="player 'policy' needs path="):
        make_player("policy:temperature=0", GAME)


@pytest.mark.parametrize("temperature", [1.0, 0.5, 0.0])
def test_policy_player_tells_the_shares_that_it_draws_by(temperature):
    logits = np.log([1, 1, 1, 1, 1, 1, 2, 8, 100])
    state = GAME.initial_state()
    GAME.play(state, 8)
    states = np.array([state] * 50)
    found = PolicyPlayer(GAME, FixedLogits(logits), temperature, seed=1).decide(Turns.of(states))
    weights = np.exp(logits[:8]) ** (1 / temperature) if temperature else np.eye(9)[7, :8]
    assert found.policies[0] == pytest.approx([*weights / weights.sum(), 0.0], abs=1e-6)
    assert np.exp(found.log_probs) == pytest.approx(found.policies[np.arange(50), found.actions], abs=1e-6)
    assert found.values.tolist() == [0.0] * 50


def test_value_player_tells_the_value_of_the_move_that_it_chose():
    boards, states = random_positions(GAME, 60)
    found = ValuePlayer(GAME, ExactNetwork()).decide(Turns.of(states))
    assert found.values.tolist() == [np.sign(minimax(board)) for board in boards]
    assert found.log_probs is None and found.policies is None
