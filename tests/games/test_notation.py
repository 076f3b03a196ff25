"""Moves as people write them: texts of many moves, numbers in plain digits only, chess moves in any usual spelling."""

import re

import numpy as np
import pytest

import games
from games.notation import join_moves

CONNECT_FOUR, CHESS, OTHELLO = games.make("connect_four"), games.make("chess"), games.make("othello")


@pytest.mark.parametrize("game, text, moves", [
    (CONNECT_FOUR, "445", "4 4 5"),
    (CONNECT_FOUR, "4,4 5", "4 4 5"),
    (CONNECT_FOUR, " 44  5 ", "4 4 5"),
    (CONNECT_FOUR, "1. 4 4 2. 5", "4 4 5"),
    (CONNECT_FOUR, "", ""),
    (games.parse("connect_four:cols=12"), "12 112", "12 1 1 2"),
    (games.make("factored-tic_tac_toe"), "b2a1", "b 2 a 1"),
    (games.make("tic_tac_toe"), "b2a1", "b2 a1"),
    (CHESS, "1. e4 e5 2. Nf3", "e4 e5 Nf3"),
    (CHESS, "1.e4 e5 2.Nf3 Nc6 3.Bb5 a6 1/2-1/2", "1.e4 e5 2.Nf3 Nc6 3.Bb5 a6"),
    (CHESS, "1. e4 1... c5 2 . Nf3 *".replace("2 .", "2."), "e4 c5 Nf3"),
    (CHESS, "f3,e5,g4,Qh4# 0-1", "f3 e5 g4 Qh4#"),
    (OTHELLO, "f5d6c3d3c4", "f5 d6 c3 d3 c4"),
    (OTHELLO, "F5 D6", "F5 D6"),
    (games.make("hex"), "a1 b2,c11", "a1 b2 c11"),
    (games.make("go"), "pass d4", "pass d4"),
    (games.make("breakthrough"), "1. a2-a3 a7-a6", "a2-a3 a7-a6"),
])  # fmt: skip
def test_a_text_of_moves_is_taken_apart(game, text, moves):
    assert games.split_moves(game, text) == moves.split()
    actions, state = games.play_moves(game, text)
    expected = game.initial_state()
    for action, move in zip(actions, moves.split(), strict=True):
        assert action == game.parse_action(expected, move)
        game.play(expected, action)
    assert state.tobytes() == expected.tobytes()


def test_moves_are_played_from_a_position_which_stays_as_it_is():
    start = CONNECT_FOUR.parse_state("......./......./......./......./......./...x...")
    actions, state = games.play_moves(CONNECT_FOUR, ["4", "55"], start)
    assert actions == [3, 4, 4] and start["plies"] == 1 and state["plies"] == 4
    assert games.play_moves(CONNECT_FOUR, "", np.array([start], CONNECT_FOUR.state_dtype)[0])[1] == start


@pytest.mark.parametrize("game, text, why", [
    (CONNECT_FOUR, "448", "^move 3: illegal move '8' in .*: legal columns are 1, 2"),
    (CONNECT_FOUR, "4444444", "^move 7: illegal move '4'"),
    (CONNECT_FOUR, "4 x4", "^move 2: cannot read the move 'x4'"),
    (CONNECT_FOUR, "4x", "^move 2: cannot read the move 'x'"),
    (CONNECT_FOUR, "12121212", "^move 8: illegal move '2' .* none, the game is over"),
    (games.parse("connect_four:cols=12,rows=1"), "12 12", "^move 2: illegal move '12'"),
    (CHESS, "1. e4 e4", "^move 2: illegal move 'e4'"),
    (CHESS, "1. e4 1-0 e5", "^move 2: cannot read the move '1-0'"),
    (CHESS, "e4 hello", "^move 2: cannot read the move 'hello'"),
    (OTHELLO, "f5d6d6", "^move 3: illegal move 'd6'"),
])  # fmt: skip
def test_the_first_move_that_cannot_be_is_named_with_its_number(game, text, why):
    for read in (games.play_moves, games.split_moves):
        with pytest.raises(ValueError, match=why):
            read(game, text)


