"""Playing in a terminal, line by line; reads from any stream, so that a script can play too."""

from alphazero.terminal.record import GameRecord, load_record, save_record
from alphazero.terminal.session import Session, Side

__all__ = ["GameRecord", "Session", "Side", "load_record", "save_record"]
