"""Go: board (chains, captures, scoring), game (rules, superko, planes), notation."""

from games.go.game import Go, go

__all__ = ["Go", "go"]