@pytest.mark.parametrize("game, names", [
    (CONNECT_FOUR, []), (CONNECT_FOUR, ["4"]), (CONNECT_FOUR, ["4", "3"]), (OTHELLO, ["d3"]), (OTHELLO, ["d3", "c3"]),
    (games.parse("connect_four:cols=12"), ["10", "3"]), (CHESS, ["e4"]),
])  # fmt: skip
def test_moves_in_one_word_are_read_back(game, names):
    assert " " not in join_moves(names) and games.split_moves(game, join_moves(names)) == names


SPELLINGS = (
    ("r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1", "O-O", "o-o 0-0 O-O+ o-o! 1.o-o 12. 0-0 e1g1"),
    ("r3k2r/8/8/8/8/8/8/R3K2R b KQkq - 0 1", "O-O-O", "o-o-o 0-0-0 O-O-O#?! 1...o-o-o 1... 0-0-0 e8c8"),
    ("startpos", "Nf3", "nf3 Nf3! nf3?! 1.Nf3 1. nf3 1\u2026Nf3 Ng1-f3 ng1f3 g1f3 Ng1f3 ...Nf3"),
    ("startpos", "e4", "e2-e4 e2e4 1.e4 e4! 1. e2-e4??"),
    ("7k/4P3/8/8/8/8/8/K7 w - - 0 1", "e8=Q+", "e8=Q e8Q e8q e7e8=Q e7e8q e7e8Q e7-e8=q+ e8=Q+!!"),
    ("7k/4P3/8/8/8/8/8/K7 w - - 0 1", "e8=N", "e7e8n e8n e7e8=N"),
    ("4k3/8/8/3Pp3/8/8/8/4K3 w - e6 0 2", "dxe6", "dxe6 d5xe6 d5e6 dxe6e.p. dxe6~e.p."),
    ("4k3/8/8/3p4/2P5/1B6/8/4K3 w - - 0 1", "cxd5", "cxd5 c4xd5 c4d5 cd5"),
    ("4k3/8/8/8/8/2p5/1P6/B3K3 w - - 0 1", "bxc3", "bxc3 bc3 b2c3 b2xc3"),
    ("4k3/8/8/8/8/2p5/8/B3K3 w - - 0 1", "Bxc3", "bxc3 Bxc3 bc3 a1c3 Bxc3+"),
    ("4k3/8/8/8/8/8/8/K2QR3 b - - 0 1", "Kf7", "kf7 Ke8-f7 e8f7 1... kf7"),
)  # fmt: skip


@pytest.mark.parametrize("fen, name, texts", SPELLINGS)
def test_a_chess_move_is_read_in_every_usual_spelling(fen, name, texts):
    state = CHESS.initial_state() if fen == "startpos" else CHESS.parse_state(fen)
    action = CHESS.parse_action(state, name)
    assert CHESS.action_name(state, action) == name
    words = re.sub(r"(\d\.+) ", r"\1~", texts).split()
    for text in (word.replace("~", " ") for word in words):
        assert CHESS.parse_action(state, text) == action, text


@pytest.mark.parametrize("fen, text, why", [
    ("4k3/8/8/8/8/2p5/1P6/B3K3 w - - 0 1", "b1c3", "illegal move"),  # the bishop on a1 could take there
    ("4k3/8/8/8/8/8/8/1N2KN2 w - - 0 1", "nd2", "cannot tell which move 'nd2' is"),
    ("4k3/8/8/8/8/8/8/4K2R w - - 0 1", "o-o", "illegal move 'o-o'"),
    ("4k3/8/8/8/8/8/8/4K2R w K - 0 1", "o-o-o", "illegal move 'o-o-o'"),
    ("4k3/8/8/8/8/8/8/4K2R w K - 0 1", "1.", "cannot read the move '1.'"),
    ("4k3/8/8/8/8/8/8/4K2R w K - 0 1", "{}!", "cannot read the move '{}!'"),
    ("4k3/8/8/8/8/8/8/4K2R w K - 0 1", "...", "cannot read the move"),
    ("4k3/8/8/8/8/8/8/4K2R w K - 0 1", "e\u0662e4", "cannot read the move"),
])  # fmt: skip
def test_no_spelling_is_taken_for_another_move(fen, text, why):
    with pytest.raises(ValueError, match=why):
        CHESS.parse_action(CHESS.parse_state(fen), text)


