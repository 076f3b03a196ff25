"""What a setting is, in words and as a typed option: read off its pydantic field, so that a bound stands once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from games.options import Option

LIST_OF_TEXTS = 'a list of texts, such as ["random"]'


def setting_names(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every setting's dotted path and field, sections opened."""
    for name, field in model.model_fields.items():
        inner = section_of(field)
        if inner is None:
            yield prefix + name, field
        else:
            yield from setting_names(inner, f"{prefix}{name}.")


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a field that is a section of settings, or None."""
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def option_of(model: type[BaseModel], setting: str, **changes: Any) -> Option:
    """Return a setting as an option: name, type, default, bounds, choices and meaning, some of them changed.

    Raises TypeError for a setting that is no number, truth value, text or word.
    """
    option = _option(setting, model.model_fields[setting])
    return replace(option, **changes)


def allowed_values(field: FieldInfo) -> str:
    """Return what a field takes, in words: "a whole number of at least 1"."""
    if get_origin(field.annotation) in (tuple, list):
        return LIST_OF_TEXTS
    rules = [f"a multiple of {n}" for n in _limits(field, annotated_types.MultipleOf, "multiple_of")]
    rules += ["not empty" for _ in _limits(field, annotated_types.MinLen, "min_length")]
    return ", ".join([_option("", field).allowed, *rules])


def choices_of(field: FieldInfo) -> tuple[str, ...]:
    """Return the words that a field takes, none when it takes others too."""
    return get_args(field.annotation) if get_origin(field.annotation) is Literal else ()


def _option(name: str, field: FieldInfo) -> Option:
    choices = choices_of(field)
    kind: Any = str if choices else field.annotation
    if kind not in (int, float, bool, str):
        raise TypeError(f"the setting {name!r} is of type {kind}: expected int, float, bool, str or words")
    return Option(
        name,
        kind,
        field.default,
        _meaning(field),
        low=_limit(field, annotated_types.Ge, "ge"),
        high=_limit(field, annotated_types.Le, "le"),
        above=_limit(field, annotated_types.Gt, "gt"),
        below=_limit(field, annotated_types.Lt, "lt"),
        choices=choices,
    )


def _meaning(field: FieldInfo) -> str:
    """Return the description as options have it: it begins small, unless with a name, and ends without a stop."""
    text = (field.description or "").removesuffix(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def _limits(field: FieldInfo, rule: type, attribute: str) -> list[Any]:
    return [getattr(found, attribute) for found in field.metadata if isinstance(found, rule)]


def _limit(field: FieldInfo, rule: type, attribute: str) -> Any:
    return next(iter(_limits(field, rule, attribute)), None)
