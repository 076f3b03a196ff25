"""Searching many positions at once: T trees in lock-step over one evaluator, from Python.

`Search` owns a forest and its cache. Self-play drives it step by step; players and analysis call `run`.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from alphazero.config import SearchConfig
from alphazero.search import cache as evaluations
from alphazero.search import reroot, root, simulate
from alphazero.search.evaluators import Evaluator
from alphazero.search.forest import ROOT, Forest, make_forest, size_bytes
from alphazero.search.oracle import not_finite
from alphazero.search.pace import Slices, thinking_clock
from alphazero.search.rules import make_rule
from games import Game
from games.bits import mix
from games.options import check_seed

FIRST_SLICE = 256  # rollouts of all trees together before the first look at the clock


class SearchResult(NamedTuple):
    """What a search found out about n positions of a game with A actions.

    Values are the expected result in [-1, 1] for the player to move in the position that was searched. Arrays by
    action are 0 where an action is illegal or was not tried.

    visits:  int32[n, A], simulations that went on with the action, N(s, a)
    q:       float32[n, A], their mean value, Q(s, a), for the player to move in s
    prior:   float32[n, A], the evaluator's policy over the legal actions, sums to 1
    policy:  float32[n, A], the policy to learn, sums to 1: the share of the visits, or Gumbel search's improved one
    value:   float32[n], the search's value of the position: the mean over all its visits
    action:  int64[n], the action to play; -1 where the game is over
    principal_variation: for each position, action -> the line of most visited actions that it begins; if asked for
    """

    visits: np.ndarray
    q: np.ndarray
    prior: np.ndarray
    policy: np.ndarray
    value: np.ndarray
    action: np.ndarray
    principal_variation: list[dict[int, list[int]]]


class Search:
    """T trees over one game, advanced together.

    config: a `SearchConfig`; noise: root exploration (Dirichlet or Gumbel) on; leaves: positions that one tree
    collects for one batch; simulations: the largest budget; replay: whether positions are replayed from the root and
    not stored per node (None: as their size says); grow_while_room: a tree that has filled the memory grows no more and
    its search goes on in what is there, instead of a refusal of more simulations than the memory has room for.
    """

    def __init__(
        self,
        game: Game,
        num_trees: int,
        config: SearchConfig,
        evaluator: Evaluator,
        *,
        seed: int = 0,
        noise: bool = False,
        leaves: int = 1,
        simulations: int | None = None,
        replay: bool | None = None,
        grow_while_room: bool = False,
    ):
        seed = check_seed(seed)
        self.game, self.evaluator, self.config = game, evaluator, config
        self.rule = make_rule(config, noise=noise)
        self.noise = np.int8(noise)
        self.keep = bool(config.reuse_subtree) and not config.gumbel
        self.simulations = int(simulations or config.simulations)
        self.forest = make_forest(
            game,
            num_trees,
            self.simulations,
            leaves=leaves,
            keep_subtrees=self.keep,
            replay=replay,
            memory_bytes=int(config.memory_mb * 2**20),
            grow_while_room=grow_while_room and not config.gumbel,
        )
        self._cannot_overflow = grow_while_room and self.forest.nodes.shape[1] > self.forest.edges.shape[1]
        self._slices = Slices(FIRST_SLICE // max(1, num_trees * max(evaluator.rollouts or 1, 1)))
        self._needs_states = getattr(evaluator, "needs_states", True)
        self.share = evaluator.cacheable and config.cache_mb > 0
        self.cache = evaluations.make_cache(
            game.num_actions, int(config.cache_mb * 2**20) if self.share else 0
        )
        self.planes = np.zeros((num_trees * leaves, game.planes, *game.board_shape), np.float32)
        self.all_trees = np.arange(num_trees, dtype=np.int32)
        self._rows = np.full((num_trees, leaves), -1, np.int32)
        self._slots = np.zeros(num_trees * leaves, np.int32)
        self._table = np.full(1 << (2 * num_trees * leaves).bit_length(), -1, np.int32)
        self.rows_evaluated = 0
        self.forest.leaves["node"] = simulate.NONE  # of trees that never begin nothing is to be evaluated
        self.seed_trees(seed)

    def seed_trees(self, seed: int, trees: np.ndarray | None = None, first: int = 0) -> None:
        """Give each tree its own generator, derived from `seed` (0 <= seed < 2**63) and the tree's number.

        first: the number of tree 0, where other searches have those before it.
        """
        seed = check_seed(seed)
        for tree in self.all_trees if trees is None else trees:
            own = int(mix(np.uint64(first + int(tree) + 1)))
            self.forest.trees["seed"][tree] = mix(np.uint64((seed + own) & (2**64 - 1)))

    @property
    def num_bytes(self) -> int:
        """Return the memory of forest and cache, in bytes."""
        return size_bytes(self.forest) + self.planes.nbytes + sum(array.nbytes for array in self.cache)

    def set_roots(self, states: np.ndarray, trees: np.ndarray | None = None) -> None:
        """Give the trees (all by default) new, empty roots."""
        simulate.set_roots(self.game, self.forest, self._trees(trees), states)

    def start(self, budgets: np.ndarray | int, trees: np.ndarray | None = None, noisy: bool = True) -> None:
        """Begin searches of `budgets` simulations; `noisy` with root exploration, where the search has it.

        ValueError when a budget is larger than the forest was made for.
        """
        chosen = self._trees(trees)
        amounts = np.broadcast_to(np.asarray(budgets, np.int32), chosen.shape).copy()
        if amounts.size and amounts.max() > self.simulations:
            raise ValueError(
                f"a budget of {amounts.max()} simulations: this search was made for at most "
                f"{self.simulations}; give it a larger `simulations`"
            )
        root_noise = np.int8(self.noise * noisy)
        if not self._cannot_overflow:
            simulate.start_searches(self.game, self.forest, self.rule, chosen, amounts, root_noise)
            return
        # A tree is emptied when its budget has no room; here any budget has.
        room = self.forest.nodes.shape[1] - self.forest.trees["num_nodes"][chosen] - 1
        first = np.minimum(amounts, np.maximum(room, 1)).astype(np.int32)
        simulate.start_searches(self.game, self.forest, self.rule, chosen, first, root_noise)
        begun = self.forest.trees["budget"][chosen] > 0
        self.forest.trees["budget"][chosen[begun]] = amounts[begun]

    def gather(self, trees: np.ndarray | None = None) -> np.ndarray:
        """Collect leaves for the next batch; return the trees, of those given, whose searches have finished."""
        chosen = self._trees(trees)
        simulate.gather_leaves(self.game, self.forest, self.rule, self.cache, self.planes, chosen)
        finished = self.forest.trees["done"][chosen] >= self.forest.trees["budget"][chosen]
        if self.forest.leaves.shape[1] > 1:  # a root proven while other leaves of its tree wait
            finished &= (self.forest.leaves["node"][chosen] < 0).all(axis=1)
        return chosen[finished]

    def collect(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return states and planes of the positions to evaluate, equal ones once, or None when there are none.

        Planes are a view until the next call of `gather`; where the evaluator needs no states these are any n.
        """
        self._count = count = evaluations.assign_rows(
            self.forest.leaves, self.share, self._table, self._rows, self._slots
        )
        if count == 0:
            return None
        self.rows_evaluated += count
        slots, leaves = self._slots[:count], self._rows.shape[1]
        if self.evaluator.needs_planes and slots[-1] >= count:
            # by compiled code: copies in Python keep other threads from running
            evaluations.move_together(self.planes.reshape(len(self.planes), -1), slots)
        if self._needs_states:
            return self.forest.leaf_states[slots // leaves, slots % leaves], self.planes[:count]
        return self.forest.leaf_states.reshape(-1)[:count], self.planes[:count]

    def expand(self, logits: np.ndarray, values: np.ndarray) -> None:
        """Expand and back up the collected leaves with logits float32[n, A] and values float32[n].

        NetworkError when a value or a legal action's logit is NaN or infinite; the search cannot go on then.
        """
        if not simulate.expand_leaves(self.game, self.forest, self.rule, self._rows, logits, values):
            raise not_finite(self.evaluator.name)
        if self.share:
            keys = self.forest.leaves["hash"].reshape(-1)[self._slots[: self._count]]
            evaluations.insert_rows(self.cache, keys, logits, values)

    def step(self) -> bool:
        """Run one batch: gather, evaluate, expand; return False when every search has finished."""
        self.gather()
        batch = self.collect()
        if batch is None:
            return False
        self.expand(*self.evaluator.evaluate(*batch))
        return True

    def run(self, seconds: float | None = None, is_stopped: Callable[[], bool] | None = None) -> None:
        """Run the searches to the end of their budgets, until `seconds` have passed, or until `is_stopped` says so.

        Compiling does not count as time; `is_stopped` is asked some thirty times a second. Something is always done,
        so that there is an action to play.
        """
        deadline = np.inf if seconds is None else thinking_clock() + seconds
        advance = self.step if self.evaluator.rollouts is None else self._run_slice
        while advance() and thinking_clock() < deadline and not (is_stopped and is_stopped()):
            pass

    def _run_slice(self) -> bool:
        """Let compiled code go on for a short while; return False when every search has finished."""
        started = thinking_clock()
        simulate.run_compiled(self.game, self.forest, self.rule, self.evaluator.rollouts, self._slices.size)
        unfinished = bool((self.forest.trees["done"] < self.forest.trees["budget"]).any())
        if unfinished:
            self._slices.took(thinking_clock() - started)
        return unfinished

    def result(self, temperature: float = 0.0, variations: bool = False) -> SearchResult:
        """Return what the searches found; actions drawn by visits ** (1 / temperature), 0 the most visited."""
        n, a = len(self.all_trees), self.game.num_actions
        visits, action, value = np.zeros((n, a), np.int32), np.zeros(n, np.int64), np.zeros(n, np.float32)
        q, prior, policy = (np.zeros((n, a), np.float32) for _ in range(3))
        trees = _without_positions(self.forest)
        root.write_results(trees, self.rule, float(temperature), visits, q, prior, policy, action, value)
        lines = [self.variations(tree) for tree in range(n)] if variations else []
        return SearchResult(visits, q, prior, policy, value, action, lines)

    def variations(self, tree: int, length: int = 16) -> dict[int, list[int]]:
        """Return, for each visited action at a tree's root, the line of most visited actions it begins."""
        out, lines, node = np.empty(length, np.int32), {}, self.forest.nodes[tree, ROOT]
        first, count = node["first_edge"], max(node["num_edges"], 0)
        trees = _without_positions(self.forest)
        for edge in range(first, first + count):
            if self.forest.edges[tree, edge]["visits"] > 0:
                line = out[: root.variation(trees, tree, edge, out)].tolist()
                lines[line[0]] = line
        return lines

    def play(self, actions: np.ndarray, trees: np.ndarray | None = None) -> None:
        """Play int64[n] at the roots of the trees, keeping the search below them where the settings say so."""
        reroot.play_at_roots(
            self.game, self.forest, self._trees(trees), np.asarray(actions, np.int64), self.keep
        )

    def clear_cache(self) -> None:
        """Forget all evaluations, as is due when the weights have changed."""
        evaluations.clear(self.cache)

    def _trees(self, trees: np.ndarray | None) -> np.ndarray:
        return self.all_trees if trees is None else np.asarray(trees, np.int32)


def _without_positions(forest: Forest) -> Forest:
    """Return the same trees without their positions: of one type for all games, so that what is compiled serves all."""
    nothing = np.zeros((0, 0), np.uint8)
    return forest._replace(states=nothing, leaf_states=nothing)
