"""Moves in parts: those of the whole game, chosen one part after the other by the same player."""

import pickle
import random
import sys
import types

import numpy as np
import pytest

import games
from games import factored
from games.contract import check_game
from games.factored import Factored
from games.symmetry import identity_alone
from tests.games.nim import Nim


def whole_moves(game, state, chosen=()):
    """Return every sequence of part actions that completes a move, and the wrapped position after it."""
    found = {}
    for action in game.legal(state):
        after = np.frombuffer(bytearray(state.tobytes()), game.state_dtype)[0]
        game.play(after, action)
        if after["num_chosen"] == 0:
            found[(*chosen, int(action))] = after["base"].tobytes()
        else:
            assert game.to_move(after) == game.to_move(state)
            found |= whole_moves(game, after, (*chosen, int(action)))
    return found


def wrapped_moves(game, state):
    """Return the wrapped position after every legal action of the wrapped game."""
    found = []
    for action in game.game.legal(state["base"]):
        after = np.frombuffer(bytearray(state["base"].tobytes()), game.game.state_dtype)[0]
        game.game.play(after, action)
        found.append(after.tobytes())
    return found


@pytest.mark.parametrize("wrapped", [games.make("tic_tac_toe"), Nim(3, 3)], ids=repr)
def test_the_parts_lead_exactly_where_the_whole_moves_lead(wrapped):
    game, rng = Factored(wrapped), random.Random(1)
    for _ in range(20):
        state = game.initial_state()
        while not game.is_over(state):
            if state["num_chosen"] == 0:
                in_parts = list(whole_moves(game, state).values())
                assert sorted(in_parts) == sorted(wrapped_moves(game, state)), game.state_text(state)
            game.play(state, rng.choice(game.legal(state)))


def test_a_game_whose_moves_have_one_part_or_two_keeps_the_contract():
    check_game(Nim(3, 3), num_games=5, examples=(("1-3 2-3 3-3", 1), ("1-3 2-3 3-2 3-1", -1)))
    coverage = check_game(Factored(Nim(3, 3)), num_games=20)
    assert 0 < coverage.repeated_turns < coverage.positions // 2


def test_only_parts_that_some_legal_move_has_are_legal():
    game = games.parse("factored-tic_tac_toe")
    state = game.parse_state("xx./o.o/xox")
    assert [game.action_name(state, action) for action in game.legal(state)] == ["b", "c"]
    game.play(state, game.parse_action(state, "c"))
    assert [game.action_name(state, action) for action in game.legal(state)] == ["3"]


def test_parts_do_not_share_actions():
    game = games.parse("factored-mnk:rows=4,cols=5,connect=3")
    assert game.num_actions == 5 + 4
    assert [game.split(action) for action in (0, 4, 5, 8)] == [(0, 0), (0, 4), (1, 0), (1, 3)]


def test_the_chosen_part_is_a_plane_and_only_while_it_is_chosen():
    game = games.parse("factored-tic_tac_toe")
    planes = np.full((3, 3, 3), np.nan, np.float32)
    state = game.initial_state()
    for name, marked in (("b", [[0, 1, 0]] * 3), ("2", [[0, 0, 0]] * 3)):
        game.play(state, game.parse_action(state, name))
        game.encode(state, planes)
        assert planes[2].tolist() == marked
    assert planes[1].tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_symmetries_that_turn_columns_into_rows_are_left_out():
    game = games.parse("factored-tic_tac_toe")
    columns = [table[:3].tolist() for table in game.symmetries.actions]
    rows = [(table[3:] - 3).tolist() for table in game.symmetries.actions]
    same, back = [0, 1, 2], [2, 1, 0]
    assert list(zip(columns, rows, strict=True)) == [(same, same), (back, same), (same, back), (back, back)]
    assert len(games.make("tic_tac_toe").symmetries.actions) == 8


