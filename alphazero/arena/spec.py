"""Players written as text, `kind:key=value,key="quoted, text"`, and the typed options that they set."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from games.registry import nearest

_PLAIN_VALUE = re.compile(r"[^\s,\"=]+")
_OPTION = re.compile(
    r'\s*(?P<key>[A-Za-z_]\w*)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^",]*))\s*(?:,|$)'
)
_WORDS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
REQUIRED = object()


@dataclass(frozen=True)
class Option:
    """One option of a kind of player: type, default, bounds (both allowed), choices, meaning with unit."""

    type: type
    default: Any
    meaning: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    @property
    def allowed(self) -> str:
        """Say in words which values are allowed."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        kind = {int: "a whole number", float: "a number", bool: "true or false"}.get(self.type, "text")
        low = f" of at least {self.minimum:g}" if self.minimum is not None else ""
        high = f"{' and' if low else ' of'} at most {self.maximum:g}" if self.maximum is not None else ""
        return kind + low + high

    def parse(self, text: str) -> Any:
        """Return the value that `text` means; ValueError when it is none that is allowed."""
        value = _WORDS[text.lower()] if self.type is bool and text.lower() in _WORDS else self._convert(text)
        low_enough = self.maximum is None or value <= self.maximum
        high_enough = self.minimum is None or value >= self.minimum  # both False for nan
        if not (low_enough and high_enough) or (self.choices and value not in self.choices):
            raise ValueError(self.allowed)
        return value

    def _convert(self, text: str) -> Any:
        if self.type is bool:
            raise ValueError(self.allowed)
        try:
            return self.type(text)
        except ValueError:
            raise ValueError(self.allowed) from None


def parse_spec(text: str) -> tuple[str, dict[str, str]]:
    """Split `kind:key=value,key="quoted, text"` into the kind and its options as text.

    In quotes a backslash keeps the next character as it is. Raises ValueError when the text has another
    form or an option is given twice.
    """
    kind, colon, tail = text.strip().partition(":")
    if not re.fullmatch(r"[A-Za-z_]\w*", kind) or (colon and not tail.strip()):
        raise ValueError(f"cannot read the player {text!r}: expected kind or kind:option=value,option=value")
    options: dict[str, str] = {}
    position = 0
    while position < len(tail):
        match = _OPTION.match(tail, position)
        if match is None or (match["quoted"] is None and not match["plain"].strip()):
            raise ValueError(
                f"cannot read the player {text!r} at {tail[position:]!r}: expected option=value or "
                'option="text with , or spaces"'
            )
        if match["key"] in options:
            raise ValueError(f"the player {text!r} sets {match['key']} twice: leave one")
        plain, quoted = match["plain"], match["quoted"]
        options[match["key"]] = plain.strip() if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        position = match.end()
    return kind, options


def format_spec(kind: str, options: Mapping[str, Any]) -> str:
    """Return the text that `parse_spec` turns back into the kind and the options."""
    return (
        kind
        + (":" if options else "")
        + ",".join(f"{key}={_quoted(value)}" for key, value in options.items())
    )


def check_options(kind: str, known: Mapping[str, Option], given: Mapping[str, str]) -> dict[str, Any]:
    """Return every option of a kind as a typed value, defaults filled in.

    Raises ValueError for an option that is unknown, missing, or not possible.
    """
    for key in given:
        if key not in known:
            raise ValueError(
                f"player {kind!r}: unknown option {key!r}{nearest(key, known)}; "
                f"it has {_listed(known) or 'no options'}"
            )
    values = {}
    for key, option in known.items():
        if key not in given:
            if option.required:
                raise ValueError(f"player {kind!r} needs {key}=...: {option.meaning}")
            values[key] = option.default
            continue
        try:
            values[key] = option.parse(given[key])
        except ValueError as allowed:
            raise ValueError(
                f"player {kind!r}: {key}={given[key]!r} is not possible: expected {allowed}"
            ) from None
    return values


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _quoted(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if _PLAIN_VALUE.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
