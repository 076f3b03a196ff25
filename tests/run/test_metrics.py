"""metrics.jsonl is read in one place: whole events in order, damage by file and line."""

import json
import os
from pathlib import Path

import pytest

from alphazero.run.doctor import read_run
from alphazero.run.metrics import events, read_metrics
from alphazero.run.plots import plot_run

ROOT = Path(__file__).parent.parent.parent
ROWS = [{"event": "start", "game": "hex"}, {"event": "generation", "generation": 1}, {"event": "rating"}]


def write(folder: Path, text: str | bytes) -> Path:
    (folder / "metrics.jsonl").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_events_come_back_in_order_from_the_folder_and_from_the_file(tmp_path):
    write(tmp_path, "".join(json.dumps(row) + "\n" for row in ROWS))
    assert read_metrics(tmp_path) == read_metrics(tmp_path / "metrics.jsonl") == ROWS
    assert events(read_metrics(tmp_path), "generation") == ROWS[1:2]


@pytest.mark.parametrize("tail", ['{"event": "gener', '{"event": "end"', "{", '{"event": "é'])
def test_an_unfinished_last_line_is_passed_over(tmp_path, tail):
    text = json.dumps(ROWS[0]) + "\n" + tail
    for end in range(len(text) - len(tail) + 1, len(text) + 1):
        assert read_metrics(write(tmp_path, text[:end])) == ROWS[:1]
    assert read_metrics(write(tmp_path, text.encode()[:-1])) == ROWS[:1]


@pytest.mark.parametrize(("text", "message"), [
    (None, "not the folder of a run: it has no metrics.jsonl"),
    ("", "no events yet"),
    ("\n\n", "no events yet"),
    ('{"event": "sta', "line 1 is damaged or unfinished"),
    ('{"event": \n{"event": "start"}\n', "metrics.jsonl: line 1 is damaged"),
    ('{"event": "start"}\n\n{"event": "end"]\n{"event": "end"}\n', "metrics.jsonl: line 3 is damaged"),
    ("3\n", "line 1 is damaged: no event"),
    ('{"time": 3}\n', "line 1 is damaged: no event"),
    ('{"event": 3}\n', "line 1 is damaged: no event"),
    (b'{"event": "start\xff"}\n{"event": "end"}\n', "line 1 is damaged"),
    ('{"event": "a", "b": ' + "[" * 99999 + '\n{"event": "end"}\n', "line 1 is damaged: nested too deep"),
])  # fmt: skip
def test_metrics_that_cannot_be_read_are_refused_in_one_line(tmp_path, text, message):
    if text is not None:
        write(tmp_path, text)
    for read in (read_metrics, plot_run, read_run):
        with pytest.raises(ValueError, match=message) as error:
            read(tmp_path)
        assert "\n" not in str(error.value) and str(tmp_path) in str(error.value)


def test_a_pipe_is_no_metrics(tmp_path):
    os.mkfifo(tmp_path / "metrics.jsonl")
    with pytest.raises(ValueError, match="a device, pipe or socket, expected a file"):
        read_metrics(tmp_path)


def test_nobody_else_reads_metrics_by_hand():
    """Readers ask `read_metrics`; files that write them or name them in words do not parse them."""
    by_hand = [
        str(path.relative_to(ROOT))
        for package in ("alphazero", "tools")
        for path in (ROOT / package).rglob("*.py")
        if '/ "metrics.jsonl")' in path.read_text(encoding="utf-8")
    ]
    assert by_hand == []


def test_a_run_that_is_not_there_is_named_as_it_was_given(tmp_path):
    with pytest.raises(ValueError, match="nowhere: no such folder of a run"):
        read_metrics(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="not the folder of a run: it has no metrics.jsonl"):
        read_metrics(tmp_path)
