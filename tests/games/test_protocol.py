"""`games.Game` says what every game has, and nothing else."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import games
from games.connect_four import LargeConnectFour
from games.othello import LargeOthello
from games.protocol import WrittenGame
from tests.games.nim import Nim

MEMBERS = {
    name: member
    for protocol in (WrittenGame, games.Game)
    for name, member in vars(protocol).items()
    if isinstance(member, property) or inspect.isfunction(member) and not name.startswith("_")
}
GAMES = [
    *map(games.make, games.names()),
    games.make("factored-chess"),
    LargeConnectFour(6, 7, 4),
    LargeOthello(10),
]


@pytest.mark.parametrize("game", [*GAMES, Nim(2, 3)], ids=lambda game: f"{type(game).__name__}")
def test_every_game_has_what_the_protocol_lists_with_the_same_parameters(game):
    for name, member in MEMBERS.items():
        assert hasattr(game, name), name
        if not isinstance(member, property):
            expected = list(inspect.signature(member).parameters)[1:]
            found = getattr(type(game), name)
            found = getattr(getattr(found, "kernel", found), "py_func", found)
            assert list(inspect.signature(found).parameters)[1:] == expected, name


def test_naming_the_type_of_a_game_loads_nothing():
    code = "import sys; from games import Game; print({'numba', 'numpy', 'torch'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    assert done.stdout == "set()\n"
