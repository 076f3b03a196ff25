"""`help()` of the public names says what goes in and what comes out, with shapes and whose point of view it is."""

from __future__ import annotations

import inspect
import re

import pytest

import alphazero
from alphazero.arena.result import GameRecord, MatchResult
from alphazero.data.loading import LoadedGames
from alphazero.network import Model
from alphazero.play.player import Decisions, Player
from alphazero.run.loop import Summary
from alphazero.search import Evaluator, NetworkEvaluator, SearchResult

RETURNED = (GameRecord, LoadedGames, MatchResult, Model, SearchResult, Summary)


def words_of(thing: object) -> str:
    return " ".join((inspect.getdoc(thing) or "").split())


@pytest.mark.parametrize("kind", RETURNED, ids=lambda kind: kind.__name__)
def test_what_is_returned_says_what_each_of_its_fields_is(kind):
    told = inspect.getdoc(kind) or ""
    fields = getattr(kind, "_fields", None) or tuple(kind.__dataclass_fields__)
    assert [
        field for field in fields if not re.search(rf"^[\w, ]*\b{field}\b[\w, ]*: ", told, re.MULTILINE)
    ] == []


@pytest.mark.parametrize("name", [name for name in alphazero.__all__ if name != "Config"])
def test_every_public_function_says_what_its_arguments_are_and_what_it_raises(name):
    thing = getattr(alphazero, name)
    told = words_of(thing)
    assert "Raises" in told or "ValueError" in told or "Error" in told
    if inspect.isfunction(thing):
        telling = {
            "game",
            "seed",
            "path",
            "folder",
            "a",
            "b",
            "network",
            "spec",
            "evaluator",
            "config",
            "device",
        }
        unsaid = [
            a
            for a in inspect.signature(thing).parameters
            if a not in telling and not re.search(rf"\b{a}\b", told)
        ]
        assert unsaid == []


@pytest.mark.parametrize(
    "thing", [SearchResult, LoadedGames, Evaluator, NetworkEvaluator, Decisions, Player.choose]
)
def test_arrays_have_shape_and_type_and_values_a_point_of_view(thing):
    text = inspect.getsource(thing) if thing is Decisions else words_of(thing)
    assert re.search(r"(float32|int64|state_dtype)\[n", text)
    assert thing is Player.choose or re.search(r"player(s)? to move", text)
