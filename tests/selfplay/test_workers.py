"""Workers: the same games for any number of threads, other games for each, and going on to the bit."""

import numpy as np
import pytest

from alphazero.config import SelfplayConfig
from alphazero.data.games import num_distinct
from alphazero.data.shards import pack, unpack
from alphazero.selfplay.workers import Workers, largest_batch, suitable_workers
from alphazero.threads import use_threads
from tests.selfplay.helpers import MadeUp, same, search_config, worker


class Twins(MadeUp):
    """Made up, and the same in every thread."""

    def twin(self):
        return self


def workers(game, count, seed=1, **settings):
    play = SelfplayConfig(**{"parallel_games": 12, "workers": count, **settings})
    return Workers(game, Twins(game, batch_matters=True), search_config(), play, seed)


@pytest.fixture(autouse=True)
def all_cores():
    yield
    use_threads(0)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_any_number_of_threads_plays_the_same_games(tic_tac_toe, count):
    played = []
    for threads in (1, 2, 4):
        use_threads(threads)
        both = workers(tic_tac_toe, count, groups=2)
        played.append([both.play(40), both.play(40)])
    assert all(same(first, other) for one in played[1:] for first, other in zip(played[0], one, strict=True))


def test_one_worker_plays_the_games_of_self_play_itself(tic_tac_toe):
    evaluator = Twins(tic_tac_toe, batch_matters=True)
    alone = worker(tic_tac_toe, evaluator=evaluator, parallel_games=12)
    assert same(workers(tic_tac_toe, 1).play(40), alone.play(40))


def test_workers_play_different_games_and_each_its_share(tic_tac_toe):
    three = workers(tic_tac_toe, 3)
    games = three.play(60)
    assert 60 <= games.num_games < 72 and num_distinct(games) > 50
    assert [len(group.logs.rows) for own in three.workers for group in own.groups] == [4, 4, 4]


def test_no_more_games_are_begun_than_asked_for(tic_tac_toe):
    three = workers(tic_tac_toe, 3)
    first, second = three.play(5, only=19), three.play(100, only=19)
    assert first.num_games + second.num_games == 19


def test_going_on_from_a_saved_state_gives_the_same_games(tic_tac_toe):
    whole = workers(tic_tac_toe, 3, groups=2)
    chunks = [whole.play(15), whole.play(15)]
    first = workers(tic_tac_toe, 3, groups=2)
    assert same(first.play(15), chunks[0])
    use_threads(1)
    resumed = workers(tic_tac_toe, 3, groups=2)
    resumed.restore(*unpack(pack(*first.state()), tic_tac_toe, finished=False))
    assert same(resumed.play(15), chunks[1])


@pytest.mark.parametrize(("began", "now"), [(1, 2), (2, 1), (3, 2)])
def test_games_under_way_of_another_number_of_workers_are_refused(tic_tac_toe, began, now):
    first = workers(tic_tac_toe, began)
    first.play(5)
    with pytest.raises(
        ValueError, match=f"those of {began} workers, not of {now}: go on with the selfplay.workers"
    ):
        workers(tic_tac_toe, now).restore(*first.state())


def test_games_under_way_that_do_not_fit_their_workers_are_refused(tic_tac_toe):
    first = workers(tic_tac_toe, 2)
    first.play(5)
    games, arrays = first.state()
    arrays["worker1_active0"] = np.zeros(6, np.int8)
    with pytest.raises(ValueError, match="the games under way are"):
        workers(tic_tac_toe, 2).restore(games, arrays)


def test_an_evaluator_for_one_thread_is_refused_to_several_workers(tic_tac_toe):
    play = SelfplayConfig(parallel_games=8, workers=2)
    with pytest.raises(ValueError, match="made up: serves one thread only: set selfplay.workers to 1"):
        Workers(tic_tac_toe, MadeUp(tic_tac_toe), search_config(), play, 1)


def test_the_tally_and_the_progress_are_those_of_all(tic_tac_toe):
    three, told = workers(tic_tac_toe, 3), []
    games = three.play(60, only=60, progress=lambda *counts: told.append(counts))
    assert three.tally.moves == games.num_positions and told[-1] == (60, games.num_positions)
    assert 0 < three.tally.evaluator_seconds < three.tally.seconds


def test_an_interrupt_stops_all_workers(tic_tac_toe):
    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        workers(tic_tac_toe, 3).play(10**6, progress=interrupt)


@pytest.mark.parametrize(
    ("games", "groups", "cores", "gpu", "expected"),
    [
        (256, 1, 2, False, 2),
        (256, 1, 16, False, 8),
        (31, 1, 4, False, 1),
        (256, 2, 16, False, 4),
        (4096, 2, 16, True, 4),
    ],
)
def test_workers_are_as_many_as_fill_their_batches(games, groups, cores, gpu, expected):
    play = SelfplayConfig(parallel_games=games, groups=groups)
    assert suitable_workers(play, cores, gpu) == expected
    assert suitable_workers(play.model_copy(update={"workers": 3}), cores, gpu) == 3


def test_the_largest_batch_is_that_of_the_first_group():
    assert largest_batch(SelfplayConfig(parallel_games=25, workers=2, groups=3)) == 5
