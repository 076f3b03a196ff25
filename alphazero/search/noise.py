"""Random numbers inside trees: each tree draws from its own generator, so results do not depend on threads."""

import numpy as np

from alphazero.search.forest import ROOT
from games.bits import mix, next_seed, random_unit
from games.kernel import borrower, helper


@borrower
def draw(forest, tree):
    """Advance the tree's generator and return a random uint64."""
    forest.trees[tree].seed = next_seed(forest.trees[tree].seed)
    return mix(forest.trees[tree].seed)


@borrower
def draw_unit(forest, tree):
    """Return a random float64 in [0, 1)."""
    return random_unit(draw(forest, tree))


@borrower
def draw_gumbel(forest, tree):
    """Return a sample of the standard Gumbel distribution, -log(-log(U))."""
    return -np.log(-np.log(draw_unit(forest, tree) + 1e-300))


@borrower
def _draw_normal(forest, tree):
    radius = np.sqrt(-2.0 * np.log(1.0 - draw_unit(forest, tree)))
    return radius * np.cos(2.0 * np.pi * draw_unit(forest, tree))


@borrower
def draw_gamma(forest, tree, alpha):
    """Return a sample of Gamma(alpha, 1) (Marsaglia and Tsang 2000; boosted where alpha < 1)."""
    shape = alpha if alpha >= 1.0 else alpha + 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / np.sqrt(9.0 * d)
    while True:
        x = _draw_normal(forest, tree)
        v = (1.0 + c * x) ** 3
        if v <= 0.0:
            continue
        if np.log(1.0 - draw_unit(forest, tree)) < 0.5 * x * x + d - d * v + d * np.log(v):
            break
    if alpha >= 1.0:
        return d * v
    return d * v * (1.0 - draw_unit(forest, tree)) ** (1.0 / alpha)


@helper
def add_dirichlet_noise(forest, tree, alpha, fraction):
    """Mix Dirichlet(alpha) noise into the root's priors: P <- (1 - fraction) P + fraction * noise."""
    first = forest.nodes[tree, ROOT].first_edge
    count = forest.nodes[tree, ROOT].num_edges
    noise = np.empty(count, np.float64)
    total = 0.0
    for index in range(count):
        noise[index] = draw_gamma(forest, tree, alpha)
        total += noise[index]
    for index in range(count):
        edge = forest.edges[tree, first + index]
        edge.noise = fraction * (noise[index] / total - edge.prior) if total > 0.0 else 0.0
        edge.prior += edge.noise
