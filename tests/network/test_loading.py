"""A model's file as an evaluator, by the example of the documents; what `help` says of shapes and points of view."""

import pydoc
import re
from pathlib import Path

import numpy as np
import pytest

import alphazero
import games
from alphazero.champions import require_champion
from alphazero.search import Evaluator, MixtureEvaluator, RolloutEvaluator, SearchResult, UniformEvaluator

PAGE = Path(__file__).parents[2] / "docs" / "search.md"


def test_the_example_of_the_search_page_runs(run_python):
    examples = re.findall(
        r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len(examples) == 1 and "alphazero.load_evaluator" in examples[0]
    result = run_python(examples[0] + "assert logits.shape == (1, 7) and values.shape == (1,)")
    assert result.returncode == 0, result.stderr


def test_an_evaluator_of_a_file_says_what_the_network_says():
    game = games.make("connect_four")
    path = require_champion(games.spec(game))
    evaluator = alphazero.load_evaluator(path)
    assert isinstance(evaluator, alphazero.NetworkEvaluator) and evaluator.name == str(path)
    planes = np.zeros((1, game.planes, *game.board_shape), np.float32)
    state = game.initial_state()
    game.encode(state, planes[0])
    logits, values = evaluator.evaluate(np.array([state]), planes)
    assert logits[0].argmax() == 3  # the middle column
    assert (logits.dtype, logits.shape, values.dtype, values.shape) == (np.float32, (1, 7), np.float32, (1,))
    assert values[0] > 0.0  # for the player to move, who wins
    with pytest.raises(ValueError, match="a model for connect_four.*not for tic_tac_toe"):
        alphazero.load_evaluator(path, games.make("tic_tac_toe"))


def test_help_says_shapes_and_points_of_view():
    for thing in (SearchResult, alphazero.search_positions, Evaluator, alphazero.NetworkEvaluator):
        text = pydoc.render_doc(thing, renderer=pydoc.plaintext)
        assert "to move" in text and re.search(r"\[n\]|\[n, A\]", text), thing
    for field in SearchResult._fields:
        assert f"{field}: " in SearchResult.__doc__
    for evaluator in (UniformEvaluator, RolloutEvaluator, MixtureEvaluator, alphazero.NetworkEvaluator):
        assert len(evaluator.__doc__) > 40
