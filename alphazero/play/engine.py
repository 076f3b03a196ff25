"""An engine: whatever thinks about one position of a game, move after move, until it is told to stop.

The terminal, hints and analyses stand on it. Many games at once are the business of `alphazero.play.table`.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

import numpy as np

from alphazero.config import SearchConfig
from alphazero.play.analysis import Analysis, MoveAnalysis, analysis_of
from alphazero.play.player import Player, Turns
from alphazero.search import Evaluator, Search
from alphazero.search.pace import UNLIMITED, thinking_clock
from alphazero.search.positions import leaves_per_tree
from games import Game

__all__ = ["Engine", "Limit", "PlayerEngine", "Report", "SearchEngine"]

REPORT_SECONDS = 1.0  # between two reports of a search that goes on
LINES = 10  # best moves whose principal variation is told, unless another number is asked for
CACHE_SHARE = 0.25  # of an engine's memory that evaluations may take
Report = Callable[[Analysis], object]  # told, while an engine thinks, what it thinks so far


class Limit(NamedTuple):
    """How long to think about a position: both bind where both are given, neither: until `stop`.

    simulations: to be made now, apart from what is known already; seconds: compiling does not count.
    """

    simulations: int | None = None
    seconds: float | None = None


class Engine(ABC):
    """Thinks about one position of one game; `limit` is how long, unless it is told otherwise.

    `stop` may be called from any thread, everything else from one at a time. Whoever makes an engine closes it.
    """

    def __init__(self, game: Game, name: str, limit: Limit):
        self.game, self.name, self.limit = game, name, limit
        self.start: np.void = game.initial_state()
        self.moves: list[int] = []
        self.state: np.void = self.start
        self._stopped = threading.Event()

    def set_position(self, start: np.void | None, moves: Sequence[int] = ()) -> None:
        """Turn to the position after `moves` (actions) from `start` (None: the start of the game).

        ValueError, and nothing changed, when a move is illegal. A `stop` that nobody heard is forgotten.
        """
        begun = self.game.initial_state() if start is None else start.copy()
        state = begun.copy()
        for action in moves:
            self.game.play(state, action)
        before = self.start, self.moves
        self.start, self.moves, self.state = begun, [int(action) for action in moves], state
        self._stopped.clear()
        self._moved(*before)

    def think(
        self, limit: Limit | None = None, report: Report | None = None, lines: int | None = LINES
    ) -> Analysis:
        """Return what is found in the position within a limit (`self.limit` by default).

        report: told about every second what is found so far, where the engine can say; lines: how many of the best
        moves get a principal variation (None: all). ValueError when the game is over.
        """
        if self.game.is_over(self.state):
            raise ValueError(
                f"the game is over in {self.game.state_text(self.state)!r}: there is no move to judge"
            )
        try:
            return self._think(self.limit if limit is None else limit, report, lines)
        finally:
            self._stopped.clear()

    def stop(self) -> None:
        """Have `think` return what it has found within 100 ms; before it has begun, have it begin and return.

        What answers in one piece (`PlayerEngine`) goes on to its end.
        """
        self._stopped.set()

    def new_game(self, seed: int = 0) -> None:
        """Forget all earlier games, and go back to the start of the game."""
        self.set_position(None)

    def close(self) -> None:  # noqa: B027  (most engines hold nothing that must be given back)
        """Give back what the engine holds; it thinks no more. Twice is as good as once."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    @abstractmethod
    def _think(self, limit: Limit, report: Report | None, lines: int | None) -> Analysis:
        """Return what is found in `self.state`, which is not over."""

    def _moved(self, start: np.void, moves: list[int]) -> None:  # noqa: B027
        """Take note that the position was another one before."""


