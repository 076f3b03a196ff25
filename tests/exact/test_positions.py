"""The labelled positions that come with the package are what their names say, and their labels are true."""

from pathlib import Path

import numpy as np
import pytest

import alphazero
import games
from alphazero.arena.accuracy import read_positions
from alphazero.exact import AlphaBetaSolver, make_solver
from tools.label_positions import CLASSES, canonical, class_of

FOLDER = Path(alphazero.__file__).parent / "exact" / "positions" / "connect_four"
GAME = games.make("connect_four")


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_has_500_positions_of_its_stage(name):
    positions = read_positions(FOLDER / f"{name}.txt", GAME)
    assert len(positions.states) == 500
    stages = {class_of(int(state["plies"]), 20).split("-")[0] for state in positions.states}
    assert stages == {name.split("-")[0]}


def test_no_position_comes_twice_or_as_its_mirror_image():
    states = [state for name in CLASSES for state in read_positions(FOLDER / f"{name}.txt", GAME).states]
    assert len({canonical(GAME, state) for state in states}) == len(states) == 3000


def test_labels_of_late_positions_agree_with_a_solver_that_shares_no_code_with_the_one_that_made_them():
    solver = AlphaBetaSolver(GAME, 64.0)
    for name in ("end-under-14", "middle-under-14"):
        positions = read_positions(FOLDER / f"{name}.txt", GAME)
        for state, scores in list(zip(positions.states, positions.scores, strict=True))[:60]:
            found = solver.solve(state)
            assert np.array_equal(np.isnan(scores), ~found.legal)
            assert np.array_equal(scores[found.legal], found.values[found.legal]), GAME.state_text(state)


@pytest.mark.parametrize("name", [name for name in CLASSES if not name.startswith("opening")])
def test_classes_are_those_of_the_exact_distance(name):
    positions, solver = read_positions(FOLDER / f"{name}.txt", GAME), make_solver(GAME, 32.0)
    for state in positions.states[:40]:
        solution = solver.solve(state, distance=True)
        assert solution.plies is not None
        left = int(solution.plies[solution.best[0]]) if solution.value else 42 - int(state["plies"])
        assert class_of(int(state["plies"]), left) == name, GAME.state_text(state)
