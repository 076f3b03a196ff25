"""Settings as text: TOML files and "path=value" overrides, read into nested dictionaries.

Knows no particular setting: `alphazero.config` checks what is read here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from alphazero.config.errors import ConfigError
from alphazero.config.shipped import shipped_names
from alphazero.files import read_regular
from games.options import nearest

Overrides = Iterable[str] | Mapping[str, Any]


def parse_overrides(overrides: Overrides) -> dict[str, Any]:
    """Return dotted paths and values. A value is read as TOML, and as plain text where it is not TOML."""
    if isinstance(overrides, Mapping):
        return dict(overrides)
    return dict(_parse_override(text) for text in overrides)


def _parse_override(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not all(name.split(".")):
        raise ConfigError(f"override {text!r}: expected path=value, such as search.simulations=64")
    if value in ("True", "False"):
        value = value.lower()
    try:
        parsed = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        return name, value
    return name, parsed["value"] if parsed.keys() == {"value"} else value


def assign(data: dict[str, Any], name: str, value: Any) -> None:
    """Set the dotted path `name` of nested dictionaries, in place."""
    *sections, last = name.split(".")
    for depth, section in enumerate(sections, start=1):
        data = data.setdefault(section, {})
        if not isinstance(data, dict):
            raise ConfigError(f"override {name!r}: {'.'.join(sections[:depth])} is a value, not a section")
    data[last] = value


def read_toml(path: Path) -> dict[str, Any]:
    """Return a TOML file as nested dictionaries; raises ConfigError, and OSError when it cannot be read."""
    try:
        text = read_regular(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such settings file{_similar_file(path)}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not a text file in UTF-8 (byte {error.start})") from None
    except ValueError as error:
        raise ConfigError(str(error)) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None


def _similar_file(path: Path) -> str:
    for folder in (path.parent, Path("configs")):
        known = {file.stem: str(file) for file in sorted(folder.glob("*.toml"))}
        if near := nearest(path.stem, known):
            return f", did you mean {known[near]!r}?"
    shipped = nearest(path.stem, shipped_names())
    return f", did you mean {shipped!r}, which comes with alphazero?" if shipped else ""
