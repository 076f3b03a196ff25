"""Neural-guided tree search over many positions at once; knows evaluators, not networks, and never imports torch."""

from alphazero.search.evaluators import (
    Evaluator,
    MixtureEvaluator,
    NetworkEvaluator,
    RolloutEvaluator,
    UniformEvaluator,
)
from alphazero.search.oracle import NetworkError, Oracle, TwoNetworks
from alphazero.search.positions import search_positions
from alphazero.search.search import Search, SearchResult

__all__ = [
    "Evaluator",
    "MixtureEvaluator",
    "NetworkError",
    "NetworkEvaluator",
    "Oracle",
    "RolloutEvaluator",
    "Search",
    "SearchResult",
    "TwoNetworks",
    "UniformEvaluator",
    "search_positions",
]