def test_symmetries_that_do_not_map_marked_planes_to_marked_planes_are_left_out(monkeypatch):
    game = games.parse("factored-tic_tac_toe")
    on_top = np.zeros((3, 3, 3), np.float32)
    on_top[np.arange(3), 0, np.arange(3)] = 1  # a column drawn as its top cell, which a flip would move
    monkeypatch.setattr(factored, "_marks", lambda wrapped: [on_top.reshape(3, 9)])
    actions = factored._symmetries.__wrapped__(game).actions
    assert actions.tolist() == [[0, 1, 2, 3, 4, 5], [2, 1, 0, 3, 4, 5]]


def test_a_position_in_the_middle_of_a_move_differs_from_the_one_before():
    game = games.parse("factored-tic_tac_toe")
    before, after = game.initial_state(), game.initial_state()
    game.play(after, 1)
    assert game.input_hash(before) != game.input_hash(after)
    assert game.position_hash(before) != game.position_hash(after)
    assert game.state_text(after) == ".../.../... +b"
    assert game.render(after).endswith("chosen: b")


@pytest.mark.parametrize("text, message", [
    (".../.../... +d", "cannot read 'd' as part 1 of a move: expected one of a, b, c"),
    (".../.../... +b +2", "its parts make a whole move"),
    ("x../x../... +b", "x begins"),
    ("x../o../x.o +a", "illegal part 'a' in 'x../o../x.o': expected b, c"),
])  # fmt: skip
def test_a_text_that_is_no_position_in_parts_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        games.parse("factored-tic_tac_toe").parse_state(text)


def test_the_text_of_a_factored_game_is_read_back():
    for text in ("factored-tic_tac_toe", "factored-gomoku:rows=9,cols=8,exact=1"):
        game = games.parse(text)
        assert games.spec(game) == text
        assert pickle.loads(pickle.dumps(game)) == game == Factored(game.game)
    assert games.info("factored-gomoku").rules == games.info("gomoku").rules


def variant(kind: type, name: str, **members):
    """Return a copy of a game class under another name."""
    return type(name, (kind,), {**vars(kind), "__qualname__": name, **members})


def test_games_of_two_classes_with_equal_numbers_do_not_share_their_symmetries():
    wrapped = games.make("tic_tac_toe")
    plain = variant(type(wrapped), "Plain", symmetries=identity_alone((3, 3), 9))
    assert len(Factored(wrapped).symmetries.actions) == 4
    assert len(Factored(plain(*wrapped)).symmetries.actions) == 1


def test_the_class_of_a_game_in_parts_is_found_by_its_name_in_another_process(run_python):
    cls = type(games.parse("factored-tic_tac_toe"))
    code = "import pickle, sys; print(pickle.loads(bytes.fromhex(sys.argv[1])).__qualname__)"
    done = run_python(code, pickle.dumps(cls).hex())
    assert done.stdout.strip() == cls.__qualname__ != "Factored", done.stderr


@pytest.mark.parametrize("module, name", [("king_of_the_hill", "King_of_hills"), ("a_dot_b", "_5f_")])
def test_any_name_of_a_wrapped_class_is_read_back(monkeypatch, module, name):
    wrapped = variant(Nim, name, __module__=module)
    monkeypatch.setitem(sys.modules, module, types.ModuleType(module))
    setattr(sys.modules[module], name, wrapped)
    cls = type(Factored(wrapped(3, 3)))
    assert cls.__name__.isidentifier()  # numba writes it into the source of its loops
    assert getattr(factored, cls.__name__) is cls


def test_the_class_of_a_wrapped_game_that_is_gone_is_an_attribute_error():
    wrapped = variant(Nim, "Gone", __module__="no_such_module")
    with pytest.raises(AttributeError, match="cannot find the game 'no_such_module:Gone'"):
        getattr(factored, type(Factored(wrapped(3, 3))).__name__)


def test_a_game_without_parts_cannot_be_factored():
    with pytest.raises(ValueError, match="connect_four cannot be played in parts: it lacks num_parts, part"):
        games.parse("factored-connect_four")
