"""Stored games of right form and wrong content are refused before compiled code sees them, in a line that says what."""

import numpy as np
import pytest

import games
from alphazero.data.games import End, arrays_of, from_arrays, no_games, select
from alphazero.data.labels import PolicyLabels, SearchLabels
from alphazero.data.shards import ShardError, pack, read_shard, unpack, write_shard
from tests.data.conftest import forged
from tests.selfplay.helpers import legal_games, same, worker


@pytest.fixture(scope="module")
def stored(tic_tac_toe):
    """Return games of every kind, of which some are resigned."""
    found = legal_games(tic_tac_toe, 20, seed=4)
    assert (found.ends == End.RESIGNED).any() and (found.openings.plies > 0).any()
    return found


def first(array, value) -> int:
    return int(np.flatnonzero(array == value)[0])


def put(name, place, value):
    """Return a change of one element, named in the test's id."""

    def change(arrays):
        array = arrays[name] = arrays[name].copy()
        array.reshape(-1)[place] = value

    change.__name__ = f"{name}[{place}]={value}"
    return change


def last_of_an_open_game(arrays):
    """Make the last action of a game one on a cell that is taken."""
    actions = arrays["actions"] = arrays["actions"].copy()
    number = int(np.argmax(arrays["lengths"]))
    last = int(arrays["lengths"][: number + 1].sum()) - 1
    actions[last] = actions[last - 1]


def shifted_counts(arrays):
    counts = arrays["counts"] = arrays["counts"].copy()
    ply = int(np.flatnonzero((counts[:-1] > 1) & (counts[1:] > 0))[0])
    counts[ply], counts[ply + 1] = counts[ply] - 1, counts[ply + 1] + 1


def lengths_that_move_a_ply_to_another_game(arrays):
    lengths = arrays["lengths"] = arrays["lengths"].copy()
    number = int(np.flatnonzero(lengths > 1)[0])
    lengths[number], lengths[number - 1] = lengths[number] - 1, lengths[number - 1] + 1


def a_policy_on_one_action_twice(arrays):
    chosen = arrays["policy_actions"] = arrays["policy_actions"].copy()
    ply = int(np.flatnonzero(arrays["counts"] > 1)[0])
    entry = int(arrays["counts"][:ply].sum())
    chosen[entry + 1] = chosen[entry]


def a_policy_on_a_taken_cell(arrays):
    """Put weight on the cell that was played just before."""
    chosen = arrays["policy_actions"] = arrays["policy_actions"].copy()
    counts, plies = arrays["counts"], arrays["lengths"]
    number = int(np.flatnonzero((plies > 1) & (arrays["opening_plies"] == 0))[0])
    start = int(plies[:number].sum())
    ply = start + 1 + int(np.flatnonzero(counts[start + 1 : start + plies[number]])[0])
    chosen[int(counts[:ply].sum())] = arrays["actions"][ply - 1]


def another_end(kind, other):
    def change(arrays):
        ends = arrays["ends"] = arrays["ends"].copy()
        ends[first(ends, kind)] = other

    change.__name__ = f"{kind.name}_to_{other.name}"
    return change


def another_winner(kind):
    def change(arrays):
        outcomes = arrays["outcomes"] = arrays["outcomes"].copy()
        outcomes[(arrays["ends"] == kind) & (outcomes != 0)] *= -1

    change.__name__ = f"another_winner_of_{kind.name}"
    return change


def an_opening_that_is_not_legal(arrays):
    moves = arrays["opening_actions"] = arrays["opening_actions"].copy()
    number = first(arrays["opening_plies"], 2)
    start = int(arrays["opening_plies"][:number].sum())
    moves[start + 1] = moves[start]


GO = "go:size=5,max_plies=24,history=2"  # that of tests/data/written_before: compiled once
NOT_FULL = "expected a policy of full searches, and nothing of others"


