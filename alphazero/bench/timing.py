"""Timing of rivals in turn, so that a machine whose speed drifts slows all of them alike."""

import statistics
import time
from collections.abc import Callable, Mapping

from alphazero.bars import progress_bar


def rates_in_turn(rivals: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Return, for each rival, its amount of work per second in each of `rounds` rounds, all rivals in each round.

    A rival does some work and returns how much; the first round's warm-up is not counted.
    """
    rates: dict[str, list[float]] = {name: [] for name in rivals}
    for work in rivals.values():
        work()
    for _ in progress_bar(range(rounds), unit="round"):
        for name, work in rivals.items():
            start = time.perf_counter()
            amount = work()
            rates[name].append(amount / (time.perf_counter() - start))
    return rates


def medians(rates: Mapping[str, list[float]]) -> dict[str, float]:
    """Return the median rate of each rival."""
    return {name: statistics.median(values) for name, values in rates.items()}


def median_ratio(above: list[float], below: list[float]) -> float:
    """Return the median over rounds of one rival's rate divided by another's in the same round."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def repeated(work: Callable[[], float], seconds: float) -> Callable[[], float]:
    """Return a rival that repeats `work` for about `seconds` and returns the sum of the amounts."""

    def run() -> float:
        end, total = time.perf_counter() + seconds, 0.0
        while time.perf_counter() < end:
            total += work()
        return total

    return run
