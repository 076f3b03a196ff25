"""From text to checked settings: `method` is read first and picks the schema of the rest."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from alphazero.config.earlier import upgraded
from alphazero.config.errors import ConfigError, explain
from alphazero.config.schema import Experiment
from alphazero.config.shipped import settings_file
from alphazero.config.text import Overrides, assign, parse_overrides, read_toml
from games.options import did_you_mean

DEFAULT_METHOD = "expert_iteration"  # of settings that name none
SCHEMAS = {  # method -> module and class of its settings
    "expert_iteration": ("alphazero.config.schema", "Config"),
    "imitation": ("alphazero.config.imitation", "ImitationConfig"),
}


def schema_of(method: str) -> type[Experiment]:
    """Return the class of a method's settings; ConfigError for an unknown method."""
    if method not in SCHEMAS:
        hint = did_you_mean(method, SCHEMAS, "; ") if isinstance(method, str) else ""
        raise ConfigError(f"method: got {method!r}; allowed: one of {', '.join(map(repr, SCHEMAS))}{hint}")
    module, name = SCHEMAS[method]
    return getattr(importlib.import_module(module), name)


def load_config(path: str | Path, overrides: Overrides = ()) -> Experiment:
    """Read a TOML file of settings, apply overrides such as "search.simulations=64", and check the whole.

    `path` may be the bare name of one that comes with alphazero, such as "connect_four_quick".
    `overrides` is a list of "path=value" texts, or a mapping of dotted paths to values; of equal paths the
    last counts. The result is of the schema that `method` names, `Config` (expert iteration) where none is
    named. Raises ConfigError (a ValueError of one line) when the file is missing or is not TOML, and when a
    setting is unknown, of the wrong type or out of range.
    """
    path = settings_file(path)
    return build_config(read_toml(path), overrides, source=str(path))


def build_config(data: Mapping[str, Any], overrides: Overrides = (), source: str = "") -> Experiment:
    """Check nested settings, as TOML gives them, with overrides on top; `source` names them in errors."""
    changes = parse_overrides(overrides)
    merged = _copied(data)
    for name, value in changes.items():
        assign(merged, name, value)
    merged = upgraded(merged, source)
    try:
        schema = schema_of(merged.get("method", DEFAULT_METHOD))
    except (ConfigError, TypeError) as error:
        place = "override " if "method" in changes else f"{source}: " if source else ""
        raise ConfigError(f"{place}{error}") from None
    try:
        return schema.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(explain(error, schema, source, changes)) from None


def with_overrides(config: Experiment, overrides: Overrides) -> Experiment:
    """Return a copy of `config` with overrides applied and everything checked again; raises ConfigError."""
    return build_config(config.model_dump(), overrides)


def _copied(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if isinstance(value, Mapping) else value for key, value in data.items()}
