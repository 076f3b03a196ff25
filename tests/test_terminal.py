"""Playing in the terminal, by scripts of lines: moves, undo, resigning, saving, a side that moves twice."""

from __future__ import annotations

import io
import re
import time
from typing import NamedTuple

import numpy as np
import pytest

import games
from alphazero.play.analysis import Analysis, Analyst, MoveAnalysis, position_after
from alphazero.play.player import Decisions, Player, Turns
from alphazero.terminal import GameRecord, Session, Side, load_record, save_record
from alphazero.terminal.delay import explaining_delay


class Scripted(Player):
    """Plays given moves in turn, then the first legal action."""

    def __init__(self, game, moves: str = ""):
        super().__init__(game, "script")
        self.script = moves.split()

    def decide(self, turns: Turns) -> Decisions:
        state = turns.states.view(np.recarray)[0]
        text = self.script.pop(0) if self.script else None
        action = self.game.legal(state)[0] if text is None else self.game.parse_action(state, text)
        return Decisions(np.array([action], np.int64))


class Oracle:
    """Says the same of every position."""

    def analyze(self, state) -> Analysis:
        moves = (MoveAnalysis(3, "4", 0.5, 60, 0.25, ("4", "3")), MoveAnalysis(0, "1", 0.5, 0, 0.0, ("1",)))
        return Analysis(0, 0.2, 61, moves)


class Twice(NamedTuple):
    """Each player counts two up in turn, by 1 or 2 a move; whoever passes six has won. Plain Python."""

    name, rules = "twice", {}
    num_actions = 2
    state_dtype = np.dtype([("total", np.int64), ("plies", np.int64)])

    def initial_state(self):
        return np.zeros(1, self.state_dtype)[0]

    def legal(self, state):
        return np.arange(0 if self.is_over(state) else 2)

    def play(self, state, action):
        state["total"] += action + 1
        state["plies"] += 1

    def is_over(self, state):
        return state["total"] > 6

    def to_move(self, state):
        return int(state["plies"]) // 2 % 2

    def outcome(self, state):
        return 1 if (int(state["plies"]) - 1) // 2 % 2 == 0 else -1

    def action_name(self, state, action):
        return f"+{action + 1}"

    def parse_action(self, state, text):
        if text not in ("+1", "+2"):
            raise ValueError(f"cannot read {text!r}: expected +1 or +2")
        return int(text) - 1

    def render(self, state):
        return f"total {state['total']}"


def session(lines: str, *, game=None, opponent: str = "", side: Side = Side.FIRST, moves=(), analyst=None):
    """Run a script of lines, `|` between them; return the session and what was written."""
    game = games.make("connect_four") if game is None else game
    out = io.StringIO()
    made = Session(
        game,
        Scripted(game, opponent),
        side,
        analyst or Oracle(),
        moves=moves,
        reader=io.StringIO("".join(f"{line}\n" for line in lines.split("|"))),
        writer=out,
    )
    made.run()
    return made, out.getvalue()


def test_the_end_of_the_input_ends_the_session_cleanly():
    made, out = session("4|3", opponent="5 5")
    assert made.moves == ["4", "5", "3", "5"] and not made.over
    assert out.endswith("your move> \n")


def test_the_board_and_the_last_move_are_shown_before_each_turn():
    _, out = session("4|quit", opponent="7")
    board = ". . . X . . O\n1 2 3 4 5 6 7\n\nMove 2: 7 (second player, script).\nyour move> "
    assert board in out


@pytest.mark.parametrize(("side", "opponent", "lines", "told"), [
    (Side.FIRST, "1 1 1", "4|4|4|4", "You win!"),
    (Side.SECOND, "4 4 4 4", "1|1|1", "script wins."),
    (Side.SECOND, "4 4 4 5", "1|1|1|1", "You win!"),
])  # fmt: skip
def test_the_winner_is_told_from_the_side_of_the_person(side, opponent, lines, told):
    made, out = session(lines, opponent=opponent, side=side)
    assert made.over and f"Game over. {told}" in out and out.endswith("game over> \n")


