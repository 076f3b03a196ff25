"""Games of self-play: legal to the end, repeatable, and played as the settings say."""

import numba
import numpy as np
import pytest

import games as rules
from alphazero.data.games import End, join, num_distinct
from alphazero.data.labels import WEIGHT_SCALE
from tests.selfplay.helpers import MadeUp, same, take_apart, winner, worker


def test_every_game_is_legal_from_the_start_to_its_end(tic_tac_toe, played):
    for game in take_apart(tic_tac_toe, played):
        assert tic_tac_toe.is_over(game.last) and game.end == End.RULES
        assert winner([ply.action for ply in game.plies]) == game.outcome == tic_tac_toe.outcome(game.last)


def test_policies_have_weight_on_legal_actions_only_and_add_up_to_one(tic_tac_toe, played):
    for game in take_apart(tic_tac_toe, played):
        for ply in game.plies:
            assert set(ply.policy) <= set(tic_tac_toe.legal(ply.state).tolist())
            assert min(ply.policy.values()) > 0
            assert sum(ply.policy.values()) == pytest.approx(WEIGHT_SCALE, abs=len(ply.policy))
            assert -1.0 <= ply.value <= 1.0


def test_play_goes_on_until_enough_games_have_ended(tic_tac_toe):
    play = worker(tic_tac_toe)
    assert 20 <= play.play(20).num_games < 28
    assert all(group.logs.rows["active"].all() for group in play.groups)


def test_play_comes_to_an_end_where_the_cache_knows_every_position(tic_tac_toe):
    still = worker(tic_tac_toe, temperature_plies=0, search={"root_noise_fraction": 0.0})
    assert 100 <= still.play(100).num_games < 108


def test_no_more_games_are_begun_than_asked_for(tic_tac_toe):
    play = worker(tic_tac_toe)
    first, second = play.play(5, only=19), play.play(100, only=19)
    assert first.num_games >= 5 and first.num_games + second.num_games == 19
    assert play.play(1, only=19).num_games == 0


def test_fewer_games_than_trees_are_played_to_their_ends_too(tic_tac_toe):
    assert worker(tic_tac_toe, parallel_games=8).play(3, only=3).num_games == 3


def test_the_same_seed_gives_the_same_games_on_one_thread_and_on_two(tic_tac_toe):
    try:
        numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
        two = worker(tic_tac_toe).play(40)
    finally:
        numba.set_num_threads(1)
    assert same(worker(tic_tac_toe).play(40), two)


def test_another_seed_gives_other_games(tic_tac_toe):
    first, second = worker(tic_tac_toe, seed=1).play(40), worker(tic_tac_toe, seed=2).play(40)
    assert num_distinct(join([first, second])) > max(num_distinct(first), num_distinct(second)) > 30


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_games_in_groups_all_end(tic_tac_toe, groups):
    play = worker(tic_tac_toe, groups=groups)
    games = play.play(50, only=50)
    assert games.num_games == 50
    assert sum(len(group.logs.rows) for group in play.groups) == 8
    assert num_distinct(games) > 40  # groups do not play each other's games again


def test_the_tally_counts_moves_positions_and_time(tic_tac_toe):
    play = worker(tic_tac_toe)
    games = play.play(30, only=30)
    assert play.tally.moves == games.num_positions
    assert 0 < play.tally.evaluator_seconds < play.tally.seconds
    assert 0 < play.tally.rows <= 9 * games.num_positions


# Fast searches


def test_the_share_of_full_searches_is_the_one_asked_for(tic_tac_toe):
    games = worker(tic_tac_toe, full_search_fraction=0.3, fast_simulations=3).play(250)
    n = games.num_positions
    assert n > 1200
    assert abs(games.labels.full.mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / n)


def test_fast_searches_have_no_policy_and_full_ones_have(tic_tac_toe):
    games = worker(tic_tac_toe, full_search_fraction=0.3, fast_simulations=3).play(40)
    assert ((games.labels.counts > 0) == (games.labels.full == 1)).all()
    assert len(games.labels.policy_actions) == games.labels.counts.sum()


def test_fast_searches_are_short_and_full_ones_long(tic_tac_toe):
    def rows(fraction: float) -> float:
        play = worker(
            tic_tac_toe,
            full_search_fraction=fraction,
            fast_simulations=2,
            search={"simulations": 32, "cache_mb": 0.0, "reuse_subtree": False},
        )
        play.play(30, only=30)
        return play.tally.rows / play.tally.moves

    fast, full = rows(0.0), rows(1.0)
    assert fast <= 3.0 and full > 10.0  # a position whose game is over needs no evaluation


# Resignation


def resigning(game, **settings):
    return worker(game, resign_threshold=-0.4, **settings).play(150)


def test_whose_value_is_below_the_threshold_resigns_and_the_other_player_wins(tic_tac_toe):
    resigned = 0
    for game in take_apart(tic_tac_toe, resigning(tic_tac_toe, resign_check_fraction=0.0)):
        assert all(ply.value >= -0.4 for ply in game.plies)
        if game.end == End.RESIGNED:
            resigned += 1
            assert not tic_tac_toe.is_over(game.last)
            assert game.outcome == (-1 if tic_tac_toe.to_move(game.last) == 0 else 1)
        else:
            assert game.outcome == winner([ply.action for ply in game.plies])
    assert 20 < resigned < 150