@pytest.mark.parametrize("text, move", [
    ("connect_four", "4"), ("connect_four:rows=12,cols=12", "4"), ("tic_tac_toe", "b2"), ("gomoku", "c3"),
    ("hex", "b4"), ("othello", "d3"), ("othello:size=10", "e4"), ("go", "d4"), ("breakthrough", "a2-a3"),
    ("factored-tic_tac_toe", "b"),
])  # fmt: skip
def test_numbers_of_moves_are_plain_digits(text, move):
    """Other digits, signs and leading zeros are refused, wherever a game reads a number."""
    game = games.parse(text)
    state = game.initial_state()
    game.parse_action(state, move)
    for digit in set(filter(str.isdigit, move)):
        strange = [chr(0x660 + int(digit)), chr(0xFF10 + int(digit))]
        for other in (f"0{digit}", f"+{digit}", f"-{digit}", f"{digit}.", *strange):
            with pytest.raises(ValueError):
                game.parse_action(state, move.replace(digit, other))
    with pytest.raises(ValueError):
        game.parse_action(state, "9" * 5000)


STRANGE_COUNTERS = ("04 1", "+4 1", "\u0664 1", "4 01", "4 +1", "4 \u0661", "-4 1", "4 -1", "4.0 1", "4_0 1")


@pytest.mark.parametrize("counters", STRANGE_COUNTERS)
def test_counters_of_a_position_are_plain_digits(counters):
    with pytest.raises(ValueError, match="cannot read the position"):
        CHESS.parse_state(f"4k3/8/8/8/8/8/8/4K2R w - - {counters}")


@pytest.mark.parametrize("text, state", [
    ("4k3/8/8/8/8/8/8/4K2R w K -", "4k3/8/8/8/8/8/8/4K2R w K - 0 1"),
    ("4k3/8/8/8/8/8/8/4K2R w K - 7", "4k3/8/8/8/8/8/8/4K2R w K - 7 1"),
    ('4k3/8/8/8/8/8/8/4K2R w K - bm O-O Rh8+; id "a; b"; acd 12;', "4k3/8/8/8/8/8/8/4K2R w K - 0 1"),
    ('4k3/8/8/8/8/8/8/4K2R b - - am Kd8; c0 "no good";', "4k3/8/8/8/8/8/8/4K2R b - - 0 1"),
    ("4k3/8/8/8/8/8/8/4K2R w K - hmvc 7; fmvn 30;", "4k3/8/8/8/8/8/8/4K2R w K - 7 30"),
    ('4k3/8/8/8/8/8/8/4K2R w K - 7 30 bm O-O; id "x";', "4k3/8/8/8/8/8/8/4K2R w K - 7 30"),
    ("4k3/8/8/8/8/8/8/4K2R w K - 7 30; bm O-O;", "4k3/8/8/8/8/8/8/4K2R w K - 7 30"),
    ("  4k3/8/8/8/8/8/8/4K2R  w K -  7 30\n", "4k3/8/8/8/8/8/8/4K2R w K - 7 30"),
    ("4k3/8/8/4pP2/8/8/8/4K2R w - e6 50 30", "4k3/8/8/4pP2/8/8/8/4K2R w - e6 50 30"),  # as published sets have it
    ("4k3/8/8/8/Pp6/8/8/4K2R b - a3 1 30", "4k3/8/8/8/Pp6/8/8/4K2R b - a3 1 30"),
    ("4k3/8/8/8/P7/8/8/4K2R b - a3 1 30", "4k3/8/8/8/P7/8/8/4K2R b - - 1 30"),
])  # fmt: skip
def test_positions_of_chess_are_read_as_fen_and_epd(text, state):
    assert CHESS.state_text(CHESS.parse_state(text)) == state


@pytest.mark.parametrize("text, why", [
    ("4k3/8/8/8/8/8/8/4K2R w K - bm Kh8;", "as a FEN or EPD: .*illegal san"),
    ("4k3/8/8/8/8/8/8/4K2R w K - hmvc -3;", "as a FEN or EPD: .*cannot be negative"),
    ("4k3/8/8/8/8/8/8/4K2R w K - hmvc x;", "as a FEN or EPD"),
    ("4k3/8/8/8/8/8/8/4K2R w K - 0 1 2 3", "as a FEN or EPD: .*2"),
    ("", "as a FEN"),
    ("4k3/8/8/8/8/8/8/4K2R w - e6 50 30", "no pawn can have passed the square"),
])  # fmt: skip
def test_positions_of_chess_that_cannot_be_read_are_refused(text, why):
    with pytest.raises(ValueError, match=why):
        CHESS.parse_state(text)
