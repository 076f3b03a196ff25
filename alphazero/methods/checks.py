"""Which checks the doctor makes of the runs of a method, the gravest first."""

import importlib

from alphazero.run.doctor import COMMON, Check

MODULES = {  # method -> module whose CHECKS are its own
    "expert_iteration": "alphazero.methods.selfplay_checks",
    "imitation": "alphazero.methods.imitation_checks",
}


def checks_of(method: str) -> tuple[Check, ...]:
    """Return a method's checks, those that serve every method where it has none of its own."""
    return importlib.import_module(MODULES[method]).CHECKS if method in MODULES else COMMON