def test_checked_games_are_played_to_their_end(tic_tac_toe):
    games = resigning(tic_tac_toe, resign_check_fraction=1.0)
    assert (games.ends == End.RULES).all()
    assert 20 < (games.labels.lowest < -0.4).any(axis=1).sum() < 150


def test_the_lowest_value_of_each_player_is_kept(tic_tac_toe):
    for game in take_apart(tic_tac_toe, resigning(tic_tac_toe, resign_check_fraction=0.5)):
        for player in (0, 1):
            values = [ply.value for ply in game.plies if tic_tac_toe.to_move(ply.state) == player]
            assert game.lowest[player] == min([1.0, *values])


def test_the_share_of_checked_games_is_the_one_asked_for(tic_tac_toe):
    games = resigning(tic_tac_toe, resign_check_fraction=0.5)
    would = (games.ends == End.RESIGNED) | (games.labels.lowest < -0.4).any(axis=1)
    share = (games.ends[would] == End.RULES).mean()
    assert would.sum() > 50 and abs(share - 0.5) < 4 * np.sqrt(0.25 / would.sum())


def test_nobody_resigns_by_default(tic_tac_toe):
    assert (worker(tic_tac_toe, evaluator=FirstLoses(tic_tac_toe)).play(20).ends == End.RULES).all()


class FirstLoses(MadeUp):
    """The player who began has lost, it says."""

    def evaluate(self, states, planes):
        logits, _ = super().evaluate(states, planes)
        return logits, np.where(states["plies"] % 2 == 0, -1.0, 1.0).astype(np.float32)


def test_a_game_that_is_resigned_at_once_has_no_plies_and_is_stored_all_the_same(tic_tac_toe):
    games = worker(
        tic_tac_toe,
        evaluator=FirstLoses(tic_tac_toe),
        resign_threshold=-0.9,
        resign_check_fraction=0.5,
        search={"simulations": 3},
    ).play(40, only=40)
    resigned = games.ends == End.RESIGNED
    assert games.num_games == 40 and 5 < resigned.sum() < 35
    assert (games.lengths[resigned] == 0).all() and (games.outcomes[resigned] == -1).all()
    assert len(list(take_apart(tic_tac_toe, games))) == 40


# Openings and temperature


def test_games_begin_at_the_empty_board_unless_random_plies_are_asked_for(tic_tac_toe, played):
    assert all(start == tic_tac_toe.initial_state() for start in played.starts)


def test_random_openings_have_up_to_as_many_plies_as_asked_for_and_are_never_over(tic_tac_toe):
    starts = worker(tic_tac_toe, random_opening_plies=4).play(200).starts
    plies = np.bincount(starts["plies"], minlength=5)
    assert len(plies) == 5 and plies.min() > 15
    assert len({starts["cells"][index].tobytes() for index in np.flatnonzero(starts["plies"] == 1)}) == 9
    long = worker(tic_tac_toe, random_opening_plies=9).play(200).starts
    assert not any(tic_tac_toe.is_over(start) for start in long) and long["plies"].max() > 5


@pytest.mark.parametrize("spec", ["tic_tac_toe", "factored-tic_tac_toe"])
def test_the_random_plies_before_a_game_are_kept_and_lead_to_its_start(spec):
    game = rules.parse(spec)
    games = worker(game, random_opening_plies=12).play(60)
    plies, actions = games.openings
    assert set(plies.tolist()) >= {0, 1, 2, 3} and plies.sum() == len(actions)
    first = 0
    for number in range(games.num_games):
        state = game.initial_state()
        for action in actions[first : first + plies[number]]:
            game.play(state, int(action))
        first += plies[number]
        assert state == games.starts[number]


def test_games_cut_at_their_longest_length_are_told_from_those_that_ended():
    game = rules.parse("go:size=7,history=2,komi=5.5,max_plies=80")  # that of tests/run/test_board_sizes.py
    ends, lengths = [], []
    games = worker(game, temperature_plies=80, search={"simulations": 3}, parallel_games=30).play(30, only=30)
    for played in take_apart(game, games):
        passes = [ply.action for ply in played.plies][-2:] == [49, 49]
        assert game.is_over(played.last) and played.outcome == game.outcome(played.last)
        assert played.end == (End.RULES if passes else End.TRUNCATED)
        ends.append(played.end)
        lengths.append(len(played.plies))
    assert {End.RULES, End.TRUNCATED} == set(ends)
    assert all(length == 80 for length, end in zip(lengths, ends, strict=True) if end == End.TRUNCATED)


def test_moves_are_drawn_at_random_until_the_temperature_ends_and_then_the_most_visited(tic_tac_toe):
    games = worker(tic_tac_toe, temperature_plies=3).play(60)
    best = {ply: [] for ply in range(9)}
    for game in take_apart(tic_tac_toe, games):
        for ply in game.plies:
            best[ply.ply].append(ply.policy.get(ply.action, 0) == max(ply.policy.values()))
    assert all(all(best[ply]) for ply in range(3, 9))
    assert all(np.mean(best[ply]) < 0.9 for ply in range(3))


