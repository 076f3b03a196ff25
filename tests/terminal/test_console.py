"""Playing in the terminal, by scripts of lines: moves, undo, resigning, saving, a side that moves twice."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import games
from alphazero.play.analysis import Analysis, MoveAnalysis
from alphazero.play.engine import Engine, Limit, PlayerEngine
from alphazero.play.player import Decisions, Player, Turns
from alphazero.terminal import Console, GameInPlay, GameRecord, Setup, Side, game_of_record, load_record


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


class Oracle(Engine):
    """Says the same of every position."""

    def __init__(self, game):
        super().__init__(game, "oracle", Limit())

    def _think(self, limit, report, lines) -> Analysis:
        moves = (MoveAnalysis(3, "4", 0.5, 60, 0.25, ("4", "3")), MoveAnalysis(0, "1", 0.5, 0, 0.0, ("1",)))
        return Analysis(0, 0.2, 61, moves, 3)


class Twice(NamedTuple):
    """Each player counts two up in turn, by 1 or 2 a move; whoever passes six has won. Plain Python."""

    name, rules = "twice", {}
    num_actions = 2
    state_dtype = np.dtype([("total", np.int64), ("plies", np.int64)])

    def initial_state(self):
        return np.zeros(1, self.state_dtype).view(np.recarray)[0]

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

    def render(self, state, view=0):
        return f"total {state['total']}"

    def end_reason(self, state):
        return "six is passed"


def setup_for(
    game=None, opponent: str = "", side: Side = Side.FIRST, start=None, name: str = "script"
) -> Setup:
    """Return who plays whom: a person against a script, or two people."""
    game = games.make("connect_four") if game is None else game
    engine = None if side is Side.BOTH else PlayerEngine(Scripted(game, opponent))
    text = "human" if side is Side.BOTH else "random"
    return Setup(game, side, engine, text, name, lambda: Oracle(game), start)


def session(lines: str, *, moves=(), setup=None, reader=None, **settings):
    """Run a script of lines, `|` between them; return the console and what was written."""
    setup = setup or setup_for(**settings)
    record = GameRecord(games.spec(setup.game), "first", "random", "unfinished", tuple(moves))
    out = io.StringIO()
    console = Console(
        setup,
        played=game_of_record(setup, record) if moves else None,
        open_record=lambda other: setup_for(games.parse(other.game), side=Side(other.human)),
        reader=reader or io.StringIO("".join(f"{line}\n" for line in lines.split("|"))),
        writer=out,
    )
    console.run()
    return console, out.getvalue()


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_end_of_the_input_ends_the_session_cleanly():
    made, out = session("4|3", opponent="5 5")
    assert made.played.moves == ["4", "5", "3", "5"] and not made.played.over
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
    assert made.played.over and f"Game over. {told}" in out and out.endswith("game over> \n")


def test_a_draw_is_no_win():
    game = games.make("tic_tac_toe")
    names = [game.action_name(game.initial_state(), action) for action in range(9)]
    order = [names[cell] for cell in (0, 1, 2, 4, 3, 5, 7, 6, 8)]
    made, out = session("|".join(order[::2]), game=game, opponent=" ".join(order[1::2]))
    assert made.played.result() == "draw" and "A draw." in out


def test_undo_takes_back_to_the_persons_previous_turn():
    made, out = session("4|3|undo|quit", opponent="5 5")
    assert made.played.moves == ["4", "5"] and made.played.person_to_move
    made, out = session("4|3|undo|undo|undo|quit", opponent="5 5")
    assert made.played.moves == [] and "no move of yours to take back" in out


def test_undo_after_the_end_goes_on_with_the_game():
    made, out = session("4|4|4|4|undo|1|quit", opponent="1 1 1 2")
    assert not made.played.over and made.played.moves == ["4", "1", "4", "1", "4", "1", "1", "2"]


def test_undo_as_second_player_does_not_take_back_the_first_move_of_the_other():
    made, out = session("undo|4|undo|quit", opponent="5 5", side=Side.SECOND)
    assert made.played.moves == ["5"] and "no move of yours" in out


def test_resigning_ends_the_game_and_can_be_taken_back():
    made, out = session("4|resign|3|undo|3|quit", opponent="5 5")
    assert "You resigned: script wins." in out and "the game is over: new, undo" in out
    assert made.played.moves == ["4", "5", "3", "5"] and not made.played.over


def test_hint_and_analysis_tell_the_search_and_change_nothing():
    made, out = session("hint|analysis|quit")
    assert "Try 4, expecting 4 3 (q +0.25)." in out
    assert re.search(r"^4 +0\.500 +60 +\+0\.250  4 3$", out, re.MULTILINE)
    assert re.search(r"^1 +0\.500 +0 +-  1$", out, re.MULTILINE)
    assert "60 % of the points (61 simulations)" in out and made.played.moves == []


def test_bad_lines_are_answered_in_one_line_and_change_nothing():
    made, out = session("8|x|undp||   |quit")
    assert made.played.moves == []
    assert "illegal move '8'" in out and "cannot read the move 'x'" in out and "did you mean 'undo'?" in out


def test_after_handicap_stones_the_second_player_is_said_to_begin():
    game = games.make("go", size=9, handicap=2)
    _, out = session("quit", game=game)
    assert "you are the first player, and the second player begins" in out


def test_an_illegal_move_is_answered_without_the_position_that_is_on_the_screen():
    game = games.make("go", size=9)
    _, out = session("e5|c3|quit", game=game, opponent="c3")
    assert "illegal move 'c3': that point is taken (? for help)" in out


def test_help_lists_every_command_and_the_legal_moves():
    _, out = session("?|HELP|quit")
    assert out.count("take back, to your previous turn") == 2 and "now: 1, 2, 3, 4, 5, 6, 7" in out


def test_moves_and_a_new_game():
    made, out = session("4|moves|new|moves|quit", opponent="5")
    assert "1. 4  2. 5" in out and "No moves yet." in out and made.played.moves == []


def test_a_side_that_moves_twice_running_is_asked_twice():
    made, out = session("+1|+1|quit", game=Twice(), opponent="+1 +1")
    assert made.played.moves == ["+1", "+1", "+1", "+1"] and made.played.person_to_move
    assert "Move 3: +1 (second player, script).\nMove 4: +1 (second player, script)." in out
    assert out.count("your move> ") == 3
    made, _ = session("+1|undo|quit", game=Twice())
    assert made.played.moves == []
    made, _ = session("+1|+1|undo|quit", game=Twice())
    assert made.played.moves == ["+1"] and made.played.person_to_move


def test_a_random_side_is_drawn_anew_and_depends_on_the_seed():
    game = games.make("tic_tac_toe")
    sides = set()
    for seed in range(10):
        setup = setup_for(game, side=Side.RANDOM)
        sides |= Console(setup, seed=seed, reader=io.StringIO(), writer=io.StringIO()).played.people
    assert sides == {0, 1}


def test_a_saved_game_goes_on_where_it_was(tmp_path):
    file = tmp_path / "game.txt"
    session(f"4|3|save {file}|quit", opponent="5 5", side=Side.FIRST)
    record = load_record(file)
    assert record == GameRecord(
        "connect_four:rows=6,cols=7,connect=4", "first", "random", "unfinished", ("4", "5", "3", "5")
    )
    made, _ = session("quit", moves=record.moves)
    assert made.played.moves == ["4", "5", "3", "5"] and made.played.person_to_move


def test_saving_replaces_saved_games_only(tmp_path):
    file, other = tmp_path / "game.txt", tmp_path / "thesis.txt"
    other.write_text("years of work")
    _, out = session(
        f"save {file}|4|save {file}|save {other}|save {tmp_path / 'no' / 'x'}|quit", opponent="5"
    )
    assert load_record(file).moves == ("4", "5")
    assert "choose another name" in out and other.read_text() == "years of work"
    assert f"{tmp_path / 'no'}: no such folder" in out


def test_an_illegal_move_in_a_saved_game_is_refused_with_its_number():
    with pytest.raises(ValueError, match="move 2 of the saved game: illegal move '9'"):
        session("quit", moves=("4", "9"))


def test_a_full_disk_leaves_the_game_going_and_no_half_file(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    made, out = session(f"4|save {tmp_path / 'x.txt'}|3|quit", opponent="5 5")
    assert "No space left on device" in out and len(made.played.moves) == 4 and list(tmp_path.iterdir()) == []


def test_two_people_have_every_command():
    made, out = session("?|4|5|undo|3|board|moves|resign|quit", side=Side.BOTH)
    assert made.played.moves == ["4", "3"] and made.played.resigned == 0
    assert "take back, to your previous turn" in out and "1. 4  2. 3" in out
    assert "The first player resigned: the second player wins." in out
    assert "first player> " in out and "second player> " in out and out.endswith("game over> ")


@pytest.mark.parametrize(("lines", "told"), [
    ("4|1|4|1|4|1|4", "The first player wins. Four in a line."), ("1|4|2|4|1|4|2|4", "The second player wins."),
])  # fmt: skip
def test_of_two_people_the_winner_is_named_by_side(lines, told):
    _, out = session(lines, side=Side.BOTH)
    assert f"Game over. {told}" in out


def test_the_end_of_a_game_says_why():
    game = games.make("chess")
    _, out = session("f2f3|e7e5|g2g4|d8h4", game=game, side=Side.BOTH)
    assert "Game over. The second player wins. Checkmate." in out
    _, out = session("1. f3 e5 2. g4 Qh4#", game=game, side=Side.BOTH)
    assert "Game over. The second player wins. Checkmate." in out


def test_undo_takes_back_as_many_turns_as_it_is_told():
    made, out = session("4|3|2|undo 2|quit", opponent="5 5 5")
    assert made.played.moves == ["4", "5"]
    made, out = session("4|3|resign|undo 2|quit", opponent="5 5")
    assert made.played.moves == ["4", "5"] and not made.played.over  # the resignation is a turn too
    made, out = session("4|undo 2|undo 0|undo x|undo -1|quit", opponent="5")
    assert made.played.moves == ["4", "5"] and "there is only 1 turn to take back" in out
    assert out.count("expected how many turns, a whole number of at least 1") == 3
    made, _ = session("4|5|3|undo 2|quit", side=Side.BOTH)
    assert made.played.moves == ["4"]


@pytest.mark.parametrize(
    "line", ["hint x", "analysis 3", "board 2", "moves all", "resign now", "new go", "quit no", "? 4"]
)
def test_what_a_command_does_not_take_is_refused_in_one_line_and_nothing_is_done(line):
    made, out = session(f"4|{line}", opponent="5")
    assert made.played.moves == ["4", "5"] and not made.played.over and not made.quitting
    assert "nothing was expected there" in out and "Try" not in out


def test_moves_are_typed_as_games_write_them_and_several_at_once_where_all_are_ones_own():
    made, _ = session("1. 4 5 2. 3|44|quit", side=Side.BOTH)
    assert made.played.moves == ["4", "5", "3", "4", "4"]
    made, out = session("4 5|quit", opponent="5")
    assert made.played.moves == [] and "moves for both sides: type your own alone" in out
    made, out = session("4 9|quit", side=Side.BOTH)
    assert made.played.moves == [] and "move 2" in out


def test_the_chess_board_is_seen_from_the_side_of_the_person():
    game = games.make("chess")
    state = game.initial_state()
    game.play(state, game.parse_action(state, "e2e4"))
    assert game.render(state, 0) != game.render(state, 1)
    _, out = session("quit", game=game, side=Side.SECOND, opponent="e2e4")
    assert game.render(state, 1) in out and game.render(state, 0) not in out
    _, out = session("e2e4|quit", game=game, side=Side.BOTH)
    assert game.render(state, 0) in out and game.render(state, 1) not in out


def test_a_game_can_begin_from_any_position_and_is_saved_with_it(tmp_path):
    game = games.make("connect_four")
    start = game.initial_state()
    for action in (3, 3, 2):
        game.play(start, action)
    made, _ = session("4|save x.txt|new|quit", game=game, side=Side.SECOND, start=start, opponent="5")
    assert load_record("x.txt").start == game.state_text(start) and load_record("x.txt").moves == ("4", "5")
    assert made.played.moves == [] and game.state_text(made.played.state) == game.state_text(start)


def test_saving_does_not_replace_another_game_until_it_is_told(tmp_path):
    session("4|save mine.txt|quit", opponent="5")
    made, out = session("1|save mine.txt|quit", opponent="2")
    assert "mine.txt holds another game: choose another name, or type save! mine.txt" in out
    assert load_record("mine.txt").moves == ("4", "5")
    made, _ = session(
        "1|save! mine.txt|3|save|quit", opponent="2 2"
    )  # and from then on it is this game's own
    assert load_record("mine.txt").moves == ("1", "2", "3", "2")


def test_a_tilde_is_the_home_of_the_user(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    _, out = session("4|save ~/x.txt|new|load ~/x.txt|moves|quit", opponent="5")
    assert load_record(home / "x.txt").moves == ("4", "5") and f"--load {home}/x.txt" in out
    assert "1. 4  2. 5" in out and not (tmp_path / "~").exists()


def test_a_saved_game_is_loaded_in_the_middle_of_another():
    session("4|save mine.txt|quit", opponent="5")
    made, out = session("1|load|load none.txt|load mine.txt|moves|save|quit", opponent="2")
    assert "load FILE" in out and "none.txt: No such file" in out
    assert made.played.moves == ["4", "5"] and str(made.file) == "mine.txt"
    (made.file.parent / "bad.txt").write_text(
        "alphazero game record 1\ngame: go\nhuman: first\nopponent: x\n"
    )
    made, out = session("1|load bad.txt|quit", opponent="2")
    assert made.played.moves == ["1", "2"] and "bad.txt: damaged" in out


def test_a_loaded_game_that_was_resigned_is_over_and_can_be_taken_up_again():
    session("4|resign|save mine.txt|quit", opponent="5")
    made, out = session("load mine.txt|3|undo|3|quit")
    assert "You resigned: script wins." in out and "the game is over" in out
    assert made.played.moves[:3] == ["4", "5", "3"] and not made.played.over


class Interrupted(io.StringIO):
    """Input in the middle of which somebody presses Ctrl-C."""

    def readline(self, *_):
        line = super().readline()
        if line == "^C\n":
            raise KeyboardInterrupt
        return line


def kept_file(out: str) -> str:
    return re.search(r"The game is kept; go on with: alphazero play --load (\S+)", out)[1]


def interrupted(lines: str, **settings) -> str:
    out = io.StringIO()
    reader = Interrupted("".join(f"{line}\n" for line in lines.split("|")))
    with pytest.raises(KeyboardInterrupt):
        Console(setup_for(**settings), reader=reader, writer=out).run()
    return out.getvalue()


def test_an_interruption_keeps_the_game_and_says_where():
    file = kept_file(interrupted("4|3|^C", opponent="5 5"))
    assert load_record(file).moves == ("4", "5", "3", "5")


def test_an_interruption_keeps_nothing_that_is_not_played_or_is_saved_already(tmp_path):
    assert "kept" not in interrupted("^C") and "kept" not in interrupted("4|save x.txt|^C", opponent="5")
    assert [path.name for path in tmp_path.iterdir()] == ["x.txt"]
    file = kept_file(interrupted("4|save! x.txt|3|^C", opponent="5 5"))  # something was played since
    assert len(load_record(file).moves) == 4 and len(load_record("x.txt").moves) == 2


def test_a_game_is_kept_elsewhere_where_nothing_can_be_written(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    monkeypatch.setattr(Console, "_new_file", lambda self: Path("no such folder/x.txt"))
    (elsewhere / "no such folder").mkdir()
    assert "elsewhere/no such folder/x.txt" in interrupted("4|^C", opponent="5")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    assert "The game could not be kept" in interrupted("4|^C", opponent="5")


def test_an_opponent_that_fails_does_not_lose_the_game(tmp_path):
    with pytest.raises(ValueError, match="illegal move"):
        session("4|3", opponent="5 9")
    (file,) = tmp_path.iterdir()
    assert load_record(file).moves == ("4", "5", "3")


def test_bytes_that_are_no_text_do_not_end_the_session(monkeypatch, capsys):
    lines = io.TextIOWrapper(io.BytesIO(b"4\n\xff\xfe3\n2\nquit\n"), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", lines)
    console = Console(setup_for(opponent="5 5"))
    console.run()
    assert console.played.moves == ["4", "5", "2", "5"]
    assert "cannot read the move '\\\\xff\\\\xfe3'" in capsys.readouterr().out


def test_what_would_act_on_the_terminal_is_printed_as_letters():
    _, out = session("4|1\x1b[2J|save a\x1b]0;x\x07.txt|resign|quit", opponent="5", name="\x1b[31mmodel\x07")
    assert "\x1b" not in out and "\x07" not in out and "\\x1b[31mmodel\\x07 wins" in out


def test_a_game_in_play_knows_no_streams_and_refuses_what_is_illegal():
    played = GameInPlay(games.make("connect_four"), {0}, actions=[3, 3])
    with pytest.raises(ValueError, match="illegal action 7"):
        played.play(7)
    assert played.moves == ["4", "4"] and played.outcome is None and played.result() == "unfinished"
    played.resign()
    assert played.outcome == -1 and played.result() == "first player resigned"
