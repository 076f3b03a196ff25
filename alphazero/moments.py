"""The named moments of long work, for those who watch it: tests that kill it there, tools that time it.

Work says `with during("commit"): ...`; whoever listens is told "commit" when it begins and when it has ended. Names
are public and stay; the functions behind them may change. Nobody listening costs nothing that can be measured.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

MOMENTS = (
    "settings",  # config.toml is written
    "self-play",  # the games of one shard are played
    "batch",  # one batch of positions of self-play is evaluated
    "shard",  # finished games are written
    "manifest",  # of a shard, after its arrays
    "under way",  # the games that are not finished are written
    "commit",  # progress.json is replaced
    "removal",  # files that no commit names any more are taken away
    "training",  # the steps of a generation
    "step",  # one of them
    "gate",
    "rating",
    "learner",  # the learner's checkpoint is written
    "model",  # the model that plays is written
    "last match",
    "summary",
)
Listener = Callable[[str, bool], None]  # is told the moment's name, and whether it has ended
_listeners: list[Listener] = []


@contextlib.contextmanager
def during(moment: str) -> Iterator[None]:
    """Tell every listener that a moment begins, and that it has ended once the block is done without an error."""
    for listener in _listeners:
        listener(moment, False)
    yield
    for listener in _listeners:
        listener(moment, True)


@contextlib.contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call `listener` at every moment inside the block; what it raises goes through the work."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
