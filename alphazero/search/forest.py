"""The forest: T search trees as arrays of records, filled and read by the kernels of this package.

Notation: T trees, N nodes and E edges a tree, K leaves collected per tree and batch, A actions. A node is a
position, an edge an action in it. A parent's index is below its children's, and a node's edges are one block, so
that a kept subtree can be moved to the front in place. Values are in [-1, 1].

Records and not one array a field: compiled code passes an array as nine words, so a forest of forty arrays costs
more to hand from function to function (and twenty times more to compile) than the search itself.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from games.protocol import Game

UNEXPANDED = np.int64(-1)  # num_edges of a node that waits for its evaluation
NONE = np.int64(-1)  # no child, no parent, no node in a leaf slot
ROOT = np.int64(0)  # the node on top of every tree
NOISE_SETTLED = np.int8(2)  # added to a tree's `noisy` once its root has the noise that it gets
STATE_PER_NODE_BYTES = 512  # larger positions are not stored per node but replayed from the root

NODE = np.dtype(
    [
        ("value_sum", np.float64),  # sum of the values of the node's visits, for the player to move in it
        ("first_edge", np.int32),  # where the node's block of edges begins
        # UNEXPANDED, or the size of the block (0: over, or no room left to expand it)
        ("num_edges", np.int32),
        ("visits", np.int32),  # N(s), the visit that evaluated the node included
        ("value", np.float32),  # the evaluator's value (or the game's result) for the player to move
        ("parent", np.int32),
        ("parent_edge", np.int32),
        ("remap", np.int32),  # scratch: the node's new index while a subtree is moved
        ("player", np.int8),  # who is to move: 0 or 1
        # 0, or the result under perfect play for the player to move: 1 loss, 2 draw, 3 win
        ("proven", np.int8),
    ],
    align=True,
)

EDGE = np.dtype(
    [
        ("value_sum", np.float64),  # W(s, a), for the player who chooses the edge
        ("action", np.int32),
        ("visits", np.int32),  # N(s, a)
        ("prior", np.float32),  # P(s, a)
        ("child", np.int32),  # NONE until the first visit
        ("in_flight", np.int32),  # leaves below this edge that wait for their evaluation
        ("noise", np.float32),  # at the root: its Gumbel noise, or what Dirichlet noise added to the prior
    ],
    align=True,
)

TREE = np.dtype(
    [
        ("seed", np.uint64),  # the tree's own random generator
        ("num_nodes", np.int32),
        ("used_edges", np.int32),
        ("budget", np.int32),  # simulations of the present search
        ("done", np.int32),  # simulations finished
        # 1: the root waits for its exploration noise, 0: it gets none, + NOISE_SETTLED: that is done
        ("noisy", np.int8),
        ("not_finite", np.int8),  # 1 once an evaluator's answer to one of its leaves was NaN or infinite
    ],
    align=True,
)

LEAF = np.dtype(
    [
        ("hash", np.uint64),  # input_hash of the waiting position
        ("node", np.int32),  # the node that waits, or NONE
    ],
    align=True,
)


class Forest(NamedTuple):
    """T trees; node ROOT of each is its root."""

    nodes: np.ndarray  # NODE [T, N]
    edges: np.ndarray  # EDGE [T, E]
    trees: np.ndarray  # TREE [T]
    leaves: np.ndarray  # LEAF [T, K]
    states: np.ndarray  # state_dtype [T, N], or [T, 1] (the root's only) when positions are replayed
    leaf_states: np.ndarray  # state_dtype [T, K + 1], the waiting positions, and one for scratch
    legal: np.ndarray  # int32 [T, A], scratch
    # int32 [T, S] for Gumbel search: visits that the root edge to be chosen has, by simulation
    schedule: np.ndarray


def _fields(
    game: Game, trees: int, nodes: int, edges: int, leaves: int, simulations: int, replay: bool
) -> dict[str, tuple[tuple[int, ...], DTypeLike]]:
    """Return shape and dtype of every array."""
    state = game.state_dtype
    return {
        "nodes": ((trees, nodes), NODE),
        "edges": ((trees, edges), EDGE),
        "trees": ((trees,), TREE),
        "leaves": ((trees, leaves), LEAF),
        "states": ((trees, 1 if replay else nodes), state),
        "leaf_states": ((trees, leaves + 1), state),
        "legal": ((trees, game.num_actions), np.int32),
        "schedule": ((trees, simulations), np.int32),
    }


def forest_bytes(fields: dict[str, tuple[tuple[int, ...], DTypeLike]]) -> int:
    """Return the memory that arrays of these shapes take, in bytes."""
    return sum(int(np.prod(shape)) * np.dtype(kind).itemsize for shape, kind in fields.values())


def plan_forest(
    game: Game,
    trees: int,
    simulations: int,
    *,
    leaves: int = 1,
    keep_subtrees: bool = True,
    memory_bytes: int = 1 << 30,
    replay: bool | None = None,
    grow_while_room: bool = False,
) -> dict[str, tuple[tuple[int, ...], DTypeLike]]:
    """Return shape and dtype of every array of a forest for searches of up to `simulations` each, in `memory_bytes`.

    A tree has room for one search, or for a kept subtree and two more. When not every node can have its full block
    of edges within the bound, blocks are shared out first come, first served, and a node that finds no room stays
    a leaf with its evaluated value. ValueError when not even the nodes fit; with `grow_while_room` there are then only
    as many nodes as edges can lead to, and a search of any length stays within them.
    """
    if replay is None:
        replay = game.state_dtype.itemsize > STATE_PER_NODE_BYTES
    wanted = nodes = (3 if keep_subtrees else 1) * simulations + 2
    if grow_while_room:
        nodes = min(wanted, _most_nodes(game, trees, leaves, replay, memory_bytes))
        simulations = simulations if nodes == wanted else 1
    fixed = forest_bytes(_fields(game, trees, nodes, 0, leaves, simulations, replay))
    per_edge = max(trees, 1) * EDGE.itemsize
    edges = min(nodes * game.num_actions, (memory_bytes - fixed) // per_edge)
    if nodes < wanted:
        edges = min(edges, nodes - 1)
    if edges < 2 * game.num_actions:
        needed = fixed + per_edge * 2 * game.num_actions
        raise ValueError(
            f"search.memory_mb={_megabytes(memory_bytes)} is too small: {trees} trees of {simulations} simulations of "
            f"{game.name} need at least {_megabytes(needed)} MB; search fewer trees or simulations, or raise it"
        )
    return _fields(game, trees, nodes, edges, leaves, simulations, replay)


def _megabytes(num_bytes: float) -> str:
    size = num_bytes / 2**20
    return f"{size:.0f}" if size >= 100 else f"{size:.3g}"


def make_forest(game: Game, trees: int, simulations: int, **options: Any) -> Forest:
    """Allocate a forest as `plan_forest`, whose options are these, lays it out; ValueError as there."""
    fields = plan_forest(game, trees, simulations, **options)
    return Forest(**{name: np.zeros(shape, kind) for name, (shape, kind) in fields.items()})


def _most_nodes(game: Game, trees: int, leaves: int, replay: bool, memory_bytes: int) -> int:
    """Return how many nodes a tree has room for when each but the root hangs from an edge of its own."""
    none, one = (forest_bytes(_fields(game, 1, nodes, 0, leaves, 1, replay)) for nodes in (2, 3))
    node = one - none
    room = memory_bytes // max(trees, 1) - (none - 2 * node)
    return int(np.clip((room + EDGE.itemsize) // (node + EDGE.itemsize), 2, 2**31 - 2))


def size_bytes(forest: Forest) -> int:
    """Return the memory of all arrays of a forest, in bytes."""
    return sum(array.nbytes for array in forest)
