"""The player who is asked for moves."""

import io

import numpy as np
import pytest

import games
from alphazero.arena.human import HumanPlayer
from alphazero.arena.match import play_match
from alphazero.arena.players import make_player
from alphazero.arena.random_player import RandomPlayer

GAME = games.make("connect_four")


def test_a_person_is_asked_until_the_move_is_legal():
    state = GAME.initial_state()
    for _ in range(6):
        GAME.play(state, 0)
    shown: list[str] = []
    answers = iter(["hello", "1", "9", " 4 "])

    def ask(text: str) -> str:
        shown.append(text)
        return next(answers)

    assert HumanPlayer(GAME, ask).choose(np.array([state])).tolist() == [3]
    assert len(shown) == 4
    assert GAME.render(state) in shown[0] and "first player, your move" in shown[0]
    assert "cannot read the move 'hello'" in shown[1]
    assert "illegal move '1'" in shown[2]


def test_a_person_can_play_a_match():
    player = HumanPlayer(GAME, lambda shown: str(shown.splitlines()[0].split().index(".") + 1))
    assert play_match(player, RandomPlayer(GAME, 1), GAME, 2).num_games == 2


def test_input_that_ends_is_an_error_of_one_line(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("hello\n"))
    with pytest.raises(ValueError, match="player 'human': the input ended in '.*'; expected a move"):
        make_player("human", GAME).choose(np.array([GAME.initial_state()]))
