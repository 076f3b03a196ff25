"""One clear line for each thing that is wrong with the settings.

Knows pydantic's error records and how to describe a field; knows no particular setting.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Collection, Iterator
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

MAX_LISTED = 3
MAX_VALUE_TEXT = 80


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
        path = ".".join(str(part) for part in problem["loc"])
        prefix = "override " if _is_below(path, overridden) else f"{source}: " if source else ""
        texts.append(prefix + _describe(problem, path, model))
    if len(problems) > MAX_LISTED:
        texts.append(f"and {len(problems) - MAX_LISTED} more")
    return " ".join("; ".join(texts).split())


def setting_names(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every setting's dotted path and field, sections opened."""
    for name, field in model.model_fields.items():
        section = _section(field)
        if section is None:
            yield prefix + name, field
        else:
            yield from setting_names(section, f"{prefix}{name}.")


def allowed_values(field: FieldInfo) -> str:
    """Return what a field takes, in words: "a whole number, at least 1"."""
    return ", ".join([_type_name(field.annotation), *_bounds(field)])


def nearest(name: str, known: Collection[str]) -> str | None:
    """Return the known dotted path that `name` most likely meant, or None; a wrong section is forgiven."""
    if close := difflib.get_close_matches(name, known, n=1, cutoff=0.75):
        return close[0]
    leaf = name.rpartition(".")[2]
    leaves = {path.rpartition(".")[2]: path for path in reversed(list(known))}
    close = difflib.get_close_matches(leaf, leaves, n=1, cutoff=0.75)
    return leaves[close[0]] if close else None


def _describe(problem: Any, path: str, model: type[BaseModel]) -> str:
    kind, given = problem["type"], problem["input"]
    if kind == "extra_forbidden":
        return _unknown(path, model)
    if kind == "value_error":
        return f"{path}: {problem['ctx']['error']}" if path else str(problem["ctx"]["error"])
    fields = dict(setting_names(model))
    field = fields.get(path) or fields.get(path.rpartition(".")[0])
    if field is not None:
        hint = _near_choice(given, field)
        return f"{path}: got {_shown(given)}; allowed: {allowed_values(field)}{hint}"
    if kind in ("model_type", "model_attributes_type"):
        return f"{path}: got {_shown(given)}; it is a section: set [{path}] or {path}.<name>"
    return f"{path}: got {_shown(given)}; {problem['msg']}"


def _unknown(path: str, model: type[BaseModel]) -> str:
    known = [name for name, _ in setting_names(model)]
    sections = [name for name, field in model.model_fields.items() if _section(field) is not None]
    guess = nearest(path, known if "." in path else known + sections)
    if guess is not None:
        return f"{path}: unknown setting; did you mean {guess}?"
    section = path.rpartition(".")[0]
    same = [name.rpartition(".")[2] for name in known if name.rpartition(".")[0] == section]
    place = f"settings of [{section}]" if section else "settings"
    listed = same if section else [*same, *(f"[{name}]" for name in sections)]
    return f"{path}: unknown setting; {place}: {', '.join(listed)}"


def _near_choice(given: Any, field: FieldInfo) -> str:
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    close = difflib.get_close_matches(given, choices, n=1) if isinstance(given, str) and choices else []
    return f"; did you mean {close[0]!r}?" if close else ""


def _type_name(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(repr(choice) for choice in get_args(annotation))
    if get_origin(annotation) in (tuple, list):
        return 'a list of texts, such as ["random"]'
    if get_origin(annotation) in (Union, types.UnionType):
        return " or ".join(_type_name(option) for option in get_args(annotation))
    names: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    return names.get(annotation, str(annotation))


def _bounds(field: FieldInfo) -> Iterator[str]:
    for rule in field.metadata:
        if isinstance(rule, annotated_types.Ge):
            yield f"at least {_number(rule.ge)}"
        elif isinstance(rule, annotated_types.Gt):
            yield f"above {_number(rule.gt)}"
        elif isinstance(rule, annotated_types.Le):
            yield f"at most {_number(rule.le)}"
        elif isinstance(rule, annotated_types.Lt):
            yield f"below {_number(rule.lt)}"
        elif isinstance(rule, annotated_types.MultipleOf):
            yield f"a multiple of {rule.multiple_of}"
        elif isinstance(rule, annotated_types.MinLen):
            yield "not empty"


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _section(field: FieldInfo) -> type[BaseModel] | None:
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _is_below(path: str, names: Collection[str]) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in names)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MAX_VALUE_TEXT else f"{text[: MAX_VALUE_TEXT - 3]}..."
