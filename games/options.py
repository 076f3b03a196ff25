"""Typed options: the rules of games, what players are told, seeds; their texts, and help with misspelt names.

A text such as `go:size=9,komi=7.5` or `gtp:command="gnugo --mode gtp, --level 10"` is a name and its options,
`name:key=value,key="quoted, text"`. `parse_spec` and `format_spec` split and join it, `check_options` turns the
texts of the values into numbers, truth values and words. Everything refused is a ValueError of one line.

Knows no game, no player and no setting, and loads nothing but the standard library.
"""

import difflib
import math
import numbers
import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

REQUIRED: Any = object()  # the default of an option that has none
MAX_SEED = 2**63 - 1
MAX_SPEC = 10_000  # characters of a text that is read
_MAX_SHOWN = 80
_MAX_NAME = 100  # characters up to which a near name is looked for
_NEAR = 0.6  # likeness of names from which one may have been meant

_NUMBER = re.compile(r"[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?", re.ASCII)
_PLAIN_VALUE = re.compile(r"[^\s,\"=]+")
# "+" after a repetition keeps what it took, so that no text takes longer than its length.
_SEPARATORS = re.compile(r"[\s,]*+")
_SETTING = re.compile(
    r'(?P<key>[A-Za-z_]\w*+)\s*+=\s*+(?:"(?P<quoted>(?:[^"\\]|\\.)*+)"\s*+|(?P<plain>[^",]++))(?:,|\Z)',
    re.DOTALL,
)
_TRUTH = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_KINDS: dict[type, str] = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}


