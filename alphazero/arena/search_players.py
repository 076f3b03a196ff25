"""Players that search a tree before each move: with random rollouts (`mcts`) or with a network (`model`)."""

import numpy as np

from alphazero.config import SearchConfig
from alphazero.play.engine import Limit
from alphazero.play.player import Decisions, Player, Turns, as_positions
from alphazero.search import Evaluator, NetworkEvaluator, Oracle
from alphazero.search.pace import UNLIMITED
from alphazero.search.positions import ParallelSearch, budget_of, leaves_per_tree
from alphazero.search.search import SearchResult
from games.protocol import Game

SIMULATIONS_PER_LEAF = 32
MAX_TREES = 256  # positions searched at once; more are searched one group after another
TIMED_SIMULATIONS = 1000  # that each tree has room for where only the clock limits them
_NODE_BYTES, _EDGE_BYTES = 128, 32  # what a node (its position aside) and an edge take at most


class SearchPlayer(Player):
    """Searches every position from scratch with one budget, many side by side, and plays the most visited action.

    evaluator: judges leaves; config: a `SearchConfig`, `simulations` of it the budget where neither simulations nor
    seconds are given (root noise is never on); seconds: for the positions of one call together, alone or as a limit
    beside simulations, 0: none; temperature: actions are drawn by visits ** (1 / temperature), 0: the most visited;
    batch: rows that the evaluator likes to get at once. Evaluations stay cached until `new_games`, which is due when
    weights change. Raises ValueError for Gumbel search by seconds alone.
    """

    def __init__(
        self,
        game: Game,
        evaluator: Evaluator,
        config: SearchConfig,
        *,
        simulations: int | None = None,
        seconds: float = 0.0,
        temperature: float = 0.0,
        batch: int = 64,
        seed: int = 0,
        name: str = "search",
    ):
        super().__init__(game, name, seed)
        self.evaluator, self.config = evaluator, config
        self.simulations, self.seconds = budget_of(config, simulations, seconds), seconds
        self.temperature, self.batch = temperature, batch
        self._search: ParallelSearch | None = None

    def decide(self, turns: Turns) -> Decisions:
        """Return one action for each turn, the search's values, and its policies: the visits by share."""
        states = as_positions(self.game, turns.states)
        actions, values = np.zeros(len(states), np.int64), np.zeros(len(states), np.float32)
        policies = np.zeros((len(states), self.game.num_actions), np.float32)
        starts = range(0, len(states), self.max_trees)
        seconds = self.seconds / len(starts) if self.seconds and starts else None
        for start in starts:
            group = slice(start, start + self.max_trees)
            found = self._search_group(states[group], seconds)
            actions[group], values[group], policies[group] = found.action, found.value, found.policy
        return Decisions(actions, values=values, policies=policies)

    @property
    def limit(self) -> Limit:
        """Return how long the player thinks about one position."""
        simulations = None if self.simulations == UNLIMITED else self.simulations
        return Limit(simulations, self.seconds or None)

    def new_games(self, seed: int = 0) -> None:
        """Forget all earlier games and their evaluations, and start the generator anew."""
        super().new_games(seed)
        if self._search is not None:
            self._search.clear_cache()

    @property
    def max_trees(self) -> int:
        """Number of positions searched at once: as many as the memory bound holds with all their edges."""
        node = self.game.state_dtype.itemsize + _NODE_BYTES + self.game.num_actions * _EDGE_BYTES
        simulations = TIMED_SIMULATIONS if self.simulations == UNLIMITED else self.simulations
        tree = (simulations + 2) * node
        return int(np.clip(self.config.memory_mb * 2**20 // tree, 1, MAX_TREES))

    def _search_group(self, states: np.ndarray, seconds: float | None) -> SearchResult:
        """Return what a search of the positions states[n] found."""
        if self._search is None or self._search.num_trees < len(states):
            self._search = ParallelSearch(
                self.game,
                len(states),
                self.config,
                self.evaluator,
                leaves=self.leaves(len(states)),
                simulations=self.simulations,
                grow_while_room=self.seconds > 0.0,
            )
        seed = int(self.rng.integers(2**63))
        return self._search.run(
            states, self.simulations, seed=seed, seconds=seconds, temperature=self.temperature
        )

    def leaves(self, num_trees: int) -> int:
        """Return the leaves collected per tree and batch: too many of few simulations would play worse."""
        if self.evaluator.rollouts is not None:
            return 1
        wanted = leaves_per_tree(self.config, num_trees, self.batch)
        return max(1, min(wanted, self.simulations // SIMULATIONS_PER_LEAF))


class ModelPlayer(SearchPlayer):
    """Tree search with a network, such as an `Inference`; the other arguments are those of `SearchPlayer`."""

    def __init__(
        self,
        game: Game,
        oracle: Oracle,
        config: SearchConfig,
        *,
        simulations: int | None = None,
        seconds: float = 0.0,
        temperature: float = 0.0,
        seed: int = 0,
        name: str = "model",
    ):
        super().__init__(
            game,
            NetworkEvaluator(oracle),
            config,
            simulations=simulations,
            seconds=seconds,
            temperature=temperature,
            batch=oracle.batch_size,
            seed=seed,
            name=name,
        )