def test_a_draw_is_no_win():
    game = games.make("tic_tac_toe")
    names = [game.action_name(game.initial_state(), action) for action in range(9)]
    order = [names[cell] for cell in (0, 1, 2, 4, 3, 5, 7, 6, 8)]
    made, out = session("|".join(order[::2]), game=game, opponent=" ".join(order[1::2]))
    assert made.result() == "draw" and "A draw." in out


def test_undo_takes_back_to_the_persons_previous_turn():
    made, out = session("4|3|undo|quit", opponent="5 5")
    assert made.moves == ["4", "5"] and made.my_turn
    made, out = session("4|3|undo|undo|undo|quit", opponent="5 5")
    assert made.moves == [] and "no move of yours to take back" in out


def test_undo_after_the_end_goes_on_with_the_game():
    made, out = session("4|4|4|4|undo|1|quit", opponent="1 1 1 2")
    assert not made.over and made.moves == ["4", "1", "4", "1", "4", "1", "1", "2"]


def test_undo_as_second_player_does_not_take_back_the_first_move_of_the_other():
    made, out = session("undo|4|undo|quit", opponent="5 5", side=Side.SECOND)
    assert made.moves == ["5"] and "no move of yours" in out


def test_resigning_ends_the_game_and_can_be_taken_back():
    made, out = session("4|resign|3|undo|3|quit", opponent="5 5")
    assert "You resigned: script wins." in out and "the game is over: new, undo" in out
    assert made.moves == ["4", "5", "3", "5"] and not made.over


def test_hint_and_analysis_tell_the_search_and_change_nothing():
    made, out = session("hint|analysis|quit")
    assert "Try 4, expecting 4 3 (q +0.25)." in out
    assert re.search(r"^4 +0\.500 +60 +\+0\.250  4 3$", out, re.MULTILINE)
    assert re.search(r"^1 +0\.500 +0 +-  1$", out, re.MULTILINE)
    assert "60 % of the points (61 simulations)" in out and made.moves == []


def test_bad_lines_are_answered_in_one_line_and_change_nothing():
    made, out = session("8|x|undp||   |quit")
    assert made.moves == []
    assert "illegal move '8'" in out and "cannot read the move 'x'" in out and "did you mean 'undo'?" in out


def test_after_handicap_stones_the_second_player_is_said_to_begin():
    game = games.make("go", size=9, handicap=2)
    out = io.StringIO()
    Session(game, Scripted(game), Side.FIRST, Oracle(), reader=io.StringIO(""), writer=out).introduce()
    assert "you are the first player, and the second player begins" in out.getvalue()


def test_an_illegal_move_is_answered_without_the_position_that_is_on_the_screen():
    game = games.make("go", size=9)
    out = io.StringIO()
    Session(
        game, Scripted(game, "c3"), Side.FIRST, Oracle(), reader=io.StringIO("e5\nc3\n"), writer=out
    ).run()
    assert "illegal move 'c3': that point is taken (? for help)" in out.getvalue()


def test_help_lists_every_command_and_the_legal_moves():
    _, out = session("?|HELP|quit")
    assert out.count("take back, to your previous turn") == 2 and "now: 1, 2, 3, 4, 5, 6, 7" in out


def test_moves_and_a_new_game():
    made, out = session("4|moves|new|moves|quit", opponent="5")
    assert "1. 4  2. 5" in out and "No moves yet." in out and made.moves == []


def test_a_side_that_moves_twice_running_is_asked_twice():
    made, out = session("+1|+1|quit", game=Twice(), opponent="+1 +1")
    assert made.moves == ["+1", "+1", "+1", "+1"] and made.my_turn
    assert "Move 3: +1 (second player, script).\nMove 4: +1 (second player, script)." in out
    assert out.count("your move> ") == 3
    made, _ = session("+1|undo|quit", game=Twice())
    assert made.moves == []
    made, _ = session("+1|+1|undo|quit", game=Twice())
    assert made.moves == ["+1"] and made.my_turn


