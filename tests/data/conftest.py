"""The finished self-play that several tests look at."""

from tests.selfplay.conftest import in_parts, one_thread, played, tic_tac_toe

__all__ = ["in_parts", "one_thread", "played", "tic_tac_toe"]