@pytest.mark.parametrize(("change", "message"), [
    (put("policy_actions", 0, 9), r"policy_actions\[0\] is 9, expected 0 to 8"),
    (put("policy_actions", 3, -1), r"policy_actions\[3\] is -1"),
    (put("policy_weights", 2, 0), r"policy_weights\[2\] is 0, expected 1 to 65535"),
    (put("actions", 1, 2**31 - 1), r"actions\[1\] is 2147483647"),
    (put("actions", 1, -(2**31)), r"actions\[1\] is -2147483648"),
    (put("lengths", 0, -1), r"lengths\[0\] is -1, expected 0 to 9"),
    (put("lengths", 0, 10), r"lengths\[0\] is 10, expected 0 to 9"),
    (put("counts", 0, -5), r"counts\[0\] is -5"),
    (put("counts", 0, 10), r"counts\[0\] is 10"),
    (put("counts", 0, 8), r"policy_actions is int32\[\d+\], expected int32\[\d+\]"),
    (put("full", 0, 2), r"full\[0\] is 2, expected 0 to 1"),
    (put("outcomes", 0, 2), r"outcomes\[0\] is 2, expected -1 to 1"),
    (put("ends", 0, 5), r"ends\[0\] is 5, expected 0 to 4"),
    (put("ends", 0, -1), r"ends\[0\] is -1"),
    (put("values", 0, np.nan), r"values\[0\] is nan, expected -1 to 1"),
    (put("values", 0, np.inf), r"values\[0\] is inf"),
    (put("values", 0, 1.001), r"values\[0\] is 1.001"),
    (put("surprises", 0, np.nan), r"surprises\[0\] is nan"),
    (put("surprises", 0, -0.5), r"surprises\[0\] is -0.5"),
    (put("lowest", 1, np.nan), r"lowest\[1\] is nan"),
    (put("lowest", 1, -1.0), "its lowest values are not those of its plies"),
    (put("opening_plies", 0, -2), r"opening_plies\[0\] is -2"),
    (put("opening_plies", 0, 10), r"opening_plies\[0\] is 10"),
    (put("opening_actions", 0, 9), r"opening_actions\[0\] is 9"),
    (an_opening_that_is_not_legal, "its opening is not legal"),
    (shifted_counts, "a policy"),
    (put("policy_weights", 0, 7), "a policy whose weights do not add up to about 65535"),
    (a_policy_on_one_action_twice, "a policy on actions that are not legal, or not in ascending order"),
    (a_policy_on_a_taken_cell, "a policy on actions that are not legal"),
    (lengths_that_move_a_ply_to_another_game, r"game \d, ply \d"),
    (last_of_an_open_game, "an action that is not legal"),
    (another_end(End.RULES, End.RESIGNED), "it does not end as its last position does"),
    (another_end(End.RESIGNED, End.RULES), "it does not end as its last position does"),
    (another_end(End.RULES, End.TIME), "it does not end as its last position does"),
    (another_end(End.RULES, End.TRUNCATED), "it does not end as its last position does"),
    (another_winner(End.RULES), "its outcome is not that of its last position"),
    (another_winner(End.RESIGNED), "its outcome is not that of its last position"),
], ids=lambda value: getattr(value, "__name__", ""))  # fmt: skip
def test_what_cannot_be_is_refused_and_named(tic_tac_toe, stored, change, message):
    with pytest.raises(ShardError, match=message) as error:
        unpack(forged(stored, change), tic_tac_toe)
    assert "\n" not in str(error.value) and "not the arrays of games of tic_tac_toe" in str(error.value)


def test_a_search_that_was_none_has_no_policy_and_one_that_was_has(tic_tac_toe, stored):
    full = stored.labels.full
    for place, value in ((first(full, 1), 0), (first(full, 0), 1)):
        with pytest.raises(ShardError, match=NOT_FULL):
            unpack(forged(stored, put("full", place, value)), tic_tac_toe)
    with pytest.raises(ShardError, match=NOT_FULL):
        unpack(forged(stored, put("surprises", first(full, 0), 0.5)), tic_tac_toe)


def test_games_that_go_on_after_their_end_are_refused(tic_tac_toe):
    one = select(legal_games(tic_tac_toe, 1, resign_threshold=-1.0, random_opening_plies=0), 0, 1)
    free = sorted(set(range(9)) - set(one.actions.tolist()))

    def go_on(arrays):
        arrays["lengths"] = arrays["lengths"] + np.int32(1)
        for name, value in (
            ("actions", free[0]),
            ("values", 0),
            ("full", 0),
            ("counts", 0),
            ("surprises", 0),
        ):
            arrays[name] = np.append(arrays[name], np.array([value], arrays[name].dtype))

    with pytest.raises(ShardError, match="it goes on after its end"):
        unpack(forged(one, go_on), tic_tac_toe)


@pytest.mark.parametrize(
    "spec", ["tic_tac_toe", GO, "chess:history=2", "factored-breakthrough:rows=5,cols=4"]
)
@pytest.mark.parametrize("byte", [0xFF, 0x00, 0x7F, None])
def test_starts_that_no_game_reaches_are_refused(spec, byte):
    game = games.parse(spec)
    size = game.state_dtype.itemsize
    data = np.random.default_rng(1).bytes(size) if byte is None else bytes([byte]) * size
    if data == np.array([game.initial_state()], game.state_dtype).tobytes():
        return  # of tic-tac-toe: nothing but zeros
    one = no_games(game, type(None))._replace(
        starts=np.frombuffer(bytearray(data), game.state_dtype),
        lengths=np.zeros(1, np.int32),
        outcomes=np.ones(1, np.int8),
        ends=np.full(1, End.RESIGNED, np.int8),
        openings=None,
    )
    with pytest.raises(
        ShardError, match=f"game 0: its start is no position that {game.name} is known to reach"
    ):
        unpack(pack(one), game)


