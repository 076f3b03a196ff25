"""Learning: expert iteration now; a new method is one file in this folder."""

from alphazero.learning.training import Summary, resume, train

__all__ = ["Summary", "resume", "train"]
