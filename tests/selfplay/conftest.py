"""Games and finished self-play that several tests look at."""

import numba
import pytest

import games
from tests.selfplay.helpers import worker


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Small searches gain nothing from threads."""
    numba.set_num_threads(1)


@pytest.fixture(scope="session")
def tic_tac_toe():
    return games.make("tic_tac_toe")


@pytest.fixture(scope="session")
def in_parts():
    """A game in which the same player moves twice running."""
    return games.parse("factored-tic_tac_toe")


@pytest.fixture(scope="session")
def played(tic_tac_toe):
    """Return 80 games of tic-tac-toe and more, from the empty board, every search a full one."""
    return worker(tic_tac_toe, temperature_plies=4).play(80)
