"""Chess: tables, attacks, moves and board (bitboards, compiled), actions, game, notation (by python-chess)."""

from games.chess.game import Chess, chess

__all__ = ["Chess", "chess"]
