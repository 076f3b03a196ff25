"""`model`: tree search with a network."""

from typing import Any

from alphazero.arena.kinds.common import NETWORK, NETWORK_SIMULATIONS, PATH, SEARCH
from alphazero.arena.players import Kind, Player
from alphazero.config import SearchConfig
from games import Game


def build(
    game: Game,
    seed: int,
    device: str,
    name: str,
    path: str,
    precision: str,
    variant: str,
    symmetries: bool,
    simulations: int | None,
    seconds: float,
    temperature: float,
    **search: Any,
) -> Player:
    """Return the player; ValueError for a model of another game, OSError when it cannot be read."""
    from alphazero.arena.search_players import ModelPlayer
    from alphazero.network.loading import load_inference  # loads torch

    inference = load_inference(path, game, device, precision, symmetries, variant)
    config = SearchConfig.model_validate({**search, "simulations": NETWORK_SIMULATIONS})
    return ModelPlayer(
        game,
        inference,
        config,
        simulations=simulations,
        seconds=seconds,
        temperature=temperature,
        seed=seed,
        name=name,
    )


KIND = Kind("tree search with a network", build, (PATH, *NETWORK, *SEARCH))
