"""`mcts`: tree search with random rollouts."""

from dataclasses import replace

from alphazero.arena.kinds.common import PROVE, ROLLOUT_SIMULATIONS, SECONDS, SIMULATIONS
from alphazero.arena.players import Kind, Player
from alphazero.config import SearchConfig, option_of
from games import Game
from games.options import Option


def build(
    game: Game,
    seed: int,
    device: str,
    name: str,
    simulations: int | None,
    seconds: float,
    c: float,
    rollouts: int,
    prove: bool,
) -> Player:
    """Return the player."""
    from alphazero.arena.search_players import SearchPlayer
    from alphazero.search import RolloutEvaluator

    config = SearchConfig(rule="uct", simulations=ROLLOUT_SIMULATIONS, c_uct=c, prove=prove)
    return SearchPlayer(
        game,
        RolloutEvaluator(game, rollouts),
        config,
        simulations=simulations,
        seconds=seconds,
        seed=seed,
        name=name,
    )


KIND = Kind(
    "tree search (UCT) with random rollouts",
    build,
    (
        replace(
            SIMULATIONS,
            meaning=f"simulations a move; {ROLLOUT_SIMULATIONS} unless seconds are given, and then as many as they "
            "allow",
        ),
        SECONDS,
        option_of(SearchConfig, "c_uct", name="c"),
        Option("rollouts", int, 1, "rollouts a simulation", low=1, high=100_000),
        PROVE,
    ),
)
