"""Players that search a tree before each move: with random rollouts (`mcts`) or with a network (`model`)."""

from dataclasses import replace
from typing import Any

import numpy as np

import games
from alphazero.arena.model_options import MODEL_OPTIONS
from alphazero.arena.players import Kind, Player, as_positions
from alphazero.arena.spec import Option
from alphazero.champions import require_champion
from alphazero.config import SearchConfig
from alphazero.search import Evaluator, NetworkEvaluator, Oracle, RolloutEvaluator, Search
from alphazero.search.search import leaves_per_tree

SIMULATIONS_PER_LEAF = 32
MAX_TREES = 256  # positions searched at once; more are searched one group after another
_NODE_BYTES, _EDGE_BYTES = 128, 32  # what a node (its position aside) and an edge take at most


class SearchPlayer(Player):
    """Searches every position from scratch with one budget and plays the most visited action.

    evaluator: judges leaves; config: a `SearchConfig`, `simulations` of it the budget by default (root
    noise is never on); temperature: actions are drawn by visits ** (1 / temperature), 0: the most visited;
    seconds: a limit for the positions of one call together, 0: none; batch: rows that the evaluator likes to
    get at once. Evaluations stay cached until `new_games`, which is
    due when weights change.
    """

    def __init__(
        self,
        game,
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
        budget = {"simulations": simulations or config.simulations, "reuse_subtree": False}
        self.evaluator, self.config = evaluator, config.model_copy(update=budget)
        self.temperature, self.batch, self.seconds = temperature, batch, seconds
        self._search: Search | None = None

    def choose(self, states: np.ndarray) -> np.ndarray:
        """Return one action for each of states[n], int64[n]."""
        states = as_positions(self.game, states)
        groups = [states[start : start + self.max_trees] for start in range(0, len(states), self.max_trees)]
        return np.concatenate([np.empty(0, np.int64), *(self._choose_group(group) for group in groups)])

    def new_games(self, seed: int = 0) -> None:
        """Forget all earlier games and their evaluations, and start the generator anew."""
        super().new_games(seed)
        if self._search is not None:
            self._search.clear_cache()

    @property
    def max_trees(self) -> int:
        """Number of positions searched at once: as many as the memory bound holds with all their edges."""
        node = self.game.state_dtype.itemsize + _NODE_BYTES + self.game.num_actions * _EDGE_BYTES
        tree = (self.config.simulations + 2) * node
        return int(np.clip(self.config.memory_mb * 2**20 // tree, 1, MAX_TREES))

    def _choose_group(self, states: np.ndarray) -> np.ndarray:
        search = self._search_for(len(states))
        trees = search.all_trees[: len(states)]
        search.seed_trees(int(self.rng.integers(2**63)), trees)
        search.set_roots(states, trees)
        search.start(self.config.simulations, trees)
        search.run(self.seconds or None)
        return search.result(self.temperature).action[: len(states)]

    def _search_for(self, num_trees: int) -> Search:
        """Return the search of the last call, evaluations and all, when it has trees enough."""
        if self._search is None or len(self._search.all_trees) < num_trees:
            leaves = self._leaves(num_trees)
            self._search = Search(self.game, num_trees, self.config, self.evaluator, leaves=leaves)
        return self._search

    def _leaves(self, num_trees: int) -> int:
        """Return the leaves collected per tree and batch: too many of few simulations would play worse."""
        if self.evaluator.rollouts is not None:
            return 1
        wanted = leaves_per_tree(self.config, num_trees, self.batch)
        return max(1, min(wanted, self.config.simulations // SIMULATIONS_PER_LEAF))


class ModelPlayer(SearchPlayer):
    """Tree search with a network, such as an `Inference`; the other arguments are those of `SearchPlayer`."""

    def __init__(
        self,
        game,
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


def _build_mcts(
    game,
    seed: int,
    device: str,
    name: str,
    simulations: int,
    seconds: float,
    c: float,
    rollouts: int,
    prove: bool,
) -> SearchPlayer:
    config = SearchConfig(rule="uct", simulations=simulations, c_uct=c, prove=prove)
    return SearchPlayer(game, RolloutEvaluator(game, rollouts), config, seconds=seconds, seed=seed, name=name)


def _build_model(
    game,
    seed: int,
    device: str,
    name: str,
    path: str,
    precision: str,
    symmetries: bool,
    seconds: float,
    temperature: float,
    **search: Any,
) -> ModelPlayer:
    from alphazero.network.loading import load_inference  # loads torch

    config = SearchConfig.model_validate(search)
    inference = load_inference(path, game, device, precision, symmetries)
    return ModelPlayer(
        game, inference, config, seconds=seconds, temperature=temperature, seed=seed, name=name
    )


def _build_champion(game, seed: int, device: str, name: str, **options) -> ModelPlayer:
    path = str(require_champion(games.spec(game)))
    return _build_model(game, seed, device, name, path=path, **options)


_DEFAULTS = SearchConfig()
SECONDS = Option(
    float,
    0.0,
    "seconds for the moves of all games asked for at once, if simulations last longer; 0: no limit",
    minimum=0.0,
    maximum=86_400.0,
)
_SEARCH_OPTIONS = {
    "simulations": Option(int, 200, "simulations a move", minimum=1, maximum=10_000_000),
    "seconds": SECONDS,
    "temperature": Option(float, 0.0, "0: the most visited move; 1: by visits", minimum=0.0, maximum=100.0),
    "rule": Option(str, _DEFAULTS.rule, "selection rule", choices=("alphazero", "puct", "alphago", "uct")),
    "gumbel": Option(bool, False, "Gumbel root search"),
    "leaves": Option(int, _DEFAULTS.leaves, "most leaves of one tree in a batch", minimum=1, maximum=4096),
    "c_init": Option(float, _DEFAULTS.c_init, "exploration of rule alphazero", minimum=0.0, maximum=1000.0),
    "opponent_exploration": Option(
        float,
        _DEFAULTS.opponent_exploration,
        "exploration where the opponent moves, times "
        "that elsewhere; above 1 looks for moves after which he can go wrong",
        minimum=0.0,
        maximum=1000.0,
    ),
    "fpu_reduction": Option(
        float,
        _DEFAULTS.fpu_reduction,
        "what actions without visits lose against their position",
        minimum=0.0,
        maximum=2.0,
    ),
    "prove": Option(bool, _DEFAULTS.prove, "carry proven results up the tree"),
}
_CHAMPION_OPTIONS = {**{key: MODEL_OPTIONS[key] for key in ("precision", "symmetries")}, **_SEARCH_OPTIONS}
AT_ITS_BEST = {
    "symmetries": True,
    "prove": True,
    "opponent_exploration": 3.0,
}  # what `champion` adds to `model`
KINDS = {
    "mcts": Kind(
        "tree search (UCT) with random rollouts",
        _build_mcts,
        {
            "simulations": Option(int, 1000, "simulations a move", minimum=1, maximum=10_000_000),
            "seconds": SECONDS,
            "c": Option(float, _DEFAULTS.c_uct, "exploration constant", minimum=0.0, maximum=1000.0),
            "rollouts": Option(int, 1, "rollouts a simulation", minimum=1, maximum=100_000),
            "prove": Option(bool, False, "carry proven results up the tree"),
        },
    ),
    "model": Kind("tree search with a network", _build_model, {**MODEL_OPTIONS, **_SEARCH_OPTIONS}),
    "champion": Kind(
        "tree search with the network of the game that comes with the package",
        _build_champion,
        {
            key: replace(option, default=AT_ITS_BEST.get(key, option.default))
            for key, option in _CHAMPION_OPTIONS.items()
        },
    ),
}
