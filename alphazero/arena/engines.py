"""Engines from text: what thinks about one position as one of the players does that `make_player` makes."""

from __future__ import annotations

from alphazero.arena.players import make_player
from alphazero.play.engine import Engine, PlayerEngine, SearchEngine
from games import Game

__all__ = ["make_engine"]


def make_engine(
    spec: str, game: Game, seed: int = 0, device: str = "auto", *, leaves: int | None = None
) -> Engine:
    """Return the engine that thinks as the player of a text does; its name is the text. Close it when it has played.

    A player that searches thinks as long as its text says, and keeps its tree from move to move. leaves: positions of
    one tree that a network judges at once (None: as the player does, few where it searches little). ValueError and
    OSError as from `make_player`.
    """
    player = make_player(spec, game, seed, device)
    from alphazero.arena.search_players import SearchPlayer

    if not isinstance(player, SearchPlayer):
        return PlayerEngine(player)
    return SearchEngine(
        game,
        player.evaluator,
        player.config,
        player.limit,
        temperature=player.temperature,
        leaves=leaves or player.leaves(1),
        seed=seed,
        name=player.name,
        owner=player,
    )
