"""The pool: every finished game counted once, whatever is lost, repeated or late; workers that die are replaced."""

from __future__ import annotations

import pytest

import games
from alphazero.distributed.pool import FleetError, Limits, Losses, Pool, Received
from tests.distributed.fake import FakeTransport, died, failed


@pytest.fixture(scope="module")
def game():
    return games.make("tic_tac_toe")


def pool_of(game, meddle=None, workers=2, clock=None, **limits):
    transport = FakeTransport(game, meddle)
    pool = Pool(game, transport, workers, Limits(**limits), clock=clock or (lambda: 0.0))
    pool.publish(b"weights")
    return pool, transport


def names(parts):
    return [part[:3] for part in parts]


def test_every_worker_has_so_many_orders_and_no_more(game):
    pool, transport = pool_of(game, lambda order, report: [], pending=3)
    for _ in range(5):
        assert pool.step(0.0) == []
    assert pool.num_pending == 6 and len(transport.orders) == 6
    assert pool.num_working == 0


def test_nothing_is_ordered_unless_games_are_wanted(game):
    pool, transport = pool_of(game)
    pool.step(0.0, hungry=False)
    assert transport.started == [(0, 0), (1, 0)] and transport.orders == []


def test_results_out_of_order_and_twice_are_counted_once(game):
    def meddle(order, report):
        if order.sequence == 0:
            return []
        first = transport.played[order.worker, order.incarnation, order.sequence - 1]
        return [report, first, report] if order.sequence == 1 else [report]

    pool, transport = pool_of(game, meddle)
    parts = pool.step(0.0) + pool.step(0.0)
    assert sorted(names(parts)) == [(w, 0, s) for w in (0, 1) for s in range(4)]
    assert pool.losses == Losses(repeated_results=2) and pool.num_working == 2


def test_a_call_that_ran_and_reported_failure_is_asked_for_again_and_not_played_again(game):
    tried = []

    def meddle(order, report):
        tried.append(order[:3])
        return [failed(order)] if tried.count(order[:3]) == 1 else [report]

    pool, transport = pool_of(game, meddle, pending=1)
    assert pool.step(0.0) == []
    parts = pool.step(0.0)
    assert names(parts) == [(0, 0, 0), (1, 0, 0)] and len(transport.played) == 2
    assert pool.losses == Losses()


def test_a_call_that_fails_again_and_again_ends_its_worker(game):
    pool, transport = pool_of(game, lambda o, r: [failed(o)] if o[:2] == (0, 0) else [r], pending=1)
    for _ in range(5):
        pool.step(0.0)
    assert transport.started == [(0, 0), (1, 0), (0, 1)] and (0, 0) not in transport.alive
    assert len([order for order in transport.orders if order[:2] == (0, 0)]) == 3


def test_a_worker_that_dies_is_replaced_and_loses_what_was_under_way_alone(game):
    pool, transport = pool_of(game, lambda o, r: [died(o)] if o[:3] == (0, 0, 2) else [r])
    parts = [part for _ in range(4) for part in pool.step(0.0)]
    assert (0, 0, 1) in names(parts) and (0, 1, 0) in names(parts) and (0, 0, 2) not in names(parts)
    assert pool.losses == Losses(worker_deaths=1, lost_games=7) and pool.incarnation == 1
    assert len(set(names(parts))) == len(parts)


def test_a_late_result_of_a_dead_incarnation_counts_once(game):
    pool, transport = pool_of(game, lambda o, r: [died(o)] if o[:3] == (0, 0, 1) else [r])
    pool.step(0.0)
    pool.step(0.0)
    late = transport.played[0, 0, 1]
    transport.events += [late, late]
    assert names(pool.step(0.0, hungry=False)).count((0, 0, 1)) == 1
    assert pool.losses.repeated_results == 1 and pool.members[0].incarnation == 1


def test_a_worker_that_is_too_slow_is_replaced(game):
    now = [0.0]
    pool, transport = pool_of(
        game, lambda o, r: [] if o[:2] == (0, 0) else [r], clock=lambda: now[0], patience=10.0
    )
    for now[0] in (0.0, 5.0, 9.0):
        pool.step(0.0)
    assert pool.losses.worker_deaths == 0
    for now[0] in (11.0, 12.0):
        pool.step(0.0)
    assert pool.losses.worker_deaths == 1 and pool.num_working == 2


def test_a_worker_that_waits_without_orders_is_not_too_slow(game):
    now = [0.0]
    pool, _ = pool_of(game, clock=lambda: now[0], patience=10.0)
    pool.step(0.0)
    now[0] = 1000.0
    pool.step(0.0, hungry=False)
    pool.step(0.0)
    assert pool.losses.worker_deaths == 0


def test_workers_that_die_at_every_start_end_the_fleet_with_one_line(game):
    now = [0.0]
    pool, transport = pool_of(
        game, lambda o, r: [died(o, "no module\nnamed x")], clock=lambda: now[0], starts=4
    )
    with pytest.raises(
        FleetError, match="none of 2 workers could play: each was started 4 times.*no module named x"
    ):
        for _ in range(100):
            pool.step(0.0)
            now[0] += 1.0
    assert len(transport.started) >= 8


def test_one_worker_that_dies_at_every_start_does_not_end_the_fleet(game):
    now = [0.0]
    pool, transport = pool_of(
        game, lambda o, r: [died(o)] if o.worker == 0 else [r], clock=lambda: now[0], starts=3
    )
    for now[0] in range(200):
        pool.step(0.0)
    assert pool.num_working == 1
    assert len([1 for worker, _ in transport.started if worker == 0]) < 12  # it waits longer and longer


def test_games_that_cannot_be_read_end_their_worker(game):
    pool, _ = pool_of(game, lambda o, r: [r._replace(data=b"rubbish")] if o[:2] == (0, 0) else [r])
    assert (0, 0, 0) not in names(pool.step(0.0))
    assert pool.losses.worker_deaths == 1


def test_numbers_that_came_are_remembered_in_little_room():
    received = Received()
    assert [received.add(number) for number in (1, 0, 1, 0, 3, 2, 3)] == [
        True,
        True,
        False,
        False,
        True,
        True,
        False,
    ]
    assert received.below == 4 and not received._above