def test_a_random_side_is_drawn_anew_and_depends_on_the_seed():
    game = games.make("tic_tac_toe")
    sides = {
        Session(game, Scripted(game), Side.RANDOM, Oracle(), seed=seed, reader=io.StringIO()).human
        for seed in range(10)
    }
    assert sides == {0, 1}


def test_a_saved_game_goes_on_where_it_was(tmp_path):
    file = tmp_path / "game.txt"
    session(f"4|3|save {file}|quit", opponent="5 5", side=Side.FIRST)
    record = load_record(file)
    assert record == GameRecord(
        "connect_four:rows=6,cols=7,connect=4", "first", "script", "unfinished", ("4", "5", "3", "5")
    )
    made, _ = session("quit", moves=record.moves)
    assert made.moves == ["4", "5", "3", "5"] and made.my_turn


def test_saving_replaces_saved_games_only(tmp_path):
    file, other = tmp_path / "game.txt", tmp_path / "thesis.txt"
    other.write_text("years of work")
    _, out = session(
        f"save {file}|4|save {file}|save {other}|save {tmp_path / 'no' / 'x'}|quit", opponent="5"
    )
    assert load_record(file).moves == ("4", "5")
    assert "choose another name" in out and other.read_text() == "years of work"
    assert f"{tmp_path / 'no'}: no such folder" in out


@pytest.mark.parametrize(("text", "message"), [
    ("hello", "not a saved game"),
    ("alphazero game record 1\ngame: x\nhuman: first\n", "damaged: no line 'opponent'"),
    ("alphazero game record 1\ngame: x\nhuman: third\nopponent: x\nresult:\nmoves: \n", "expected first or"),
])  # fmt: skip
def test_a_file_that_is_no_saved_game_is_refused(tmp_path, text, message):
    (tmp_path / "x.txt").write_text(text)
    with pytest.raises(ValueError, match=message):
        load_record(tmp_path / "x.txt")


def test_an_illegal_move_in_a_saved_game_is_refused_with_its_number():
    with pytest.raises(ValueError, match="move 2 of the saved game: illegal move '9'"):
        session("quit", moves=("4", "9"))


def test_a_full_disk_leaves_the_game_going_and_no_half_file(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    made, out = session(f"4|save {tmp_path / 'x.txt'}|3|quit", opponent="5 5")
    assert "No space left on device" in out and len(made.moves) == 4 and list(tmp_path.iterdir()) == []


def test_a_long_wait_is_explained_and_a_short_one_is_not():
    said = []
    with explaining_delay(said.append, 100.0):
        pass
    assert said == []
    with explaining_delay(said.append, 0.01):
        time.sleep(0.2)
    assert len(said) == 1 and "compiling" in said[0]


def test_a_record_survives_a_round_trip(tmp_path):
    record = GameRecord("tic_tac_toe", "second", 'model:path="a: b",simulations=3', "draw", ())
    save_record(tmp_path / "x", record)
    assert load_record(tmp_path / "x") == record


def test_the_analyst_finds_the_winning_move_for_either_player():
    game = games.make("connect_four")
    for moves, best in (("1 2 1 2 1 2", "1"), ("7 1 2 1 2 1 3", "1")):
        analysis = Analyst(game, simulations=400).analyze(position_after(game, moves.split()))
        assert analysis.moves[0].move == best and analysis.moves[0].q == 1.0 and analysis.value > 0.5
        assert sum(move.visits for move in analysis.moves) in (399, 400)


def test_the_analyst_refuses_a_finished_game():
    game = games.make("connect_four")
    with pytest.raises(ValueError, match="the game is over"):
        Analyst(game).analyze(position_after(game, "1 2 1 2 1 2 1".split()))
