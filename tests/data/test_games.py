"""Collections of games: put together, cut apart, told apart."""

import numpy as np
import pytest

from alphazero.data.games import (
    Games,
    end_counts,
    join,
    no_games,
    num_distinct,
    same_games,
    select,
    take,
    without_padding,
)
from alphazero.data.labels import PolicyLabels, kind_name
from tests.selfplay.helpers import random_games, same


def test_cut_anywhere_and_joined_the_games_are_the_same(tic_tac_toe):
    games = random_games(tic_tac_toe, [3, 0, 5, 1, 9, 0])
    for first in range(games.num_games + 1):
        for last in range(first, games.num_games + 1):
            parts = [
                select(games, *bounds) for bounds in ((0, first), (first, last), (last, games.num_games))
            ]
            assert same(join(parts), games)
            assert parts[1].num_games == last - first


def test_each_game_cut_out_has_its_own_plies_and_entries(tic_tac_toe):
    singles = [random_games(tic_tac_toe, [length], seed=length) for length in (4, 1, 0, 7)]
    whole = join(singles)
    assert (whole.num_games, whole.num_positions) == (4, 12)
    for index, single in enumerate(singles):
        assert same(select(whole, index, index + 1), single)


def test_an_empty_collection_changes_nothing_it_is_joined_with(tic_tac_toe):
    games = random_games(tic_tac_toe, [2, 6])
    assert same(join([no_games(tic_tac_toe), games, no_games(tic_tac_toe)]), games)
    assert no_games(tic_tac_toe).num_games == no_games(tic_tac_toe).num_positions == 0


def test_what_lies_between_the_fields_of_a_position_is_no_part_of_a_game():
    kind = np.dtype(
        [("a", np.uint64), ("b", np.int8, 3), ("c", [("d", np.int8), ("e", np.int32)], 2)], align=True
    )
    states = np.zeros(2, kind)
    states["a"], states["b"], states["c"]["d"], states["c"]["e"] = 5, 6, 7, 8
    raw = np.frombuffer(bytearray(states.tobytes()), np.uint8).reshape(2, 32)
    raw[:, [11, 13, 14, 15, 21, 22, 23, 28, 31]] = 77
    cleaned = without_padding(raw.reshape(-1).view(kind))
    assert (cleaned == states).all() and cleaned.tobytes() == states.tobytes()


def test_equal_games_are_equal_whatever_the_memory_between_fields_held(tic_tac_toe):
    games = with_actions(tic_tac_toe, [4], [4])
    assert num_distinct(games) == 1
    raw = np.frombuffer(bytearray(games.starts.tobytes()), np.uint8).reshape(2, -1)
    padding = np.flatnonzero(np.frombuffer(marked(tic_tac_toe.state_dtype), np.uint8) == 0)
    raw[1, padding] = 77
    noisy = games._replace(starts=raw.reshape(-1).view(tic_tac_toe.state_dtype))
    assert len(padding) and num_distinct(noisy) == 1
    assert join([noisy]).starts.tobytes() == games.starts.tobytes()


def marked(kind: np.dtype) -> bytes:
    """Return a record whose fields are all ones and whose padding is zero."""
    return without_padding(np.frombuffer(b"\xff" * kind.itemsize, kind)).tobytes()


def test_joining_no_parts_is_refused():
    with pytest.raises(ValueError, match="no games to join"):
        join([])


def with_actions(game, *rows: list[int]) -> Games:
    games = random_games(game, [len(row) for row in rows])
    starts = np.zeros(len(rows), game.state_dtype)
    return games._replace(starts=starts, actions=np.concatenate([np.array(row, np.int32) for row in rows]))


def test_games_differ_by_their_moves_and_by_where_they_began(tic_tac_toe):
    assert num_distinct(with_actions(tic_tac_toe, [0, 1], [0, 1], [0, 1])) == 1
    assert num_distinct(with_actions(tic_tac_toe, [0, 1], [1, 0], [0], [0, 1, 2], [0, 1])) == 4
    games = with_actions(tic_tac_toe, [4], [4])
    games.starts[1] = tic_tac_toe.parse_state("x../o../...")
    assert num_distinct(games) == 2
    assert num_distinct(no_games(tic_tac_toe)) == 0


@pytest.mark.parametrize("kind", ["policy", "none"])
def test_games_with_other_labels_are_cut_joined_and_told_apart_too(tic_tac_toe, kind):
    games = with_labels(random_games(tic_tac_toe, [3, 0, 5, 1]), kind)
    assert kind_name(games.labels) == kind
    whole = join([select(games, 0, 1), no_games(tic_tac_toe), select(games, 1, 4)])
    assert same(whole, games) and num_distinct(whole) == num_distinct(games)
    middle = select(games, 2, 3)
    assert (middle.num_games, middle.num_positions) == (1, 5)
    if kind == "policy":
        assert (middle.labels.log_probs == games.labels.log_probs[3:8]).all()
    assert not same(games, games._replace(labels=None)) or kind == "none"


def with_labels(games: Games, kind: str) -> Games:
    """Return the games with made-up labels of a kind other than a search's."""
    numbers = np.arange(games.num_positions, dtype=np.float32)
    return games._replace(labels=PolicyLabels(numbers / 100, -numbers) if kind == "policy" else None)


def test_games_with_different_labels_are_not_joined(tic_tac_toe):
    games = random_games(tic_tac_toe, [3])
    with pytest.raises(ValueError, match="different labels cannot be joined: NoneType, SearchLabels"):
        join([games, games._replace(labels=None)])


def test_games_are_counted_by_how_they_ended(tic_tac_toe):
    games = random_games(tic_tac_toe, [1] * 6)._replace(ends=np.array([0, 2, 1, 2, 4, 2], np.int8))
    assert end_counts(games) == {"rules": 1, "resigned": 1, "truncated": 3, "time": 0, "fault": 1}
    assert end_counts(no_games(tic_tac_toe)) == dict.fromkeys(end_counts(games), 0)


@pytest.mark.parametrize("labels", ["search", "none"])
def test_games_taken_by_number_are_those_selected_one_by_one(tic_tac_toe, labels):
    games = random_games(tic_tac_toe, [3, 0, 5, 2, 9, 1])
    if labels == "none":
        games = games._replace(labels=None)
    for numbers in ([4, 0, 1, 4], [2], [], list(range(6))):
        taken = take(games, np.array(numbers, np.int64))
        parts = [select(games, number, number + 1) for number in numbers]
        assert taken.num_games == len(numbers)
        assert not parts or same_games(taken, join(parts))
