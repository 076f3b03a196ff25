"""Many games of self-play at once, in lock-step, with every tree at its own move.

`SelfPlay` is a worker with no global state: weights in, games out. It can stop after any number of finished games
and say what is needed to go on exactly there: the games under way (not their trees) and the random generators.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from alphazero.config import SearchConfig, SelfplayConfig
from alphazero.data.games import Games, join, no_games, select
from alphazero.data.labels import SearchLabels
from alphazero.moments import during
from alphazero.search.evaluators import Evaluator
from alphazero.search.forest import ROOT
from alphazero.search.pace import thinking_clock
from alphazero.search.search import Search
from alphazero.selfplay import moves
from alphazero.selfplay.logs import make_logs, put_game, take_game
from alphazero.threads import shares
from games.options import check_seed, derived_seed
from games.protocol import Game

GROUP_SEEDS = 7919  # between the seeds of two groups


class Tally(NamedTuple):
    """What self-play took, compiling aside: seconds in all and inside the evaluator, positions given to it, moves."""

    seconds: float = 0.0
    evaluator_seconds: float = 0.0
    rows: float = 0
    moves: float = 0

    def plus(self, other: "Tally") -> "Tally":
        """Return the sum of both."""
        return Tally(*(a + b for a, b in zip(self, other, strict=True)))


class _Group:
    """Some of the games: a search and the logs of its trees."""

    def __init__(
        self,
        game: Game,
        trees: int,
        search_config: SearchConfig,
        play: moves.PlayRule,
        evaluator: Evaluator,
        seed: int,
    ):
        budget = max(play.simulations, play.fast_simulations if play.full_fraction < 1.0 else 1)
        self.search = Search(game, trees, search_config, evaluator, seed=seed, noise=True, simulations=budget)
        self.game, self.play = game, play
        self.logs = make_logs(game, trees)
        self.pending: Callable[[], tuple[np.ndarray, np.ndarray]] | None = None
        self.moves = 0

    @property
    def active(self) -> np.ndarray:
        return np.flatnonzero(self.logs.rows["active"]).astype(np.int32)

    def call(self, kernel: Any, trees: np.ndarray) -> None:
        kernel(
            self.game, self.search.forest, self.search.rule, self.play, self.logs, np.asarray(trees, np.int32)
        )

    def restart(self) -> None:
        """Begin the searches of all games under way anew, with empty trees and an empty cache.

        What a position is worth may differ in its last bit with the batch it came in, so evaluations kept from
        earlier would make a process that goes on from saved games play other games than this one.
        """
        self.search.clear_cache()
        trees = self.active
        roots = self.search.forest.states[trees, ROOT]
        self.search.set_roots(roots, trees)
        self.call(moves.begin_searches, trees)

    def advance(self, begin: Callable[[int], int]) -> list[Games]:
        """Move every tree on until it waits for an evaluation or its game has ended; return the games that have.

        begin(n) says how many of n free trees get a new game. That one starts with the next call: where the cache
        knows every position, a tree would otherwise play game after game and never wait.
        """
        ended_games: list[Games] = []
        waiting = self.active
        while waiting.size:
            waiting = self.search.gather(waiting)
            if not waiting.size:
                break
            self.moves += waiting.size
            self.call(moves.finish_moves, waiting)
            over = self.logs.rows["ended"][waiting] == 1
            ended, waiting = waiting[over], waiting[~over]
            if ended.size:
                ended_games += [take_game(self.logs, tree) for tree in ended]
                self.logs.rows["active"][ended] = 0
                self.call(moves.begin_games, ended[: begin(ended.size)])
        return ended_games


class SelfPlay:
    """Games of a network (or any evaluator) against itself, played in one thread: what one worker does.

    search: a `SearchConfig`; selfplay: a `SelfplayConfig`, of which `workers` is not looked at (`Workers`). The same
    seed, settings and evaluator give the same games. ValueError for a seed that is not 0 <= seed < 2**63.
    """

    def __init__(
        self, game: Game, evaluator: Evaluator, search: SearchConfig, selfplay: SelfplayConfig, seed: int
    ):
        seed = check_seed(seed)
        self.game, self.evaluator = game, evaluator
        self.play_rule = moves.make_play_rule(search, selfplay)
        sizes = shares(selfplay.parallel_games, selfplay.groups)
        shared = share_of_memory(search, len(sizes))
        self.groups = [
            _Group(game, size, shared, self.play_rule, evaluator, derived_seed(seed, GROUP_SEEDS * index))
            for index, size in enumerate(sizes)
        ]
        self.tally = Tally()
        self.started = 0

    @property
    def num_bytes(self) -> int:
        """Return the memory of forests and caches, in bytes."""
        return sum(group.search.num_bytes for group in self.groups)

    def play(
        self,
        num_games: int,
        *,
        only: int | None = None,
        progress: Callable[[int, int], None] | None = None,
        until: Callable[[], bool] | None = None,
        keep: bool = False,
    ) -> Games:
        """Play on until at least `num_games` more games have ended, and return those that have.

        Trees and the cache start empty at every call, so the evaluator's weights may change between two; with `keep`
        they stay, and so must the weights. Games under way stay for the next call; with `only`, no more than that many
        games are begun in all.
        progress(games, positions) is called after each batch; `until` may end the call early by returning True.
        """
        start, rows = thinking_clock(), sum(group.search.rows_evaluated for group in self.groups)
        moves_before = sum(group.moves for group in self.groups)
        self._evaluator_seconds = 0.0
        ended: list[Games] = []
        positions = 0
        for group in self.groups:
            if not keep:
                group.restart()
            self._fill(group, only)
        while len(ended) < num_games and any(group.active.size for group in self.groups):
            for group in self.groups:
                self._expand(group)
                new = group.advance(lambda free: self._allowed(free, only))
                ended += new
                positions += sum(part.num_positions for part in new)
                self._submit(group)
            if progress:
                progress(len(ended), positions)
            if until is not None and until():
                break
        for group in self.groups:
            self._expand(group)
        self.tally = self.tally.plus(
            Tally(
                thinking_clock() - start,
                self._evaluator_seconds,
                sum(group.search.rows_evaluated for group in self.groups) - rows,
                sum(group.moves for group in self.groups) - moves_before,
            )
        )
        return join(ended) if ended else no_games(self.game)

    def _allowed(self, free: int, only: int | None) -> int:
        allowed = free if only is None else min(free, only - self.started)
        self.started += allowed
        return allowed

    def _fill(self, group: _Group, only: int | None) -> None:
        free = np.flatnonzero(group.logs.rows["active"] == 0).astype(np.int32)
        chosen = free[: self._allowed(free.size, only)]
        if chosen.size:
            group.call(moves.begin_games, chosen)

    def _submit(self, group: _Group) -> None:
        batch = group.search.collect()
        if batch is not None:
            began = thinking_clock()
            with during("batch"):
                group.pending = submit(self.evaluator, *batch)
            self._evaluator_seconds += thinking_clock() - began

    def _expand(self, group: _Group) -> None:
        if group.pending is not None:
            began = thinking_clock()
            logits, values = group.pending()
            self._evaluator_seconds += thinking_clock() - began
            group.pending = None
            group.search.expand(logits, values)

    def state(self) -> tuple[Games, dict[str, np.ndarray]]:
        """Return the games under way and, by name, the arrays that `restore` needs besides them.

        For group k with T trees: active{k} int8[T], 1 where a game is under way; checked{k} int8[T], 1 where nobody
        resigns; seeds{k} uint64[T], the generators; and started int64[], how many games have been begun.
        """
        under_way = [no_games(self.game)]
        arrays: dict[str, np.ndarray] = {}
        for index, group in enumerate(self.groups):
            rows = group.logs.rows
            under_way += [take_game(group.logs, tree) for tree in group.active]
            arrays |= {
                f"active{index}": rows["active"].copy(),
                f"checked{index}": rows["checked"].copy(),
                f"seeds{index}": group.search.forest.trees["seed"].copy(),
            }
        return join(under_way), arrays | {"started": np.array(self.started)}

    def restore(self, under_way: Games, arrays: dict[str, np.ndarray]) -> None:
        """Go back to what `state` returned; ValueError when it belongs to other settings, or is something else."""
        sizes = {f"active{index}": len(group.logs.rows) for index, group in enumerate(self.groups)}
        if sizes != {name: array.size for name, array in arrays.items() if name.startswith("active")}:
            raise ValueError(
                "the games under way belong to another selfplay.parallel_games or selfplay.groups: "
                "go on with the settings that the run began with"
            )
        parts = self._parts(under_way, arrays)
        taken = 0
        for group, (active, checked, seeds) in zip(self.groups, parts, strict=True):
            for tree in np.flatnonzero(active):
                game = select(under_way, taken, taken + 1)
                put_game(group.logs, int(tree), game, bool(checked[tree]))
                taken += 1
            group.call(moves.replay_games, group.active)
            group.search.forest.trees["seed"][:] = seeds
        self.started = int(arrays["started"])

    def _parts(self, under_way: Games, arrays: dict[str, np.ndarray]) -> list[tuple[np.ndarray, ...]]:
        """Return active, checked and seeds of every group; ValueError where an array is not what `state` returns."""
        trees = [len(group.logs.rows) for group in self.groups]
        known: dict[str, tuple[tuple[int, ...], Any]] = {"started": ((), np.int64)}
        for index, size in enumerate(trees):
            known |= {f"{name}{index}": ((size,), np.int8) for name in ("active", "checked")}
            known[f"seeds{index}"] = ((size,), np.uint64)
        for name, (shape, kind) in known.items():
            array = arrays.get(name)
            if array is None or array.shape != shape or array.dtype != kind:
                found = "missing" if array is None else f"{array.dtype}{list(array.shape)}"
                raise ValueError(
                    f"the games under way: {name} is {found}, expected {np.dtype(kind)}{list(shape)}"
                )
            if kind == np.int8 and not np.isin(array, (0, 1)).all():
                raise ValueError(f"the games under way: {name} has values other than 0 and 1")
        if unknown := sorted(arrays.keys() - known.keys()):
            raise ValueError(f"the games under way: {unknown[0]!r} is nothing of self-play's")
        active = sum(int(arrays[f"active{index}"].sum()) for index in range(len(trees)))
        if active != under_way.num_games or int(arrays["started"]) < active:
            raise ValueError(
                f"the games under way are {under_way.num_games}, of {active} trees, of {int(arrays['started'])} begun"
            )
        if not isinstance(under_way.labels, SearchLabels) and under_way.num_games:
            raise ValueError("the games under way have no labels of a search")
        names = ("active", "checked", "seeds")
        return [tuple(arrays[f"{name}{index}"] for name in names) for index in range(len(trees))]


def share_of_memory(search: SearchConfig, count: int) -> SearchConfig:
    """Return the settings of one of `count` searches that share out memory and cache."""
    return search.model_copy(
        update={"memory_mb": search.memory_mb / count, "cache_mb": search.cache_mb / count}
    )


def submit(
    evaluator: Evaluator, states: np.ndarray, planes: np.ndarray
) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """Start an evaluation and return what waits for its result; one that cannot be started early is done now."""
    if hasattr(evaluator, "submit"):
        return evaluator.submit(states, planes)
    result = evaluator.evaluate(states, planes)
    return lambda: result
