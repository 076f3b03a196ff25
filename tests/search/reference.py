"""Tree search once more, slowly and plainly: objects, recursion, one position at a time.

It shares nothing with `alphazero.search` but the formulas. Values are kept for the FIRST player throughout and
turned to whoever is to move only where they are compared, so a sign that is wrong there shows as a difference here.
"""

import math
from typing import Any

import numpy as np


class Edge:
    """A move in a node."""

    def __init__(self, action: int, prior: float):
        self.action, self.prior = action, prior
        self.visits = self.in_flight = 0
        self.total = 0.0  # for the first player
        self.child: Node | None = None
        self.gumbel = 0.0


class Node:
    """A position. sign: 1 when the first player is to move, -1 when the second is."""

    def __init__(self, game: Any, state: Any):
        self.state, self.over = state.copy(), bool(game.is_over(state))
        self.sign = 1 - 2 * int(game.to_move(state))
        self.visits, self.total, self.value = 0, 0.0, 0.0  # total and value for the first player
        self.edges: list[Edge] = []
        self.proven: float | None = None  # the result under perfect play, for the first player
        if self.over:
            self.value = float(game.outcome(state))


class ReferenceSearch:
    """Searches one position; config is a `SearchConfig`, evaluator as in the real search, leaves K a batch."""

    def __init__(self, game: Any, state: Any, evaluator: Any, config: Any, leaves: int = 1):
        self.game, self.evaluator, self.config, self.leaves = game, evaluator, config, leaves
        self.root = Node(game, state)
        self.noise: dict[int, float] = {}  # by action: Gumbel noise, or what is added to the root's prior

    def run(self, simulations: int) -> None:
        """Run simulations, K leaves at a time; the evaluation of a fresh root is none."""
        if not self.root.edges:
            self._finish([self.root], *self._evaluate([self.root]))
        self.schedule = considered_visits(
            min(self.config.gumbel_considered, len(self.root.edges)), simulations
        )
        done = 0
        while done < simulations and self.root.proven is None:
            waiting: list[list[Edge]] = []
            while (
                len(waiting) < self.leaves and done + len(waiting) < simulations and self.root.proven is None
            ):
                path, leaf = self._walk(done + len(waiting))
                if leaf.over or leaf.proven is not None:
                    self._add(path, leaf.value)
                    done += 1
                    if leaf.over and self.config.prove:
                        self._prove(path)
                elif any(leaf is other[-1].child for other in waiting):
                    self._fly(path, -1)
                    break
                else:
                    waiting.append(path)
            if waiting:
                nodes = [path[-1].child for path in waiting]
                self._finish(nodes, *self._evaluate(nodes), waiting)
                done += len(waiting)

    def play(self, action: int) -> None:
        """Go on from the position after an action, with the tree below it."""
        kept = [edge.child for edge in self.root.edges if edge.action == action and edge.child]
        if kept:
            self.root = kept[0]
        else:
            state = self.root.state.copy()
            self.game.play(state, action)
            self.root = Node(self.game, state)

    def _evaluate(self, nodes: list[Node]) -> tuple[np.ndarray, np.ndarray]:
        states = np.array([node.state for node in nodes], self.game.state_dtype)
        planes = np.zeros((len(nodes), self.game.planes, *self.game.board_shape), np.float32)
        for state, plane in zip(states, planes, strict=True):
            self.game.encode(state, plane)
        return self.evaluator.evaluate(states, planes)

    def _finish(self, nodes, logits, values, paths=None) -> None:
        for index, node in enumerate(nodes):
            node.value = node.sign * float(values[index])
            legal = self.game.legal(node.state)
            largest = max(float(logits[index, action]) for action in legal)
            weights = [math.exp(float(logits[index, action]) - largest) for action in legal]
            total = sum(weights)
            for action, weight in zip(legal, weights, strict=True):
                node.edges.append(Edge(int(action), float(np.float32(np.float32(weight) / total))))
                if node is self.root and self.config.gumbel:
                    node.edges[-1].gumbel = self.noise.get(int(action), 0.0)
                elif node is self.root:
                    node.edges[-1].prior = float(
                        np.float32(node.edges[-1].prior + self.noise.get(int(action), 0.0))
                    )
            if paths is None:
                node.visits, node.total = 1, node.value
            else:
                self._add(paths[index], node.value)

    def _walk(self, simulation: int) -> tuple[list[Edge], Node]:
        node, path = self.root, []
        while node.edges and (node is self.root or node.proven is None):
            if not self.config.gumbel:
                edge = self._forced(node) or self._best(node)
            elif node is self.root:
                edge = self._best_considered(self.schedule[simulation])
            else:
                edge = self._best_interior(node)
            path.append(edge)
            if edge.child is None:
                state = node.state.copy()
                self.game.play(state, edge.action)
                edge.child = Node(self.game, state)
            node = edge.child
        self._fly(path, 1)
        return path, node

    @staticmethod
    def _fly(path: list[Edge], change: int) -> None:
        for edge in path:
            edge.in_flight += change

    def _add(self, path: list[Edge], value: float) -> None:
        self._fly(path, -1)
        for edge in reversed([None, *path]):
            node = edge.child if edge else self.root
            value = value if node.proven is None else node.proven
            node.visits += 1
            node.total += value
            if edge:
                edge.visits += 1
                edge.total += value

    def _prove(self, path: list[Edge]) -> None:
        """Mark the end of a path as proven, and every node above it whose result follows."""
        nodes = [self.root, *(edge.child for edge in path)]
        for index, node in reversed(list(enumerate(nodes))):
            if node.over:
                result = node.value
            else:
                results = [edge.child.proven if edge.child else None for edge in node.edges]
                if node.sign in results:
                    result = node.sign
                elif None in results:
                    return
                else:
                    result = node.sign * max(node.sign * known for known in results)
            node.proven, node.total = result, result * node.visits
            if index:
                path[index - 1].total = result * path[index - 1].visits

    def _q(self, node: Node, edge: Edge) -> float:
        """Q for the player to move in the node: every leaf in flight is as many visits and losses as configured."""
        lost = self.config.virtual_loss * edge.in_flight
        return (node.sign * edge.total - lost) / (edge.visits + lost)

    def _best(self, node: Node) -> Edge:
        config = self.config
        tried = [edge for edge in node.edges if edge.visits + edge.in_flight > 0]
        flying = sum(edge.in_flight for edge in node.edges)
        first_play = config.fpu_value
        if config.fpu == "parent":
            first_play = node.sign * node.total / node.visits - config.fpu_reduction * math.sqrt(
                sum(edge.prior for edge in tried)
            )

        def score(edge: Edge) -> tuple[float, float]:
            count = edge.visits + edge.in_flight
            q = self._q(node, edge) if count else first_play
            factor = 1.0 if node.sign == self.root.sign else config.opponent_exploration
            return self._score(node.visits + flying, q, edge.prior, count, factor)

        return max(
            [edge for edge in node.edges if not (edge.child and edge.child.proven == -node.sign)]
            or node.edges,
            key=score,
        )

    def _score(
        self, n: int, q: float, prior: float, count: float, factor: float = 1.0
    ) -> tuple[float, float]:
        """Return what the selection rule makes of an edge with `count` visits; of equal ones the second tells.

        factor: of the term that explores.
        """
        config = self.config
        if config.rule == "uct":
            if count == 0:
                return math.inf, prior
            return q + factor * config.c_uct * math.sqrt(math.log(n)) / math.sqrt(count), 0.0
        if config.rule == "alphago":
            weight = config.rho
        elif config.rule == "puct":
            weight = config.c_puct * math.sqrt(n)
        else:
            weight = (math.log((1 + n + config.c_base) / config.c_base) + config.c_init) * math.sqrt(n)
        return q + factor * weight * prior / (1 + count), 0.0

    def _must_have(self, edge: Edge) -> float:
        """n_forced of a root edge (Wu 2019)."""
        total = sum(other.visits + other.in_flight for other in self.root.edges)
        return math.sqrt(self.config.forced_visits * edge.prior * total)

    def _forced(self, node: Node) -> Edge | None:
        """Return the first root edge with a visit, but fewer than it must have, where the search has noise."""
        if node is not self.root or not self.noise or not self.config.forced_visits:
            return None
        lacking = [
            edge
            for edge in node.edges
            if 0 < edge.visits + edge.in_flight < self._must_have(edge)
            and not (edge.child and edge.child.proven is not None)
        ]
        return lacking[0] if lacking else None

    def pruned_visits(self) -> list[int]:
        """Return the root's visits without those that were forced and did not turn out well."""
        edges = self.root.edges
        best = max(edges, key=lambda edge: edge.visits)

        def score(edge: Edge, visits: int) -> float:
            return self._score(self.root.visits, self._q(self.root, edge), edge.prior, visits)[0]

        kept = []
        for edge in edges:
            visits = edge.visits
            if edge is not best:
                fewest = max(0.0, edge.visits - self._must_have(edge))
                while (
                    visits > 0 and visits - 1 >= fewest and score(edge, visits - 1) < score(best, best.visits)
                ):
                    visits -= 1
                visits = visits if visits > 1 else 0
            kept.append(visits)
        return kept

    def _improved_logits(self, node: Node) -> list[float]:
        """log P + sigma(completed Q), Q in [0, 1] (Danihelka et al. 2022, equations 8, 10 and 33)."""
        tried = [edge for edge in node.edges if edge.visits]
        visits, prior = sum(edge.visits for edge in tried), sum(edge.prior for edge in tried)
        mixed = node.sign * node.value
        if tried:
            mean = sum(edge.prior * (node.sign * edge.total) / edge.visits for edge in tried) / prior
            mixed = (mixed + visits * mean) / (1 + visits)
        scale = (
            self.config.gumbel_c_visit + max(edge.visits for edge in node.edges)
        ) * self.config.gumbel_c_scale
        q = [self._q(node, edge) if edge.visits + edge.in_flight else mixed for edge in node.edges]
        return [
            math.log(edge.prior) + scale * (value + 1) / 2 for edge, value in zip(node.edges, q, strict=True)
        ]

    def policy(self, node: Node) -> list[float]:
        """Return the improved policy of a node."""
        logits = self._improved_logits(node)
        weights = [math.exp(logit - max(logits)) for logit in logits]
        return [weight / sum(weights) for weight in weights]

    def _best_interior(self, node: Node) -> Edge:
        total = 1 + sum(edge.visits + edge.in_flight for edge in node.edges)
        scores = [
            p - (edge.visits + edge.in_flight) / total
            for p, edge in zip(self.policy(node), node.edges, strict=True)
        ]
        return node.edges[scores.index(max(scores))]

    def _best_considered(self, wanted: int) -> Edge:
        logits = self._improved_logits(self.root)
        edges = [(edge.gumbel + logit, edge) for logit, edge in zip(logits, self.root.edges, strict=True)]
        right = [pair for pair in edges if pair[1].visits + pair[1].in_flight == wanted]
        return max(right or edges, key=lambda pair: pair[0])[1]


def considered_visits(considered: int, simulations: int) -> list[int]:
    """Return how many visits the action of each simulation has (mctx, `get_sequence_of_considered_visits`)."""
    if considered <= 1:
        return list(range(simulations))
    rounds = math.ceil(math.log2(considered))
    sequence: list[int] = []
    visits = [0] * considered
    left = considered
    while len(sequence) < simulations:
        for _ in range(max(1, simulations // (rounds * left))):
            sequence += visits[:left]
            for index in range(left):
                visits[index] += 1
        left = max(2, left // 2)
    return sequence[:simulations]
