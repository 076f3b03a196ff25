"""Settings as earlier versions wrote them, so that old settings files and old runs go on.

Knows names only: `alphazero.config.schema` checks what comes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alphazero.config.errors import ConfigError
from alphazero.config.text import assign

RENAMED: Mapping[str, str] = {  # dotted paths: the old name -> the new one
    "search.forced_playouts": "search.forced_visits",
}
# Settings that are gone -> the values with which they changed nothing; None: with every value.
GONE: Mapping[str, tuple[Any, ...] | None] = {"training.first_blocks": (0,), "training.grow_at": None}


def upgraded(data: dict[str, Any], source: str = "") -> dict[str, Any]:
    """Return nested settings with today's names, `data` itself when it has no others.

    Raises ConfigError for a setting that is gone and would have changed something, and where an old name and
    the new one are both given.
    """
    place = f"{source}: " if source else ""
    for name, harmless in GONE.items():
        found, value = _taken(data, name)
        if found and harmless is not None and value not in harmless:
            raise ConfigError(
                f"{place}{name}={value!r}: this setting is gone: leave it out, or use an earlier version"
            )
    for old, new in RENAMED.items():
        found, value = _taken(data, old)
        if not found:
            continue
        if _taken(data, new)[0]:
            raise ConfigError(f"{place}{old} is now called {new}, and both are given: leave out {old}")
        assign(data, new, value)
    return data


def _taken(data: dict[str, Any], name: str) -> tuple[bool, Any]:
    """Take the dotted path `name` out of nested settings; return whether it was there, and its value."""
    *sections, last = name.split(".")
    for section in sections:
        data = data.get(section)  # type: ignore[assignment]
        if not isinstance(data, dict):
            return False, None
    return (True, data.pop(last)) if last in data else (False, None)
