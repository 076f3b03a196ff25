"""Which games there are and which rules each takes; knows no game's code until one is made.

Games of this repository stand in `BUILT_IN`. A game outside it registers an entry point in the group
`alphazero.games` whose name is the game's and whose object is its class; its fields are its rules.
"""

import difflib
import functools
import importlib
import importlib.metadata
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

ENTRY_POINT_GROUP = "alphazero.games"
FACTORED = "factored-"


class Rule(NamedTuple):
    """One parameter of a game: a whole or real number between bounds, or one of some words."""

    name: str
    default: float
    low: float
    high: float
    meaning: str
    words: tuple[str, ...] = ()  # words[i] is another spelling of the number i

    def check(self, game: str, value: Any) -> int | float:
        """Return the value as the number that the game keeps; ValueError when it is none that is allowed."""
        if isinstance(value, str) and value in self.words:
            return self.words.index(value)
        kind = type(self.default)
        try:
            number = kind(value)
            allowed = number == float(value) and self.low <= number <= self.high
        except (TypeError, ValueError, OverflowError):
            allowed = False
        if not allowed:
            raise ValueError(f"{game}: rule {self.name}={value!r} is not possible: expected {self.allowed}")
        return number

    @property
    def allowed(self) -> str:
        """Say in words which values are allowed."""
        if self.words:
            return "one of " + ", ".join(self.words)
        kind = "a whole number" if isinstance(self.default, int) else "a number"
        return f"{kind} from {self.low} to {self.high}"


