"""Exact methods: the truth that players, learning and tests are measured against."""

from alphazero.exact.solver import (
    ILLEGAL,
    AlphaBetaSolver,
    ConnectFourSolver,
    Solution,
    Solver,
    Unfinished,
    make_solver,
)

__all__ = [
    "ILLEGAL",
    "AlphaBetaSolver",
    "ConnectFourSolver",
    "Solution",
    "Solver",
    "Unfinished",
    "make_solver",
]
