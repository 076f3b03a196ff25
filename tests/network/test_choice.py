"""The choice of a variant: the same whatever other programs do meanwhile."""

import statistics

import numpy as np
import pytest
import torch

from alphazero.network import variants
from alphazero.network.variants import Variant, fastest, measure

CPU = torch.device("cpu")
FAST, SLOW = Variant(torch.float32, "onednn"), Variant(torch.float32, "plain")
ROWS = 4


class Clock:
    """A clock that only moves when told to."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now


class Folded:
    batch_size, input_shape = ROWS, (2, 6, 7)


class InterruptedRunner:
    """Takes its `own` seconds a run, and in a share of the runs an interruption, by other programs, on top."""

    folded = Folded()

    def __init__(self, clock, own, interruption, share, seed):
        self.clock, self.own, self.interruption, self.share = clock, own, interruption, share
        self.random = np.random.default_rng(seed)

    def run(self, planes):
        self.clock.now += self.own + self.interruption * (self.random.random() < self.share)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(variants, "time", clock)
    return clock


def interrupted(clock, seed):
    """The fast variant is the one that the other programs happen to interrupt more often and for longer."""
    return {
        SLOW: InterruptedRunner(clock, 0.002, 0.001, 0.6, seed),
        FAST: InterruptedRunner(clock, 0.0015, 0.004, 0.8, seed + 1000),
    }


@pytest.mark.parametrize("seed", range(20))
def test_interruptions_of_most_runs_do_not_change_the_choice(trained, clock, monkeypatch, seed):
    monkeypatch.setattr(variants, "working_runners", lambda *_: interrupted(clock, seed))
    monkeypatch.setattr(variants, "_rows_to_measure", lambda *_: ROWS)
    chosen, rates = fastest(trained(), [SLOW, FAST], ROWS, CPU, seconds=0.2)
    assert chosen == FAST
    assert rates == {SLOW.name: pytest.approx(ROWS / 0.002), FAST.name: pytest.approx(ROWS / 0.0015)}
    medians = measure(interrupted(clock, seed), 0.2, statistics.median)
    assert medians[FAST.name] < medians[SLOW.name]  # what the shortest runs are there for


def test_measuring_ends_soon_after_its_seconds_but_not_before_three_rounds(clock):
    runners = {SLOW: InterruptedRunner(clock, 0.01, 0.0, 0.0, 0)}
    measure(runners, 0.2)
    assert 0.2 <= clock.now < 0.22
    clock.now = 0.0
    measure(runners, 0.0)
    assert clock.now == pytest.approx(0.03)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_choice_measures_on_one_thread_and_leaves_their_number_as_it_was(trained, monkeypatch, threads):
    seen = []

    def counting(runners, seconds, summary):
        seen.append(torch.get_num_threads())
        return measure(runners, 0.0, summary)

    monkeypatch.setattr(variants, "measure", counting)
    torch.set_num_threads(threads)
    fastest(trained(), [SLOW, FAST], ROWS, CPU, seconds=0.0)
    assert set(seen) == {1} and torch.get_num_threads() == threads
    monkeypatch.setattr(variants, "measure", None)
    with pytest.raises(TypeError):
        fastest(trained(), [SLOW, FAST], ROWS, CPU, seconds=0.0)
    assert torch.get_num_threads() == threads


def test_large_networks_are_measured_on_fewer_rows(clock, trained, monkeypatch):
    for own, rows in ((1e-4, 60), (5e-6, 64), (1.0, ROWS)):
        monkeypatch.setattr(
            variants, "make_runner", lambda folded, own=own: InterruptedRunner(clock, own, 0, 0, 0)
        )
        assert variants._rows_to_measure(trained(), 64, CPU) == rows


@pytest.mark.parametrize(
    "units, machine, expected", [(True, "x86_64", True), (False, "x86_64", False), (False, "AMD64", False)]
)
def test_bfloat16_is_no_choice_on_a_processor_that_only_emulates_it(monkeypatch, units, machine, expected):
    monkeypatch.setattr(variants.platform, "machine", lambda: machine)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: True)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: units)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    found = variants.available_variants(CPU, "auto", compile=False)
    assert any(variant.dtype == torch.bfloat16 for variant in found) == expected
