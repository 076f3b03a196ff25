"""Selection rules: which edge a simulation follows from a node that has been expanded.

Each returns a score for an edge; the largest is followed. Q(s,a) is for the player to move in s. N(s) counts the
visit that expanded s, so that priors matter from the first choice on.
"""

import enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alphazero.search.forest import ROOT
from alphazero.search.proofs import edge_result
from games.kernel import borrower, njit

if TYPE_CHECKING:  # settings are no part of compiled code
    from alphazero.config import SearchConfig


class Formula(enum.IntEnum):
    """How an edge is scored, by the names of `search.rule`."""

    alphazero = 0
    puct = 1
    alphago = 2
    uct = 3


class Unvisited(enum.IntEnum):
    """What an edge without visits counts as, by the names of `search.fpu`."""

    parent = 0
    constant = 1


class SelectionRule(NamedTuple):
    """A selection rule and its constants, as compiled code takes them.

    formula is a `Formula`, unvisited an `Unvisited`. gumbel is the number of root actions that Gumbel search considers.
    Where it is None, Gumbel search is not even compiled: kernels that tell the two apart take it as an argument of its
    own, because only then does the compiler drop the branch.
    """

    formula: int
    c_init: float
    c_base: float
    c_puct: float
    rho: float
    c_uct: float
    opponent_exploration: float
    unvisited: int
    fpu_value: float
    fpu_reduction: float
    virtual_loss: float
    prove: int
    noise_fraction: float
    dirichlet_alpha: float
    forced: float
    gumbel_c_visit: float
    gumbel_c_scale: float
    gumbel: int | None


def make_rule(config: "SearchConfig", *, noise: bool) -> SelectionRule:
    """Return the rule that a `SearchConfig` describes; `noise` switches root exploration on (self-play) or off."""
    return SelectionRule(
        formula=int(Formula[config.rule]),
        c_init=float(config.c_init),
        c_base=float(config.c_base),
        c_puct=float(config.c_puct),
        rho=float(config.rho),
        c_uct=float(config.c_uct),
        opponent_exploration=float(config.opponent_exploration),
        unvisited=int(Unvisited[config.fpu]),
        fpu_value=float(config.fpu_value),
        fpu_reduction=float(config.fpu_reduction),
        virtual_loss=float(config.virtual_loss),
        prove=int(config.prove),
        noise_fraction=float(config.root_noise_fraction) if noise else 0.0,
        dirichlet_alpha=float(config.dirichlet_alpha),
        forced=float(config.forced_visits) if noise else 0.0,
        gumbel_c_visit=float(config.gumbel_c_visit),
        gumbel_c_scale=float(config.gumbel_c_scale),
        gumbel=int(config.gumbel_considered) if config.gumbel else None,
    )


@njit
def exploration_weight(rule, parent_visits):
    """Return the factor that all edges of a node share in their exploration term.

    alphazero: (log((1 + N(s) + c_base) / c_base) + c_init) * sqrt(N(s)) (Silver et al. 2018, appendix);
    puct: c_puct * sqrt(N(s)) (Silver et al. 2017); alphago: rho, without the square root (as lectures print it);
    uct: c_uct * sqrt(ln N(s)) (Kocsis and Szepesvari 2006).
    """
    n = np.float64(parent_visits)
    if rule.formula == Formula.alphazero:
        return (np.log((1.0 + n + rule.c_base) / rule.c_base) + rule.c_init) * np.sqrt(n)
    if rule.formula == Formula.puct:
        return rule.c_puct * np.sqrt(n)
    if rule.formula == Formula.alphago:
        return rule.rho
    return rule.c_uct * np.sqrt(np.log(n))


@njit
def edge_score(rule, weight, q, prior, visits):
    """Return Q + weight * P / (1 + N), for uct Q + weight / sqrt(N) and infinity (ordered by prior) at N = 0."""
    if rule.formula != Formula.uct:
        return q + weight * prior / (1.0 + visits)
    if visits == 0:
        return 1e9 + prior
    return q + weight / np.sqrt(np.float64(visits))


@borrower
def first_play_urgency(rule, mean, visited_prior):
    """Return Q of an edge without visits: a constant, or the node's mean less reduction * sqrt(visited prior)."""
    if rule.unvisited == Unvisited.constant:
        return rule.fpu_value
    return mean - rule.fpu_reduction * np.sqrt(visited_prior)


@borrower
def edge_q(forest, tree, edge, virtual_loss):
    """Return Q(s, a) of an edge with visits; a leaf in flight counts as `virtual_loss` visits, all of them lost."""
    lost = virtual_loss * forest.edges[tree, edge].in_flight
    return (forest.edges[tree, edge].value_sum - lost) / max(forest.edges[tree, edge].visits + lost, 1e-30)


@borrower
def best_edge(forest, rule, tree, node):
    """Return the edge with the highest score, the first of equals; none that is proven to lose, unless all are."""
    first, last = _block(forest, tree, node)
    visited_prior, flying = 0.0, 0  # what the rule needs: nothing where one leaf is collected at a time
    if forest.leaves.shape[1] > 1 or (rule.formula != Formula.uct and rule.fpu_reduction != 0.0):
        for edge in range(first, last):
            flying += forest.edges[tree, edge].in_flight
            if forest.edges[tree, edge].visits + forest.edges[tree, edge].in_flight > 0:
                visited_prior += forest.edges[tree, edge].prior
    mean = forest.nodes[tree, node].value_sum / forest.nodes[tree, node].visits
    unvisited = first_play_urgency(rule, mean, visited_prior)
    weight = exploration_weight(rule, forest.nodes[tree, node].visits + flying)
    if forest.nodes[tree, node].player != forest.nodes[tree, ROOT].player:
        weight *= rule.opponent_exploration
    best, best_score = first, -np.inf
    for edge in range(first, last):
        if rule.prove and edge_result(forest, tree, node, edge) == -1:
            continue
        visits = forest.edges[tree, edge].visits + forest.edges[tree, edge].in_flight
        q = unvisited if visits == 0 else edge_q(forest, tree, edge, rule.virtual_loss)
        score = edge_score(rule, weight, q, forest.edges[tree, edge].prior, visits)
        if score > best_score:
            best, best_score = edge, score
    return best


@borrower
def _block(forest, tree, node):
    first = np.int64(forest.nodes[tree, node].first_edge)
    return first, first + forest.nodes[tree, node].num_edges
