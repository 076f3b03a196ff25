"""One network for every size of board: trained on Go 7 x 7, it plays 9 x 9."""

import games
from alphazero.arena.match import play_match
from alphazero.arena.players import make_player
from alphazero.methods import training
from games.options import format_spec
from tests.run.runs import config


def test_a_network_trained_on_seven_by_seven_plays_nine_by_nine(tmp_path):
    rules = "history=2,komi=5.5,max_plies=80"
    settings = config(
        game=f"go:size=7,{rules}",
        network__value_pooling=True,
        network__global_pooling=1,
        selfplay__parallel_games=8,
        selfplay__games_per_generation=8,
        selfplay__shard_games=8,
        evaluation__every_generations=0,
        evaluation__final_opponent="",
        run__generations=2,
    )
    summary = training.train(settings, tmp_path / "run")
    larger = games.parse(f"go:size=9,{rules}")
    player = make_player(
        format_spec("model", {"path": summary.model, "simulations": 4}), larger, seed=1, device="cpu"
    )
    result = play_match(player, make_player("random", larger, seed=2), larger, 4, seed=3)
    assert result.num_games == 4 and result.game.startswith("go:size=9")
    assert max(len(game.actions) for game in result.games) > 20