class SearchEngine(Engine):
    """Searches one tree, which is kept from move to move where the settings allow it (`reuse_subtree`, no Gumbel).

    config: its `memory_mb` bounds tree and cached evaluations together; when it is full, the tree grows no more and the
    search goes on. Gumbel search needs a limit with simulations (ValueError). temperature: the action is drawn by
    visits ** (1 / temperature), 0: the most visited; leaves: that are evaluated at once (None: as the settings say).
    """

    def __init__(
        self,
        game: Game,
        evaluator: Evaluator,
        config: SearchConfig,
        limit: Limit,
        *,
        temperature: float = 0.0,
        leaves: int | None = None,
        seed: int = 0,
        name: str = "search",
        owner: Player | None = None,
    ):
        super().__init__(game, name, limit)
        cache_mb = min(config.cache_mb, CACHE_SHARE * config.memory_mb) if evaluator.cacheable else 0.0
        room = {"cache_mb": cache_mb, "memory_mb": config.memory_mb - cache_mb}
        self.evaluator, self.config = evaluator, config.model_copy(update=room)
        self.temperature, self.seed, self.owner = temperature, seed, owner
        self.leaves = leaves or (leaves_per_tree(config, 1) if evaluator.rollouts is None else 1)
        self._search: Search | None = None
        self._is_at_root = False  # whether the search's root is the position

    def new_game(self, seed: int = 0) -> None:
        """Forget all earlier games and evaluations, and draw by `seed` from now on."""
        super().new_game(seed)
        self.seed, self._is_at_root = seed, False
        if self._search is not None:
            self._search.seed_trees(seed)
            self._search.clear_cache()

    def close(self) -> None:
        """Give back the memory, and close the player that this is the engine of."""
        self._search = None
        if self.owner is not None:
            self.owner.close()

    def _moved(self, start: np.void, moves: list[int]) -> None:
        """Follow moves from the position before with the tree; from another one, begin anew."""
        follows = self.start.tobytes() == start.tobytes() and self.moves[: len(moves)] == moves
        if not (self._is_at_root and follows and self._search is not None and self._search.keep):
            self._is_at_root = self._is_at_root and follows and self.moves == moves
            return
        for action in self.moves[len(moves) :]:
            self._search.play(np.array([action]))

    def _think(self, limit: Limit, report: Report | None, lines: int | None) -> Analysis:
        search = self._search_for(limit)
        if not self._is_at_root:
            states = np.zeros(1, self.game.state_dtype)
            states[0] = self.state
            search.set_roots(states)
        self._is_at_root = False  # an interruption in the middle leaves a tree that nobody should go on with
        search.start(limit.simulations or UNLIMITED)
        search.run(limit.seconds, self._watch(search, report, lines))
        self._is_at_root = search.keep
        return self._found(search, lines, draw=True)

    def _search_for(self, limit: Limit) -> Search:
        """Return the search, made when it is first needed, and anew when it must make more simulations at once."""
        simulations = limit.simulations or UNLIMITED
        if self.config.gumbel and limit.simulations is None:
            raise ValueError(f"{self.name}: Gumbel search shares out simulations: limit them, not time alone")
        if self._search is None or self._search.simulations < simulations:
            self._search, self._is_at_root = None, False  # not two at once
            self._search = Search(
                self.game,
                1,
                self.config,
                self.evaluator,
                seed=self.seed,
                leaves=self.leaves,
                simulations=simulations,
                grow_while_room=True,
            )
        return self._search

    def _watch(self, search: Search, report: Report | None, lines: int | None) -> Callable[[], bool]:
        """Return what says whether to stop, and reports now and then."""
        told = thinking_clock()

        def is_stopped() -> bool:
            nonlocal told
            if report is not None and thinking_clock() - told >= REPORT_SECONDS:
                told = thinking_clock()
                report(self._found(search, lines))
            return self._stopped.is_set()

        return is_stopped

    def _found(self, search: Search, lines: int | None, draw: bool = False) -> Analysis:
        simulations = int(search.forest.trees["done"][0])
        drawn = None
        if draw and self.temperature > 0.0:
            drawn = int(search.result(self.temperature).action[0])
        return analysis_of(self.game, self.state, search.result(variations=True), simulations, drawn, lines)


class PlayerEngine(Engine):
    """Thinks as a player decides, whose own limits bind: it answers in one piece and reports nothing."""

    def __init__(self, player: Player):
        super().__init__(player.game, player.name, Limit())
        self.player = player

    def new_game(self, seed: int = 0) -> None:
        """Have the player forget all earlier games."""
        super().new_game(seed)
        self.player.new_games(seed)

    def close(self) -> None:
        """Close the player."""
        self.player.close()

    def _think(self, limit: Limit, report: Report | None, lines: int | None) -> Analysis:
        states = np.zeros(1, self.game.state_dtype)
        states[0] = self.state
        found = self.player.decide(Turns.of(states)._replace(moves=[self.moves]))
        action = int(found.actions[0])
        legal = self.game.legal(self.state)
        if action not in legal:
            raise ValueError(
                f"player {self.name!r} chose the illegal action {action} in "
                f"{self.game.state_text(self.state)!r}: legal are {legal.tolist()}"
            )
        one = np.eye(1, self.game.num_actions, action)
        policy = (one if found.policies is None else found.policies)[0]
        order = legal[np.lexsort((-policy[legal], legal != action))]
        moves = []
        for each in order.tolist():
            name = self.game.action_name(self.state, each)
            moves.append(MoveAnalysis(each, name, float(policy[each]), 0, 0.0, (name,)))
        value = None if found.values is None else float(found.values[0])
        return Analysis(int(self.game.to_move(self.state)), value, 0, tuple(moves), action)
