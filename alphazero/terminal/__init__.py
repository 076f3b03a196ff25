"""Playing in a terminal, line by line; reads from any stream, so that a script can play too."""

from alphazero.terminal.console import Console
from alphazero.terminal.game import GameInPlay
from alphazero.terminal.record import GameRecord, load_record, save_record
from alphazero.terminal.setup import Setup, Side, game_of_record

__all__ = [
    "Console",
    "GameInPlay",
    "GameRecord",
    "Setup",
    "Side",
    "game_of_record",
    "load_record",
    "save_record",
]
