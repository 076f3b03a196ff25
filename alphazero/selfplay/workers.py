"""Self-play by several workers side by side, each with a part of the games, of the cache, and a search of its own.

Which games a worker plays depends on its number, the seed and the evaluator alone, never on how fast the others are:
any number of threads plays the same games. Workers meet when each has played its share of a call.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from alphazero.config import SearchConfig, SelfplayConfig
from alphazero.data.games import Games, join, select
from alphazero.search.evaluators import Evaluator, UniformEvaluator
from alphazero.search.oracle import twin_of
from alphazero.search.pace import thinking_clock
from alphazero.selfplay.selfplay import GROUP_SEEDS, SelfPlay, Tally, share_of_memory
from alphazero.threads import shares, side_by_side
from games.options import derived_seed
from games.protocol import Game

__all__ = ["Workers", "largest_batch", "suitable_workers"]

GAMES_OF_A_WORKER = 32  # of a group, at least: smaller batches of the network cost more for each position
ROWS_OF_A_GPU = 512  # the same on a GPU: more threads wait for each other


class Workers:
    """Games of a network (or any evaluator) against itself, played by `selfplay.workers` workers, at least one.

    search: a `SearchConfig`, whose memory and cache all workers share out; selfplay: a `SelfplayConfig`. The same seed,
    settings and evaluator give the same games. ValueError for a seed that is not 0 <= seed < 2**63, and for several
    workers of an evaluator that has no twins.
    """

    def __init__(
        self, game: Game, evaluator: Evaluator, search: SearchConfig, selfplay: SelfplayConfig, seed: int
    ):
        self.game, self.search_config, self.config = game, search, selfplay
        sizes = shares(selfplay.parallel_games, max(1, selfplay.workers))
        own = share_of_memory(search, len(sizes))
        self.workers = [
            SelfPlay(
                game,
                judge,
                own,
                selfplay.model_copy(update={"parallel_games": size}),
                derived_seed(seed, GROUP_SEEDS * selfplay.groups * number),
            )
            for number, (judge, size) in enumerate(
                zip(_evaluators(evaluator, len(sizes)), sizes, strict=True)
            )
        ]
        self.tally = Tally()
        self._compiled = False

    @property
    def num_bytes(self) -> int:
        """Return the memory of forests and caches, in bytes."""
        return sum(worker.num_bytes for worker in self.workers)

    def play(
        self,
        num_games: int,
        *,
        only: int | None = None,
        progress: Callable[[int, int], None] | None = None,
        until: Callable[[], bool] | None = None,
    ) -> Games:
        """Play on until each worker has finished its share of `num_games` more games; return those that have ended.

        As `SelfPlay.play` for each worker with its share of `num_games` and `only`: where a worker may begin no more,
        the others do not play its share. progress(games, positions) is called in this thread now and then, `until` in
        each worker's after each batch.
        """
        self._compile()
        start = thinking_clock()
        ended = np.zeros((len(self.workers), 2), np.int64)
        wanted = shares(num_games, len(self.workers))
        most = [None] * len(wanted) if only is None else shares(only, len(wanted))

        def play(number: int, is_stopped: Callable[[], bool]) -> Games:
            def note(games: int, positions: int) -> None:
                ended[number] = games, positions

            return self.workers[number].play(
                wanted[number],
                only=most[number],
                progress=note,
                until=lambda: is_stopped() or (until is not None and until()),
            )

        watch = None if progress is None else lambda: progress(*(int(count) for count in ended.sum(axis=0)))
        played = side_by_side([partial(play, number) for number in range(len(self.workers))], watch)
        self._count(thinking_clock() - start)
        return join(played)

    def _compile(self) -> None:
        """Compile what the workers call, in this thread and once, so that Ctrl-C stops it at once."""
        if self._compiled:
            return
        search = self.search_config.model_copy(
            update={"simulations": 2, "memory_mb": 1024.0, "cache_mb": min(self.search_config.cache_mb, 0.01)}
        )
        one = self.config.model_copy(update={"parallel_games": 1, "groups": 1, "fast_simulations": 1})
        rehearsal = SelfPlay(self.game, _Rehearsal(self.game), search, one, seed=0)
        rehearsal.play(1, until=lambda: rehearsal.groups[0].moves > 0)
        self._compiled = True

    def _count(self, seconds: float) -> None:
        """Add what the workers took: the seconds by the clock, inside the evaluator the mean of all workers'."""
        sums = Tally()
        for worker in self.workers:
            sums, worker.tally = sums.plus(worker.tally), Tally()
        mean = sums.evaluator_seconds / len(self.workers)
        self.tally = self.tally.plus(sums._replace(seconds=seconds, evaluator_seconds=mean))

    def state(self) -> tuple[Games, dict[str, np.ndarray]]:
        """Return the games under way and, by name, the arrays that `restore` needs besides them.

        They are those of `SelfPlay.state`, one worker after another; the names of all but the first begin with
        "worker1_", "worker2_", ...
        """
        states = [worker.state() for worker in self.workers]
        arrays = {
            _prefix(number) + name: array
            for number, (_, own) in enumerate(states)
            for name, array in own.items()
        }
        return join([under_way for under_way, _ in states]), arrays

    def restore(self, under_way: Games, arrays: dict[str, np.ndarray]) -> None:
        """Go back to what `state` returned; ValueError when it belongs to other settings, or is something else."""
        numbers = {name.partition("_")[0] for name in arrays if "_" in name}
        if numbers != {_prefix(number)[:-1] for number in range(1, len(self.workers))}:
            raise ValueError(
                f"the games under way are those of {len(numbers) + 1} workers, not of {len(self.workers)}: "
                "go on with the selfplay.workers that the run began with"
            )
        first = 0
        for number, worker in enumerate(self.workers):
            prefix = _prefix(number)
            own = {
                name.removeprefix(prefix): array
                for name, array in arrays.items()
                if (name.startswith(prefix) if prefix else "_" not in name)
            }
            active = sum(int((array == 1).sum()) for name, array in own.items() if name.startswith("active"))
            last = number + 1 == len(self.workers)  # it is told of what there is too much
            end = under_way.num_games if last else min(first + active, under_way.num_games)
            worker.restore(select(under_way, first, end), own)
            first = end


class _Rehearsal(UniformEvaluator):
    """Evaluates in batches, as a network does, without one."""

    rollouts = None


def largest_batch(selfplay: SelfplayConfig) -> int:
    """Return the most positions that a worker's network is asked at once."""
    return shares(shares(selfplay.parallel_games, max(1, selfplay.workers))[0], selfplay.groups)[0]


def suitable_workers(selfplay: SelfplayConfig, cores: int, on_gpu: bool) -> int:
    """Return how many workers are worth it: selfplay.workers, or one a core with games enough to fill their batches."""
    games = selfplay.groups * (ROWS_OF_A_GPU if on_gpu else GAMES_OF_A_WORKER)
    return selfplay.workers or max(1, min(cores, selfplay.parallel_games // games))


def _evaluators(evaluator: Evaluator, count: int) -> Sequence[Evaluator]:
    """Return the evaluator and its twins."""
    found = [evaluator]
    while len(found) < count:
        twin = twin_of(evaluator)
        if twin is None:
            raise ValueError(f"{evaluator.name}: serves one thread only: set selfplay.workers to 1")
        found.append(twin)
    return found


def _prefix(number: int) -> str:
    return f"worker{number}_" if number else ""
