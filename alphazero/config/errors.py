"""One clear line for each thing that is wrong with the settings.

Knows pydantic's error records; knows no particular setting.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pydantic import BaseModel, ValidationError

from alphazero.config.fields import allowed_values, choices_of, section_of, setting_names
from games.options import did_you_mean, shown

MAX_LISTED = 3
MAX_PATH = 80  # characters of a name that stands in a message as it is


class ConfigError(ValueError):
    """Settings that cannot be used; its text is one line."""


def explain(
    error: ValidationError, model: type[BaseModel], source: str = "", overridden: Collection[str] = ()
) -> str:
    """Return one line: for each problem its place, what was given and what is allowed.

    `source` (a file name) stands before a setting unless its dotted path is among `overridden`.
    """
    problems = error.errors(include_url=False)
    texts = []
    for problem in problems[:MAX_LISTED]:
        path = _legible(".".join(str(part) for part in problem["loc"]))
        prefix = "override " if _is_below(path, overridden) else f"{source}: " if source else ""
        texts.append(prefix + _describe(problem, path, model))
    if len(problems) > MAX_LISTED:
        texts.append(f"and {len(problems) - MAX_LISTED} more")
    return " ".join("; ".join(texts).split())


def _describe(problem: Any, path: str, model: type[BaseModel]) -> str:
    kind, given = problem["type"], problem["input"]
    if kind == "extra_forbidden":
        return _unknown(path, model)
    if kind == "value_error":
        return f"{path}: {problem['ctx']['error']}" if path else str(problem["ctx"]["error"])
    fields = dict(setting_names(model))
    field = fields.get(path) or fields.get(path.rpartition(".")[0])
    if field is not None:
        hint = did_you_mean(given, choices_of(field), "; ") if isinstance(given, str) else ""
        return f"{path}: got {shown(given)}; allowed: {allowed_values(field)}{hint}"
    if kind in ("model_type", "model_attributes_type"):
        return f"{path}: got {shown(given)}; it is a section: set [{path}] or {path}.<name>"
    return f"{path}: got {shown(given)}; {problem['msg']}"


def _unknown(path: str, model: type[BaseModel]) -> str:
    known = [name for name, _ in setting_names(model)]
    sections = [name for name, field in model.model_fields.items() if section_of(field) is not None]
    if hint := did_you_mean(path, known if "." in path else known + sections):
        return f"{path}: unknown setting{hint}"
    section = path.rpartition(".")[0]
    same = [name.rpartition(".")[2] for name in known if name.rpartition(".")[0] == section]
    place = f"settings of [{section}]" if section else "settings"
    listed = same if section else [*same, *(f"[{name}]" for name in sections)]
    return f"{path}: unknown setting; {place}: {', '.join(listed)}"


def _legible(path: str) -> str:
    return path if path.isprintable() and len(path) <= MAX_PATH else shown(path)


def _is_below(path: str, names: Collection[str]) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in names)
