"""Self-play: many games at once between compiled searches, and the data generator."""

from alphazero.selfplay.generate import generate

__all__ = ["generate"]
