"""Which games there are and which rules each takes; knows no game's code until one is made.

Games of this repository stand in `BUILT_IN`. A game outside it registers an entry point in the group
`alphazero.games` whose name is the game's and whose object is its class; its fields are its rules.
"""

import functools
import importlib
import importlib.metadata
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from games.options import Option, check_options, did_you_mean, shown

ENTRY_POINT_GROUP = "alphazero.games"
FACTORED = "factored-"


class GameInfo(NamedTuple):
    """What can be said of a game without loading it."""

    name: str
    title: str
    rules: tuple[Option, ...]
    load: Callable[[], Callable[..., Any]]  # returns what builds the game from its rules
    either: tuple[tuple[str, str], ...] = ()  # the second replaces the first, so not both may be given

    def check(self, rules: Mapping[str, Any]) -> dict[str, Any]:
        """Return all rules with defaults filled in; ValueError for an unknown rule or an impossible value."""
        checked = check_options(self.name, self.rules, rules, "rule")
        defaults = {rule.name: rule.default for rule in self.rules}
        for first, second in self.either:
            if first in rules and checked[second] != defaults[second]:
                raise ValueError(
                    f"{self.name}: the rules {first}={checked[first]} and {second}={checked[second]} exclude "
                    f"each other: leave one out"
                )
        return checked


def _from(module: str, attribute: str) -> Callable[[], Callable[..., Any]]:
    return lambda: getattr(importlib.import_module(module), attribute)


def _whole(name: str, default: int, low: int, high: int, meaning: str) -> Option:
    return Option(name, int, default, meaning, low, high)


def _words(name: str, default: int, choices: tuple[str, ...], meaning: str) -> Option:
    return Option(name, int, default, meaning, choices=choices)


def _board(rows: int, cols: int, low: int, high: int) -> tuple[Option, Option]:
    return (
        _whole("rows", rows, low, high, "height of the board"),
        _whole("cols", cols, low, high, "width of the board"),
    )


_NO_YES = ("no", "yes")
_ENTRIES = (
    GameInfo(
        "connect_four",
        "Connect Four: drop stones, four in a line win",
        (*_board(6, 7, 1, 32), _whole("connect", 4, 2, 32, "stones in a line that win")),
        _from("games.connect_four", "connect_four"),
    ),
    GameInfo("tic_tac_toe", "Tic-tac-toe: three in a line on 3 x 3", (), _from("games.mnk", "tic_tac_toe")),
    GameInfo(
        "gomoku",
        "Gomoku: five in a line",
        (
            *_board(15, 15, 5, 25),
            _words(
                "exact", 0, ("five-or-more", "exactly-five"), "whether more than five in a line do not win"
            ),
        ),
        _from("games.mnk", "gomoku"),
    ),
    GameInfo(
        "mnk",
        "Any m,n,k game: k in a line on a board of rows x cols",
        (
            *_board(3, 3, 1, 25),
            _whole("connect", 3, 1, 25, "stones in a line that win"),
            _words("exact", 0, ("or-more", "exactly"), "whether a longer line does not win"),
        ),
        _from("games.mnk", "mnk"),
    ),
    GameInfo(
        "go",
        "Go: surround territory; area scoring",
        (
            _whole("size", 9, 1, 19, "points along a side"),
            _whole("rows", 0, 0, 19, "height of a board that is not square, in place of size"),
            _whole("cols", 0, 0, 19, "width of a board that is not square"),
            Option("komi", float, 7.5, "points for White", -400, 400),
            _words("superko", 1, ("simple", "positional", "situational"), "forbidden repetitions"),
            _words("suicide", 0, _NO_YES, "whether a chain may be played out of its last liberty"),
            _whole("handicap", 0, 0, 9, "stones that Black has on the board at the start"),
            _whole("history", 8, 1, 16, "positions that the planes show"),
            _words("features", 0, _NO_YES, "whether planes also show liberties, ko and last moves"),
            _whole(
                "max_plies", 0, 0, 4096, "longest game, then scored as it stands; 0: 162, 338 or 722 by size"
            ),
        ),
        _from("games.go", "go"),
        (("size", "rows"), ("size", "cols")),
    ),
    GameInfo(
        "chess",
        "Chess",
        (
            _whole("history", 8, 1, 16, "positions that the planes show"),
            _whole("max_plies", 512, 1, 20000, "longest game, then a draw"),
        ),
        _from("games.chess", "chess"),
    ),
    GameInfo(
        "othello",
        "Othello: enclose discs to turn them, most discs win",
        (_whole("size", 8, 4, 16, "squares along a side, an even number"),),
        _from("games.othello", "othello"),
    ),
    GameInfo(
        "hex",
        "Hex: connect your two sides of a rhombus",
        (
            _whole("size", 11, 2, 19, "cells along a side"),
            _words("swap", 0, _NO_YES, "whether the second player may take the first stone over"),
        ),
        _from("games.hex", "hex_game"),
    ),
    GameInfo(
        "breakthrough",
        "Breakthrough: reach the last row",
        (
            _whole("rows", 8, 4, 20, "height of the board"),
            _whole("cols", 8, 2, 20, "width of the board"),
        ),
        _from("games.breakthrough", "breakthrough"),
    ),
)
BUILT_IN = {entry.name: entry for entry in _ENTRIES}


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
    except Exception as error:  # whatever code from elsewhere raises
        raise ValueError(
            f"the game {name!r} cannot be loaded from {entry.value!r}: {' '.join(str(error).split())}"
        ) from None
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
        _rule_of_field(field, defaults.get(field, 0), *bounds.get(field, (0, 2**31))) for field in cls._fields
    )
    title = (cls.__doc__ or name).strip().splitlines()[0]
    return GameInfo(name, title, rules, lambda: cls)


def _rule_of_field(name: str, default: float, low: float, high: float) -> Option:
    return Option(name, float if isinstance(default, float) else int, default, "", low, high)


def info(name: str) -> GameInfo:
    """Return what is known of a game; ValueError for an unknown name, with the nearest known one.

    "factored-" before a name means the same game with its moves chosen part by part.
    """
    if not isinstance(name, str):
        raise ValueError(f"the game {shown(name)} is no text: expected a name such as connect_four")
    whole = name.removeprefix(FACTORED)
    if whole.startswith(FACTORED):
        raise ValueError(f"the game {shown(name)} cannot be played in parts of parts: write {FACTORED} once")
    entry = _whole_info(whole)
    return entry if whole == name else _in_parts(entry)


def _whole_info(name: str) -> GameInfo:
    if name in BUILT_IN:
        return BUILT_IN[name]
    if name in _outside():
        return _info_of_class(name, _load_outside(name))
    raise ValueError(
        f"unknown game {shown(name)}{did_you_mean(name, names())}; known games: {', '.join(names())}"
    )
