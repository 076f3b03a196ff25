"""Saved games: written whole, read back, and refused where they are something else."""

import pytest

from alphazero.terminal import GameRecord, load_record, save_record


@pytest.mark.parametrize(("text", "message"), [
    ("hello", "not a saved game"),
    ("alphazero game record 1\ngame: x\nhuman: first\n", "damaged: no line 'opponent'"),
    ("alphazero game record 1\ngame: x\nhuman: third\nopponent: x\nresult:\nmoves: \n", "expected first or"),
])  # fmt: skip
def test_a_file_that_is_no_saved_game_is_refused(tmp_path, text, message):
    (tmp_path / "x.txt").write_text(text)
    with pytest.raises(ValueError, match=message):
        load_record(tmp_path / "x.txt")


def test_a_record_survives_a_round_trip(tmp_path):
    record = GameRecord("tic_tac_toe", "second", 'model:path="a: b",simulations=3', "draw", ())
    save_record(tmp_path / "x", record)
    assert load_record(tmp_path / "x") == record


def test_a_resignation_and_a_start_are_read_back(tmp_path):
    for side, player in (("first", 0), ("second", 1)):
        record = GameRecord("go:size=9", "both", "human", f"{side} player resigned", ("e5",), "some position")
        save_record(tmp_path / "x", record)
        assert load_record(tmp_path / "x") == record and record.resigned == player
    assert GameRecord("go", "first", "random", "second player won", ()).resigned is None


def test_a_game_saved_by_an_earlier_version_is_read(tmp_path):
    text = (
        "human: first\nopponent: the champion (400 simulations)\nresult: first player resigned\nmoves: 4 4\n"
    )
    (tmp_path / "x").write_text("alphazero game record 1\ngame: connect_four\n" + text)
    record = load_record(tmp_path / "x")
    assert (record.moves, record.start, record.resigned) == (("4", "4"), "", 0)


def test_nothing_that_acts_on_a_terminal_or_breaks_lines_is_written(tmp_path):
    save_record(tmp_path / "x", GameRecord("go", "first", "model:path=\x1b[2J\nmoves: zz", "", ("e5",)))
    text = (tmp_path / "x").read_text()
    assert "\x1b" not in text and len(text.splitlines()) == 6
    assert load_record(tmp_path / "x").moves == ("e5",)


@pytest.mark.parametrize("make", [
    lambda path: path.write_bytes(b"alphazero game record 1\ngame: \xff\n"),
    lambda path: path.write_bytes(b"alphazero game record 1\n" + b"x" * 2_000_000),
    lambda path: path.write_bytes(b""),
])  # fmt: skip
def test_other_bytes_are_refused_in_one_line_that_names_the_file(tmp_path, make):
    make(tmp_path / "x")
    with pytest.raises(ValueError, match=f"^{tmp_path / 'x'}: [^\n]*$"):
        load_record(tmp_path / "x")
