"""Files that earlier versions wrote are read as they were written, and self-play goes on from them.

The files in written_before/ were written in format 2, before games and labels were apart and openings were kept:
shards of self-play after random plies, with the SHA-256 of every array in digests.json, and games under way with the
games that were played next.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import games
from alphazero.data.games import End, arrays_of, select, without_padding
from alphazero.data.shards import open_shard, read_shard, unpack, write_shard
from tests.selfplay.helpers import same, worker
from tests.selfplay.test_selfplay import SETTINGS

FOLDER = Path(__file__).parent / "written_before"
DIGESTS = json.loads((FOLDER / "digests.json").read_text())


@pytest.mark.parametrize("name", DIGESTS)
def test_shards_of_format_2_are_read_as_they_were_written(name, tmp_path):
    game, stored = open_shard(FOLDER / f"{name}.npz")
    ends = np.where(stored.ends == End.TRUNCATED, End.RULES, stored.ends).astype(np.int8)
    arrays = arrays_of(stored) | {"ends": ends}  # games that were cut were not told from others then
    assert (stored.ends == End.TRUNCATED).any() == (name in ("go", "chess"))
    for key, digest in DIGESTS[name].items():
        assert hashlib.sha256(arrays[key].tobytes()).hexdigest() == digest, key
    again = read_shard(write_shard(tmp_path, "again", game, stored), game)
    assert same(again, stored)


@pytest.mark.parametrize("name", ["go", "chess", "breakthrough_in_parts"])
def test_the_openings_of_games_whose_text_leaves_history_out_are_found_again(name):
    game, stored = open_shard(FOLDER / f"{name}.npz")
    plies, first = stored.openings.plies, 0
    assert (plies > 0).any() or name == "breakthrough_in_parts"
    for number in range(stored.num_games):
        state = game.initial_state()
        for action in stored.openings.actions[first : first + max(0, plies[number])]:
            game.play(state, int(action))
        if plies[number] >= 0:
            start = select(stored, number, number + 1).starts
            assert without_padding(start)[0] == state
        first += max(0, plies[number])


def test_self_play_goes_on_from_games_under_way_of_format_2_to_the_bit():
    game = games.make("tic_tac_toe")
    play = worker(game, **SETTINGS)
    play.restore(*unpack((FOLDER / "tic_tac_toe.under_way").read_bytes(), game, finished=False))
    assert same_moves(play.play(15), read_shard(FOLDER / "tic_tac_toe_next.npz"))


def same_moves(a, b) -> bool:
    """Whether games are equal to the bit but for what is known of how their starts came about."""
    return same(a._replace(openings=None), b._replace(openings=None))