@dataclass(frozen=True)
class Option:
    """One option: a whole or real number, a truth value, a text, or one of some words.

    kind: int, float, bool or str, the type of the value; default: a value, REQUIRED, or None where leaving the
    option out means something of its own; low, high: bounds that are allowed; above, below: bounds that are not;
    choices: the words that are allowed. Where `kind` is int, choices[i] is another spelling of the number i.
    """

    name: str
    kind: type
    default: Any
    meaning: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether there is no default."""
        return self.default is REQUIRED

    @property
    def allowed(self) -> str:
        """Say in words which values are allowed: "a whole number from 1 to 25"."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.low is not None and self.high is not None:
            return f"{_KINDS[self.kind]} from {_in_words(self.low)} to {_in_words(self.high)}"
        least = [(self.low, "of at least"), (self.above, "above")]
        most = [(self.high, "at most"), (self.below, "below")]
        bounds = [f"{words} {_in_words(bound)}" for bound, words in least + most if bound is not None]
        text = " and ".join(bounds)
        return " ".join(filter(None, [_KINDS[self.kind], "of" if text.startswith("at most") else "", text]))

    @property
    def default_text(self) -> str:
        """Return the default as it is written in a text; "" for none."""
        if self.required or self.default is None:
            return ""
        return self.choices[self.default] if self.choices and self.kind is int else _plain(self.default)

    def parse(self, value: Any) -> Any:
        """Return what a text, or a value from Python, means; ValueError of one line when it is not allowed."""
        found = self._read(value)
        if found is None or not self._within(found):
            near = did_you_mean(value, self.choices, "; ") if isinstance(value, str) else ""
            raise ValueError(f"{self.name}={_given(value)} is not possible: expected {self.allowed}{near}")
        return found

    def _read(self, value: Any) -> Any:
        """Return the value in its type, bounds unchecked; None when it has no such meaning."""
        if isinstance(value, str) and value in self.choices:
            return value if self.kind is str else self.choices.index(value)
        if self.kind is str:
            return value if isinstance(value, str) and not self.choices else None
        if self.kind is bool and isinstance(value, str):
            return _TRUTH.get(value.lower())
        number = _number(value)
        if self.kind is bool:
            return bool(number) if number in (0, 1) else None
        if number is None or (self.kind is int and number != int(number)):
            return None
        try:
            return self.kind(number)
        except OverflowError:
            return None

    def _within(self, value: Any) -> bool:
        if self.choices:
            return self.kind is str or 0 <= value < len(self.choices)
        return (
            (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


def described(options: Sequence[Option]) -> list[str]:
    """Return one line for each option: name, meaning, what is allowed and the default."""
    width = max((len(option.name) for option in options), default=0)
    lines = []
    for option in options:
        default = "required" if option.required else f"default {option.default_text or 'none'}"
        meaning = f"{option.meaning} " if option.meaning else ""
        lines.append(f"  {option.name:<{width}}  {meaning}({option.allowed}; {default})")
    return lines


def parse_spec(text: str, what: str = "player", item: str = "option") -> tuple[str, dict[str, str]]:
    """Split `name:key=value,key="quoted, text"` into the name and the texts of its options.

    In quotes a backslash keeps the next character as it is. `what` and `item` say in messages what is read. Raises
    ValueError when the text has another form or sets an option twice; whether it names anything is not asked.
    """
    if not isinstance(text, str):
        raise ValueError(f"the {what} {shown(text)} is no text: expected name or name:{item}=value")
    if len(text) > MAX_SPEC:
        raise ValueError(f"the {what} {shown(text)} has {len(text)} characters: expected at most {MAX_SPEC}")
    name, _, tail = text.strip().partition(":")
    options: dict[str, str] = {}
    position = _skipped(tail, 0)
    while position < len(tail):
        match = _SETTING.match(tail, position)
        if match is None or (match["quoted"] is None and not match["plain"].strip()):
            raise ValueError(
                f"cannot read the {what} {shown(text)} at {shown(tail[position:])}: "
                f'expected {item}=value or {item}="text with , or spaces"'
            )
        if match["key"] in options:
            raise ValueError(f"the {what} {shown(text)} sets {match['key']!r} twice: leave one")
        plain, quoted = match["plain"], match["quoted"]
        options[match["key"]] = plain.strip() if quoted is None else _unquoted(quoted)
        position = _skipped(tail, match.end())
    return name.strip(), options


def format_spec(name: str, options: Mapping[str, Any]) -> str:
    """Return the text that `parse_spec` turns back into the name and the options."""
    written = ",".join(f"{key}={_quoted(_plain(value))}" for key, value in options.items())
    return f"{name}:{written}" if written else name


def check_options(
    owner: str, options: Iterable[Option], given: Mapping[str, Any], item: str = "option"
) -> dict[str, Any]:
    """Return the value of every option, defaults filled in, from texts or values.

    Raises ValueError, which begins with `owner`, for an option that is unknown, missing, or not possible.
    """
    known = {option.name: option for option in options}
    for key in given:
        if key not in known:
            raise ValueError(
                f"{owner}: unknown {item} {shown(key)}{did_you_mean(key, known)}; "
                f"it has {', '.join(known) or f'no {item}s to set'}"
            )
    values = {}
    for key, option in known.items():
        if key not in given and option.required:
            raise ValueError(f"{owner} needs {key}=...: {option.meaning}")
        try:
            values[key] = option.parse(given[key]) if key in given else option.default
        except ValueError as error:
            raise ValueError(f"{owner}: {item} {error}") from None
    return values


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` most likely meant, or None when none is near.

    Capitals do not count. Of dotted names the last part decides, so that a wrong section is forgiven, and among
    equals the whole.
    """
    if len(name) > _MAX_NAME:
        return None
    found, best = None, (_NEAR, 0.0)
    matcher = difflib.SequenceMatcher(b=_leaf(name))
    for candidate in known:
        matcher.set_seq1(_leaf(candidate))
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) < best[0]:
            continue  # bounds of the ratio, which takes longer
        likeness = matcher.ratio()
        score = (likeness, _likeness(name, candidate)) if likeness >= best[0] else (0.0, 0.0)
        if score > best:
            found, best = candidate, score
    return found


def did_you_mean(name: str, known: Iterable[str], before: str = ", ") -> str:
    """Return ", did you mean 'x'?" for the nearest known name, or nothing when none is near."""
    near = nearest(name, known)
    return "" if near is None else f"{before}did you mean {near!r}?"


def shown(value: Any) -> str:
    """Return the repr of what was given, cut short: for messages, which stay one line without control characters."""
    try:
        text = repr(value[: _MAX_SHOWN + 1] if isinstance(value, str) else value)
    except ValueError:  # a whole number of thousands of digits
        text = f"<{type(value).__name__}>"
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def check_seed(seed: Any) -> int:
    """Return a seed as an int; ValueError of one line unless it is a whole number, 0 <= seed < 2**63."""
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if not 0 <= number <= MAX_SEED:
        raise ValueError(
            f"seed {shown(seed)} is not possible: expected a whole number from 0 to {_in_words(MAX_SEED)}"
        )
    return number


def derived_seed(seed: int, offset: int) -> int:
    """Return another seed, `offset` further on; after the last one comes 0."""
    return (seed + offset) % (MAX_SEED + 1)


def _skipped(text: str, position: int) -> int:
    match = _SEPARATORS.match(text, position)
    return match.end() if match else position


def _number(value: Any) -> int | float | None:
    """Return a finite number, from text or Python; None for anything else. Whole numbers keep all digits."""
    try:
        if isinstance(value, str):
            text = value.strip()
            if not _NUMBER.fullmatch(text):
                return None
            value = int(text) if text.lstrip("+-").replace("_", "").isdigit() else float(text)
        if isinstance(value, numbers.Integral):
            return int(value)
        number = float(value) if isinstance(value, numbers.Real) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _given(value: Any) -> str:
    """Return a given value for a message: numbers as they were written, anything else as `shown`."""
    number = isinstance(value, str) and _NUMBER.fullmatch(value) and len(value) <= _MAX_SHOWN
    return str(value) if number else shown(value)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    if _PLAIN_VALUE.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _in_words(bound: float) -> str:
    if bound == MAX_SEED:
        return "2**63 - 1"
    return f"{bound:,}" if isinstance(bound, int) else f"{bound:g}"


def _leaf(name: str) -> str:
    return name.lower().rpartition(".")[2]


def _likeness(a: str, b: str) -> float:
    return difflib.SequenceMatcher(None, a.lower(), b.lower()).ratio()