class GameInfo(NamedTuple):
    """What can be said of a game without loading it."""

    name: str
    title: str
    rules: tuple[Rule, ...]
    load: Callable[[], Callable[..., Any]]  # returns what builds the game from its rules
    either: tuple[tuple[str, str], ...] = ()  # the second replaces the first, so not both may be given

    def check(self, rules: dict[str, Any]) -> dict[str, Any]:
        """Return all rules with defaults filled in; ValueError for an unknown rule or an impossible value."""
        known = {rule.name: rule for rule in self.rules}
        for name in rules:
            if name not in known:
                raise ValueError(
                    f"{self.name}: unknown rule {name!r}{nearest(name, known)}; "
                    f"it has {', '.join(known) or 'no rules to set'}"
                )
        for first, second in self.either:
            if first in rules and rules.get(second, known[second].default) != known[second].default:
                raise ValueError(
                    f"{self.name}: the rules {first}={rules[first]} and {second}={rules[second]} exclude "
                    f"each other: leave one out"
                )
        return {name: rule.check(self.name, rules.get(name, rule.default)) for name, rule in known.items()}


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ", did you mean 'x'?" for the nearest known name, or nothing when none is near."""
    near = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
    return f", did you mean {near[0]!r}?" if near else ""


def _from(module: str, attribute: str) -> Callable[[], Callable[..., Any]]:
    return lambda: getattr(importlib.import_module(module), attribute)


def _board(rows: int, cols: int, low: int, high: int) -> tuple[Rule, Rule]:
    return (
        Rule("rows", rows, low, high, "height of the board"),
        Rule("cols", cols, low, high, "width of the board"),
    )


BUILT_IN = {
    entry.name: entry
    for entry in (
        GameInfo(
            "connect_four",
            "Connect Four: drop stones, four in a line win",
            (*_board(6, 7, 1, 32), Rule("connect", 4, 2, 32, "stones in a line that win")),
            _from("games.connect_four", "connect_four"),
        ),
        GameInfo(
            "tic_tac_toe", "Tic-tac-toe: three in a line on 3 x 3", (), _from("games.mnk", "tic_tac_toe")
        ),
        GameInfo(
            "gomoku",
            "Gomoku: five in a line",
            (
                *_board(15, 15, 5, 25),
                Rule(
                    "exact",
                    0,
                    0,
                    1,
                    "whether more than five in a line do not win",
                    ("five-or-more", "exactly-five"),
                ),
            ),
            _from("games.mnk", "gomoku"),
        ),
        GameInfo(
            "mnk",
            "Any m,n,k game: k in a line on a board of rows x cols",
            (
                *_board(3, 3, 1, 25),
                Rule("connect", 3, 1, 25, "stones in a line that win"),
                Rule("exact", 0, 0, 1, "whether a longer line does not win", ("or-more", "exactly")),
            ),
            _from("games.mnk", "mnk"),
        ),
        GameInfo(
            "go",
            "Go: surround territory; area scoring",
            (
                Rule("size", 9, 1, 19, "points along a side"),
                Rule("rows", 0, 0, 19, "height of a board that is not square, in place of size"),
                Rule("cols", 0, 0, 19, "width of a board that is not square"),
                Rule("komi", 7.5, -400.0, 400.0, "points for White"),
                Rule("superko", 1, 0, 2, "forbidden repetitions", ("simple", "positional", "situational")),
                Rule(
                    "suicide", 0, 0, 1, "whether a chain may be played out of its last liberty", ("no", "yes")
                ),
                Rule("handicap", 0, 0, 9, "stones that Black has on the board at the start"),
                Rule("history", 8, 1, 16, "positions that the planes show"),
                Rule(
                    "features",
                    0,
                    0,
                    1,
                    "whether planes also show liberties, ko and last moves",
                    ("no", "yes"),
                ),
                Rule(
                    "max_plies",
                    0,
                    0,
                    4096,
                    "longest game, then scored as it stands; 0: 162, 338 or 722 by size",
                ),
            ),
            _from("games.go", "go"),
            (("size", "rows"), ("size", "cols")),
        ),
        GameInfo(
            "chess",
            "Chess",
            (
                Rule("history", 8, 1, 16, "positions that the planes show"),
                Rule("max_plies", 512, 1, 20000, "longest game, then a draw"),
            ),
            _from("games.chess", "chess"),
        ),
        GameInfo(
            "othello",
            "Othello: enclose discs to turn them, most discs win",
            (Rule("size", 8, 4, 16, "squares along a side, an even number"),),
            _from("games.othello", "othello"),
        ),
        GameInfo(
            "hex",
            "Hex: connect your two sides of a rhombus",
            (
                Rule("size", 11, 2, 19, "cells along a side"),
                Rule(
                    "swap", 0, 0, 1, "whether the second player may take the first stone over", ("no", "yes")
                ),
            ),
            _from("games.hex", "hex_game"),
        ),
        GameInfo(
            "breakthrough",
            "Breakthrough: reach the last row",
            (*_board(8, 8, 4, 20)[:1], Rule("cols", 8, 2, 20, "width of the board")),
            _from("games.breakthrough", "breakthrough"),
        ),
    )
}


def _in_parts(entry: GameInfo) -> GameInfo:
    def load() -> Callable[..., Any]:
        wrap = _from("games.factored", "Factored")()
        return lambda **rules: wrap(entry.load()(**rules))

    return entry._replace(name=FACTORED + entry.name, title=f"{entry.title}; moves in parts", load=load)


@functools.cache
def _outside() -> dict[str, Any]:
    return {entry.name: entry for entry in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP)}


def names() -> tuple[str, ...]:
    """Return the names of all games, those of this repository first."""
    return (*BUILT_IN, *(name for name in sorted(_outside()) if name not in BUILT_IN))


def _load_outside(name: str) -> Any:
    """Return the class that an entry point names; ValueError when it is no game of that name."""
    entry = _outside()[name]
    try:
        cls = entry.load()
    except (ImportError, AttributeError) as error:
        raise ValueError(f"the game {name!r} cannot be loaded from {entry.value!r}: {error}") from None
    called = getattr(cls, "name", None)
    if not hasattr(cls, "_fields") or called is None:
        raise ValueError(
            f"{entry.value!r}, registered as the game {name!r}, is no class made with @game_class"
        )
    if isinstance(called, str) and called != name:
        raise ValueError(
            f"{entry.value!r} is registered as {name!r} but calls itself {called!r}: use one name"
        )
    return cls


def _info_of_class(name: str, cls: Any) -> GameInfo:
    """Read the rules of a game from outside off its fields and their defaults."""
    defaults = cls._field_defaults
    bounds = getattr(cls, "rule_bounds", {})
    rules = tuple(
        Rule(field, defaults.get(field, 0), *bounds.get(field, (0, 2**31)), "") for field in cls._fields
    )
    title = (cls.__doc__ or name).strip().splitlines()[0]
    return GameInfo(name, title, rules, lambda: cls)


def info(name: str) -> GameInfo:
    """Return what is known of a game; ValueError for an unknown name, with the nearest known one.

    "factored-" before a name means the same game with its moves chosen part by part.
    """
    if name.startswith(FACTORED):
        return _in_parts(info(name.removeprefix(FACTORED)))
    if name in BUILT_IN:
        return BUILT_IN[name]
    if name in _outside():
        return _info_of_class(name, _load_outside(name))
    raise ValueError(f"unknown game {name!r}{nearest(name, names())}; known games: {', '.join(names())}")


def parse_spec(text: str) -> tuple[str, dict[str, Any]]:
    """Split "name:rule=value,rule=value" into name and rules, numbers read; ValueError when unreadable."""
    name, _, tail = text.strip().partition(":")
    rules: dict[str, Any] = {}
    for part in filter(None, tail.split(",")):
        rule, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not rule or not value:
            raise ValueError(
                f"game {text!r}: cannot read {part!r}: expected rule=value, as in connect_four:rows=6,cols=7"
            )
        if rule in rules:
            raise ValueError(f"game {text!r}: the rule {rule!r} stands twice: say which value it has")
        rules[rule] = _number(value)
    return name, rules


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text) if "_" not in text else text
        except ValueError:
            continue
    return text
