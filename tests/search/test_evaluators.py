"""Evaluators: rollouts close to the truth for both players, mixtures, budgets in seconds and in bytes."""

import functools
import time

import numpy as np
import pytest

from alphazero.search import (
    MixtureEvaluator,
    NetworkError,
    NetworkEvaluator,
    Oracle,
    RolloutEvaluator,
    Search,
    UniformEvaluator,
    search_positions,
)
from tests.search.common import (
    CONNECT_FOUR,
    IN_PARTS,
    TIC_TAC_TOE,
    HashEvaluator,
    position,
    positions,
    search_of,
    settings,
    unfinished_tic_tac_toe,
)

NO_PLANES = np.zeros(0, np.float32)


@functools.cache
def random_play(cells: bytes) -> tuple[float, float]:
    """Return mean and mean square of the result, for the first player, of uniformly random play."""
    state = next(state for state in states_by_cells()[cells])
    if TIC_TAC_TOE.is_over(state):
        return float(state["result"]), float(state["result"] ** 2)
    followed = []
    for action in TIC_TAC_TOE.legal(state):
        after = state.copy()
        TIC_TAC_TOE.play(after, int(action))
        states_by_cells().setdefault(after["cells"].tobytes(), [after])
        followed.append(random_play(after["cells"].tobytes()))
    mean, square = np.mean(followed, axis=0)
    return float(mean), float(square)


@functools.cache
def states_by_cells() -> dict:
    return {}