def test_without_temperature_and_noise_every_game_is_the_same(tic_tac_toe):
    still = worker(tic_tac_toe, temperature_plies=0, search={"root_noise_fraction": 0.0})
    assert num_distinct(still.play(20)) == 1
    assert num_distinct(worker(tic_tac_toe, temperature_plies=0).play(40)) > 5


# The same player twice running


def test_a_player_who_moves_twice_running_gets_values_and_outcomes_of_its_own(in_parts):
    games = worker(in_parts, temperature_plies=18).play(40)
    for game in take_apart(in_parts, games):
        movers = [in_parts.to_move(ply.state) for ply in game.plies]
        assert movers == [ply // 2 % 2 for ply in range(len(movers))]
        cells = [
            3 * (row.action - 3) + column.action
            for column, row in zip(game.plies[::2], game.plies[1::2], strict=True)
        ]
        assert game.outcome == winner(cells)
        for player in (0, 1):
            own = [ply.value for ply, mover in zip(game.plies, movers, strict=True) if mover == player]
            assert game.lowest[player] == min(own)


# Going on

SETTINGS = {
    "random_opening_plies": 2,
    "full_search_fraction": 0.5,
    "fast_simulations": 3,
    "groups": 2,
    "resign_threshold": -0.6,
    "resign_check_fraction": 0.5,
}


def test_going_on_from_a_saved_state_gives_the_same_games_to_the_bit(tic_tac_toe):
    def new():
        return worker(tic_tac_toe, evaluator=MadeUp(tic_tac_toe, batch_matters=True), **SETTINGS)

    whole = new()
    chunks = [whole.play(15), whole.play(15), whole.play(15)]
    first = new()
    assert same(first.play(15), chunks[0])
    resumed = new()
    resumed.restore(*first.state())
    assert same(resumed.play(15), chunks[1])
    again = new()
    again.restore(*resumed.state())
    assert same(again.play(15), chunks[2])
    assert again.started == whole.started


def test_the_saved_state_survives_the_disk(tic_tac_toe):
    from alphazero.data.shards import pack, unpack

    first, second = worker(tic_tac_toe, **SETTINGS), worker(tic_tac_toe, **SETTINGS)
    first.play(15)
    second.restore(*unpack(pack(*first.state()), tic_tac_toe, finished=False))
    assert same(second.play(15), first.play(15))


def test_saving_the_state_changes_nothing(tic_tac_toe):
    first, second = worker(tic_tac_toe), worker(tic_tac_toe)
    first.play(15), second.play(15)
    first.state()
    assert same(first.play(15), second.play(15))


@pytest.mark.parametrize(("name", "value", "message"), [
    ("active0", np.zeros(8, np.int32), r"active0 is int32\[8\], expected int8\[8\]"),
    ("active0", np.full(8, 2, np.int8), "active0 has values other than 0 and 1"),
    ("active0", np.zeros(8, np.int8), "are 8, of 0 trees"),
    ("checked0", np.full(8, -1, np.int8), "checked0 has values other than 0 and 1"),
    ("checked0", None, "checked0 is missing"),
    ("seeds0", np.zeros(7, np.uint64), r"seeds0 is uint64\[7\], expected uint64\[8\]"),
    ("started", np.array(3), "of 8 trees, of 3 begun"),
    ("started", np.zeros(2, np.int64), r"started is int64\[2\], expected int64\[\]"),
    ("weights", np.zeros(3), "'weights' is nothing of self-play's"),
])  # fmt: skip
def test_arrays_that_are_not_those_of_games_under_way_are_refused(tic_tac_toe, name, value, message):
    play = worker(tic_tac_toe)
    play.play(3)
    games, arrays = play.state()
    arrays = {key: array for key, array in arrays.items() if key != name}
    with pytest.raises(ValueError, match=message) as error:
        worker(tic_tac_toe).restore(games, arrays if value is None else arrays | {name: value})
    assert "\n" not in str(error.value)


def test_games_under_way_without_a_search_are_refused(tic_tac_toe):
    play = worker(tic_tac_toe)
    play.play(3)
    games, arrays = play.state()
    with pytest.raises(ValueError, match="have no labels of a search"):
        worker(tic_tac_toe).restore(games._replace(labels=None), arrays)


@pytest.mark.parametrize("other", [{"parallel_games": 9}, {"groups": 2}, {"groups": 2, "parallel_games": 16}])
def test_games_under_way_of_other_settings_are_refused(tic_tac_toe, other):
    first, second = worker(tic_tac_toe), worker(tic_tac_toe, **other)
    first.play(3)
    with pytest.raises(ValueError, match="another selfplay.parallel_games or selfplay.groups"):
        second.restore(*first.state())
    with pytest.raises(ValueError, match="another selfplay.parallel_games or selfplay.groups"):
        first.restore(*second.state())
