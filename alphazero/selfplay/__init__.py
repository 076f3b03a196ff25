"""Self-play: many games at once, their records, and the window of them that is learned from."""

from alphazero.selfplay.generate import LoadedGames, generate, load_games

__all__ = ["LoadedGames", "generate", "load_games"]