def late_positions(count: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return unfinished positions with few free cells, the mean result of random play for the mover, its deviation."""
    late = unfinished_tic_tac_toe()[unfinished_tic_tac_toe()["plies"] >= 5]
    states = np.random.default_rng(2).choice(late, count, replace=False)
    for state in states:
        states_by_cells().setdefault(state["cells"].tobytes(), [state])
    moments = np.array([random_play(state["cells"].tobytes()) for state in states])
    mover = 1 - 2 * (states["plies"] % 2)
    return states, moments[:, 0] * mover, np.sqrt(moments[:, 1] - moments[:, 0] ** 2)


def test_rollouts_are_close_to_random_play_for_both_players():
    states, means, deviations = late_positions()
    assert set(states["plies"] % 2) == {0, 1} and means.min() < -0.5 and means.max() > 0.5
    logits, values = RolloutEvaluator(TIC_TAC_TOE, 2000, seed=1).evaluate(states, NO_PLANES)
    assert not logits.any() and logits.shape == (len(states), 9)
    assert (np.abs(values - means) <= 4.5 * deviations / np.sqrt(2000) + 1e-6).all()


def test_compiled_rollouts_are_close_to_random_play_for_both_players():
    states, means, deviations = late_positions(10)
    repeats = 400
    search = search_of(TIC_TAC_TOE, np.repeat(states, repeats), RolloutEvaluator(TIC_TAC_TOE, 3), 1, seed=7)
    search.run()
    found = search.forest.nodes["value"][:, 0].reshape(len(states), repeats).mean(axis=1)
    assert (np.abs(found - means) <= 4.5 * deviations / np.sqrt(3 * repeats) + 1e-6).all()


def test_a_rollout_of_a_finished_game_is_its_result_for_the_mover():
    won = position(TIC_TAC_TOE, "a1 a2 b1 b2 c1")  # the first player; the second would be to move
    lost = position(TIC_TAC_TOE, "a1 a2 b1 b2 c3 c2")
    states = np.array([won, lost])
    assert RolloutEvaluator(TIC_TAC_TOE, 5).evaluate(states, NO_PLANES)[1].tolist() == [-1.0, -1.0]
    for evaluator in (UniformEvaluator(TIC_TAC_TOE), HashEvaluator(TIC_TAC_TOE)):
        result = search_positions(TIC_TAC_TOE, states, evaluator, settings(), simulations=10)
        assert result.value.tolist() == [-1.0, -1.0] and result.action.tolist() == [-1, -1]
        assert not result.visits.any()


def test_rollouts_go_on_from_where_they_were_and_start_over_with_a_seed():
    states = positions(TIC_TAC_TOE, 50)
    first, again, other = (RolloutEvaluator(TIC_TAC_TOE, 3, seed=seed) for seed in (1, 1, 2))
    values = [evaluator.evaluate(states, NO_PLANES)[1] for evaluator in (first, again, other)]
    assert (values[0] == values[1]).all() and (values[0] != values[2]).any()
    assert (first.evaluate(states, NO_PLANES)[1] != values[0]).any()
    halves = RolloutEvaluator(TIC_TAC_TOE, 3, seed=1)
    assert [*halves.evaluate(states[:20], NO_PLANES)[1], *halves.evaluate(states[20:], NO_PLANES)[1]] == [
        *values[0]
    ]


def test_rollouts_do_not_touch_the_positions():
    states = positions(CONNECT_FOUR, 20)
    before = states.tobytes()
    RolloutEvaluator(CONNECT_FOUR, 4).evaluate(states, NO_PLANES)
    assert states.tobytes() == before


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 1.0])
def test_a_mixture_weighs_values_and_takes_the_first_ones_logits(weight):
    states = positions(TIC_TAC_TOE, 10)
    first, second = HashEvaluator(TIC_TAC_TOE), HashEvaluator(TIC_TAC_TOE, scale=-0.5)
    logits, values = MixtureEvaluator(first, second, weight).evaluate(states, NO_PLANES)
    expected, hashed = first.evaluate(states, NO_PLANES)
    assert (logits == expected).all()
    assert values == pytest.approx((1 - weight) * hashed + weight * -0.5 * hashed, abs=1e-6)
    assert values.dtype == np.float32


def test_a_mixture_needs_what_its_parts_need():
    planes, states = HashEvaluator(TIC_TAC_TOE, from_planes=True), HashEvaluator(TIC_TAC_TOE)
    rollouts = RolloutEvaluator(TIC_TAC_TOE)
    for first, second, needs_planes, cacheable in (
        (planes, states, True, True), (states, planes, True, True), (states, rollouts, False, False),
        (rollouts, planes, True, False),
    ):  # fmt: skip
        mixture = MixtureEvaluator(first, second)
        assert (mixture.needs_planes, mixture.cacheable, mixture.rollouts) == (needs_planes, cacheable, None)


def test_impossible_evaluators_are_refused():
    with pytest.raises(ValueError, match="mixture weight 1.5: expected a number from 0 to 1"):
        MixtureEvaluator(UniformEvaluator(TIC_TAC_TOE), UniformEvaluator(TIC_TAC_TOE), 1.5)
    with pytest.raises(ValueError, match="rollouts=0: expected at least 1"):
        RolloutEvaluator(TIC_TAC_TOE, 0)


@pytest.mark.parametrize("leaves", [1, 5])
def test_a_network_sees_the_planes_of_the_leaves_it_judges(leaves):
    # The same answers from planes and from states: no row of one belongs to another's.
    class Network(Oracle):
        def __init__(self):
            self.rows: list[np.ndarray] = []

        def __call__(self, planes):
            self.rows.append(planes.copy())
            return np.zeros((len(planes), IN_PARTS.num_actions), np.float32), np.zeros(
                len(planes), np.float32
            )

    class Spy(NetworkEvaluator):
        needs_states = True

        def evaluate(self, states, planes):
            expected = np.zeros_like(planes)
            for state, plane in zip(states, expected, strict=True):
                IN_PARTS.encode(state, plane)
            assert (planes == expected).all()
            return super().evaluate(states, planes)

    network = Network()
    search = search_of(IN_PARTS, positions(IN_PARTS, 12), Spy(network), 20, leaves=leaves)
    search.run()
    assert sum(map(len, network.rows)) == search.rows_evaluated
    waiting = NetworkEvaluator(network).submit(np.zeros(0), np.ones((2, 3, 3, 3), np.float32))
    assert waiting()[1].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("kind", [UniformEvaluator, HashEvaluator])
def test_a_budget_in_seconds_is_kept_within_the_memory(kind):
    states, config = positions(CONNECT_FOUR, 3), settings(memory_mb=50.0)
    search_positions(CONNECT_FOUR, states, kind(CONNECT_FOUR), config, simulations=2)  # compile
    start = time.perf_counter()
    result = search_positions(CONNECT_FOUR, states, kind(CONNECT_FOUR), config, seconds=0.2)
    assert time.perf_counter() - start < 3.0
    assert (result.visits.sum(axis=1) > 20).all()
    assert all(
        action in CONNECT_FOUR.legal(state) for state, action in zip(states, result.action, strict=True)
    )


def test_a_budget_in_simulations_ends_a_search_before_its_seconds():
    states, evaluator = positions(CONNECT_FOUR, 3), UniformEvaluator(CONNECT_FOUR)
    result = search_positions(CONNECT_FOUR, states, evaluator, settings(), simulations=50, seconds=60)
    assert (result.visits.sum(axis=1) == 50).all()


def test_a_search_says_what_memory_it_takes():
    search = Search(CONNECT_FOUR, 5, settings(simulations=100, memory_mb=2.0), HashEvaluator(CONNECT_FOUR))
    arrays = (*search.forest, *search.cache, search.planes)
    assert search.num_bytes == sum(array.nbytes for array in arrays)
    assert sum(array.nbytes for array in search.forest) <= 2 * 2**20


def test_variations_are_lines_of_most_visited_moves():
    state = position(TIC_TAC_TOE, "a1 a2 b1")  # c1 must be taken
    result = search_positions(
        TIC_TAC_TOE,
        np.array([state]),
        UniformEvaluator(TIC_TAC_TOE),
        settings(),
        simulations=800,
        variations=True,
    )
    lines = result.principal_variation[0]
    assert set(lines) == set(np.flatnonzero(result.visits[0])) and all(
        line[0] == move for move, line in lines.items()
    )
    block, other = 8, 4
    assert result.action[0] == block and lines[other][:2] == [other, block]
    after = state.copy()
    for action in lines[block]:
        assert action in TIC_TAC_TOE.legal(after)
        TIC_TAC_TOE.play(after, action)


class Unfinite(HashEvaluator):
    """A HashEvaluator that answers `number` for the value of a position, or the logits of some of its actions."""

    def __init__(self, number: float, of: str):
        super().__init__(TIC_TAC_TOE)
        self.number, self.of = number, of

    def evaluate(self, states, planes):
        logits, values = super().evaluate(states, planes)
        for row, state in enumerate(states):
            legal = TIC_TAC_TOE.legal(state)
            if self.of == "illegal logits":
                logits[row, np.setdiff1d(np.arange(9), legal)] = self.number
            elif state["plies"] == 3 and self.of == "value":
                values[row] = self.number
            elif state["plies"] == 3:
                logits[row, legal[-1]] = self.number
        return logits, values


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("gumbel", [False, True])
def test_a_search_refuses_a_value_or_a_legal_actions_logit_that_is_no_number_and_no_other(number, gumbel):
    states, config = positions(TIC_TAC_TOE, 4), settings(gumbel=gumbel)
    start = np.array([TIC_TAC_TOE.initial_state()])
    for of in ("value", "a legal logit"):
        with pytest.raises(NetworkError, match="^hashes: answers NaN or infinity for a position"):
            search_positions(TIC_TAC_TOE, start, Unfinite(number, of), config, simulations=40)
    expected = search_positions(TIC_TAC_TOE, states, HashEvaluator(TIC_TAC_TOE), config, simulations=40)
    found = search_positions(TIC_TAC_TOE, states, Unfinite(number, "illegal logits"), config, simulations=40)
    assert all((ours == theirs).all() for ours, theirs in zip(found[:-1], expected[:-1], strict=True))
