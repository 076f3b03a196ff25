"""A small run of tic-tac-toe, played and learned in a second, that the tests stop, damage and repeat."""

import shutil

import numba
import pytest
import torch

import games
from tests.run.runs import quick, start


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Small networks gain nothing from threads."""
    numba.set_num_threads(1)
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def be_quick():
    with quick():
        yield


@pytest.fixture(scope="session")
def tic_tac_toe():
    return games.make("tic_tac_toe")


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory):
    """Return the folder of a run that nothing interrupted."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    with quick():
        start(folder)
    return folder


@pytest.fixture
def run_copy(whole_run, tmp_path):
    """Return a copy of that run, to be damaged."""
    return shutil.copytree(whole_run, tmp_path / "run")