def test_games_from_positions_that_were_set_up_are_read_again():
    for spec, text in (
        ("chess:history=2", "8/8/8/4k3/8/8/4P3/4K3 w - - 0 40"),
        (GO, "x..../.o.../...../...../..... x"),
        ("tic_tac_toe", "x.o/.../..."),
    ):
        game = games.parse(spec)
        state = game.parse_state(text)
        outcome = 1 if game.to_move(state) == 1 else -1
        one = no_games(game, type(None))._replace(
            starts=np.array([state], game.state_dtype),
            lengths=np.zeros(1, np.int32),
            outcomes=np.array([outcome], np.int8),
            ends=np.full(1, End.RESIGNED, np.int8),
            openings=None,
        )
        found, _ = unpack(pack(one), game)
        assert found.starts[0] == state and found.num_games == 1


@pytest.mark.parametrize("kind", ["policy", "none"])
def test_games_with_other_labels_come_back_and_wrong_ones_are_refused(tic_tac_toe, stored, kind, tmp_path):
    n = stored.num_positions
    values, log_probs = np.linspace(-1, 1, n, dtype=np.float32), np.full(n, -0.5, np.float32)
    games_ = stored._replace(labels=PolicyLabels(values, log_probs) if kind == "policy" else None)
    assert same(read_shard(write_shard(tmp_path, "x", tic_tac_toe, games_)), games_)
    for change, message in (
        (put("log_probs", 0, 0.5), r"log_probs\[0\] is 0.5, expected .* to 0"),
        (put("log_probs", 0, -np.inf), r"log_probs\[0\] is -inf"),
        (put("log_probs", 0, np.nan), r"log_probs\[0\] is nan"),
        (last_of_an_open_game, "an action that is not legal"),
    ):
        if kind == "policy" or "log_probs" not in message:
            with pytest.raises(ShardError, match=message):
                unpack(forged(games_, change), tic_tac_toe)


def test_games_lost_on_time_or_by_a_fault_come_back(tic_tac_toe, stored):
    resigned = stored.ends == End.RESIGNED
    for end in (End.TIME, End.FAULT):
        other = stored._replace(ends=np.where(resigned, end, stored.ends).astype(np.int8))
        assert same(unpack(pack(other), tic_tac_toe)[0], other)


def test_values_that_no_reader_would_accept_are_not_written(tic_tac_toe, stored, tmp_path):
    arrays = arrays_of(stored)
    put("values", 4, np.nan)(arrays)
    with pytest.raises(ValueError, match=r"x: games that cannot be stored: values\[4\] is nan"):
        write_shard(tmp_path, "x", tic_tac_toe, from_arrays(arrays, SearchLabels))
    assert list(tmp_path.iterdir()) == []


def test_games_under_way_are_not_over_and_have_no_outcome(tic_tac_toe, stored):
    play = worker(tic_tac_toe, random_opening_plies=2)
    play.play(3)
    under_way, arrays = play.state()
    assert same(unpack(pack(under_way, arrays), tic_tac_toe, finished=False)[0], under_way)
    for change in (put("outcomes", 0, 1), put("ends", 0, 1)):
        with pytest.raises(ShardError, match="under way that have an end or an outcome"):
            unpack(forged(under_way, change), tic_tac_toe, finished=False)
    over = stored._replace(ends=np.zeros_like(stored.ends), outcomes=np.zeros_like(stored.outcomes))
    with pytest.raises(ShardError, match="it does not end as its last position does"):
        unpack(pack(over), tic_tac_toe, finished=False)
    with pytest.raises(ShardError, match="it does not end as its last position does"):
        unpack(pack(under_way), tic_tac_toe)


def test_a_game_that_was_cut_is_marked_and_nothing_else_is():
    game = games.parse(GO)
    state, actions = game.initial_state(), []
    while not game.is_over(state):
        actions.append(int(game.legal(state)[0]))
        game.play(state, actions[-1])
    assert len(actions) == 24
    one = no_games(game, type(None))._replace(
        starts=np.array([game.initial_state()], game.state_dtype),
        lengths=np.array([24], np.int32),
        outcomes=np.array([game.outcome(state)], np.int8),
        ends=np.array([End.TRUNCATED], np.int8),
        actions=np.array(actions, np.int32),
        openings=None,
    )
    assert unpack(pack(one), game)[0].ends.tolist() == [End.TRUNCATED]
    with pytest.raises(ShardError, match="it does not end as its last position does"):
        unpack(pack(one._replace(ends=np.zeros(1, np.int8))), game)
