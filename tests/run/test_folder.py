"""The files of a run: what counts, what is taken away, what is refused."""

import json

import numpy as np
import pytest
import torch

from alphazero.data.games import no_games
from alphazero.methods.selfplay_counts import counts_of, selfplay_row, wrong_resignations
from alphazero.run.checkpoints import load_learner, load_under_way, save_learner, save_under_way
from alphazero.run.folder import RunFolder
from alphazero.run.integrity import PROGRESS, Committed, read_committed
from alphazero.run.method import UnderWay
from alphazero.run.progress import Progress, upgraded
from alphazero.selfplay.selfplay import Tally
from tests.selfplay.helpers import random_games, same, worker


def lines(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_a_folder_is_locked_while_it_is_open_and_free_afterwards(tmp_path):
    with RunFolder(tmp_path):
        with pytest.raises(ValueError, match="another process is training in this folder"):
            RunFolder(tmp_path)
    with RunFolder(tmp_path):
        pass


def test_lines_after_the_last_commit_are_taken_away(tmp_path):
    (tmp_path / "config.toml").write_text("")
    with RunFolder(tmp_path) as folder:
        folder.log("start", a=1)
        folder.commit(Progress())
        folder.log("generation", a=2)
    with RunFolder(tmp_path) as folder:
        folder.go_back(read_committed(tmp_path))
        folder.log("resume", a=3)
        folder.commit(Progress())
        folder.log("lost")
    with RunFolder(tmp_path) as folder:
        folder.go_back(read_committed(tmp_path))
        folder.commit(Progress())
    assert [row["event"] for row in lines(tmp_path)] == ["start", "resume"]
    assert read_committed(tmp_path).metrics_bytes == (tmp_path / "metrics.jsonl").stat().st_size


def test_metrics_that_were_lost_are_not_filled_with_zeros(tmp_path):
    (tmp_path / "config.toml").write_text("")
    with RunFolder(tmp_path) as folder:
        folder.log("start", text="x" * 1000)
        folder.commit(Progress())
    (tmp_path / "metrics.jsonl").unlink()
    with RunFolder(tmp_path) as folder:
        folder.go_back(read_committed(tmp_path))
        folder.log("resume")
    assert [row["event"] for row in lines(tmp_path)] == ["resume"]


def test_numbers_that_are_not_finite_are_written_as_null(tmp_path):
    with RunFolder(tmp_path) as folder:
        folder.log("generation", loss=float("nan"), norm=float("inf"), games=3)
    assert [lines(tmp_path)[0][key] for key in ("loss", "norm", "games")] == [None, None, 3]


def test_files_that_no_commit_names_are_taken_away_and_all_others_stay(tmp_path):
    names = [
        "selfplay/generation-000001-000000.npz",
        "selfplay/generation-000001-000000.json",
        "checkpoints/learner-000001.pt",
        "checkpoints/learner-000001.under_way",
    ]
    newer = [
        "checkpoints/generation-000001-000000.under_way",  # left by a kill between a commit and the removal
        "selfplay/generation-000001-000001.npz",
        "selfplay/.generation-000001-000001.json.x1.tmp",
        "checkpoints/learner-000002.pt",
        "checkpoints/model-000002.safetensors",
        ".progress.json.abc.tmp",
    ]
    others = [
        "selfplay/notes.txt",
        "selfplay/set_aside/generation-000001-000007.npz",
        "checkpoints/best.safetensors",
        "model.safetensors",
        "selfplay/shard-000000.npz",
    ]
    with RunFolder(tmp_path) as folder:
        (tmp_path / "selfplay" / "set_aside").mkdir()
        for name in names + newer + others:
            (tmp_path / name).write_text("x")
        progress = Progress(
            shards=["generation-000001-000000"], files=["learner-000001.pt", "learner-000001.under_way"]
        )
        folder.go_back(Committed(progress, 0, ""))
    assert all((tmp_path / name).exists() for name in names + others)
    assert not any((tmp_path / name).exists() for name in newer)


def test_a_folder_without_a_run_has_no_progress(tmp_path):
    assert read_committed(tmp_path) is None
    with RunFolder(tmp_path):
        assert read_committed(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '{"shards": []}', "\udcff", "[" * 100_000])
def test_damaged_progress_is_one_line_that_names_the_file(tmp_path, text):
    (tmp_path / PROGRESS).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(
        ValueError, match=f"^{tmp_path / PROGRESS}: damaged .*restore it, or start a new run$"
    ):
        read_committed(tmp_path)


def test_progress_that_is_missing_beside_games_is_not_taken_for_a_new_run(tmp_path):
    with RunFolder(tmp_path):
        (tmp_path / "selfplay" / "generation-000001-000000.npz").write_text("x")
        with pytest.raises(ValueError, match="progress.json: missing, but the folder holds games"):
            read_committed(tmp_path)


# Progress


def test_progress_comes_back_from_json():
    first = Progress(
        generation=3, shards=["generation-000001-000000"], counts={"games": 3}, pool={"anchors": []}
    )
    assert Progress.from_dict(json.loads(json.dumps(first.as_dict()))) == first


@pytest.mark.parametrize("change, place", [
    ({"generation": "three"}, "generation"), ({"generation": -1}, "generation"), ({"shards": {}}, "shards"),
    ({"files": [1]}, "files.0"), ({"minutes": None}, "minutes"), ({"minutes": -0.5}, "minutes"),
    ({"generatoin": 3}, "generatoin"), ({"counts": {"games": -(10**9)}}, "counts.games"),
    ({"shards": ["../../x"]}, "shards"), ({"shards": ["/etc/generation-000001-000001"]}, "shards"),
    ({"files": ["/abs/w.pt"]}, "files"), ({"files": ["learner-000001.pt/../x"]}, "files"),
    ({"checkpoint": "learner-000001.pt"}, "checkpoint"),
    ({"files": ["learner-000001.pt"]}, "checkpoint"),
    ({"under_way": "../x.under_way"}, "files"),
    ({"files": ["model-000001.safetensors"] * 2}, "files"),
    ({"files": ["learner-000001.under_way"]}, "under_way"),
    ({"bad_shards": ["generation-000001-000000"]}, "shards"),
], ids=str)  # fmt: skip
def test_progress_that_cannot_be_is_named(change, place):
    with pytest.raises(ValueError, match=f"^{place}: "):
        Progress.from_dict({**Progress().as_dict(), **change})


def test_progress_of_the_first_format_is_read():
    old = {
        "game": "tic_tac_toe", "generation": 2, "games": 60, "positions": 420, "minutes": 0.5,
        "shards": ["generation-000001-000000"], "bad_shards": [], "files": ["learner-000002.pt"],
        "checkpoint": "learner-000002.pt", "under_way": None, "generation_games": 12, "generation_positions": 80,
        "generation_distinct": 11, "first_wins": 7, "draws": 2, "second_wins": 3, "resigned": 0, "would_resign": 0,
        "wrong_resigns": 0, "tally": [1.0, 0.5, 300, 80], "sample_debt": 12.0, "rated_minutes": 0, "elo": "+1",
        "pool": None, "inference_choice": {"variant": "float32 plain", "device": "cpu"}, "ended": 0, "match": "",
        "metrics_bytes": 100,
    }  # fmt: skip
    progress = Progress.from_dict(upgraded(old))
    assert (progress.method, progress.generation, progress.rated_minutes) == ("expert_iteration", 2, 0.0)
    assert progress.counts == {
        "games": 12, "positions": 80, "distinct_games": 11, "first_wins": 7, "draws": 2, "second_wins": 3,
        "seconds": 1.0, "evaluator_seconds": 0.5, "rows": 300, "moves": 80,
    }  # fmt: skip
    assert progress.earlier == {"sample_debt": 12.0}


class Limits:
    minutes, generations = 10.0, 4


def test_a_run_is_over_at_the_first_of_its_limits():
    assert Progress(generation=1, minutes=5.0).fraction_done(Limits) == 0.5
    assert Progress(generation=3, minutes=5.0).fraction_done(Limits) == 0.75
    assert Progress(generation=3).fraction_done(Limits, minutes=9.0) == 0.9
    assert Progress(generation=9, minutes=50.0).fraction_done(Limits) == 1.0
    Unlimited = type("Unlimited", (), {"minutes": 0.0, "generations": 0})
    assert Progress(generation=9, minutes=50.0).fraction_done(Unlimited) == 0.0


def test_games_are_counted_by_result_and_end(tic_tac_toe):
    games = random_games(tic_tac_toe, [3, 2, 4, 0])._replace(
        outcomes=np.array([1, 1, 0, -1], np.int8), ends=np.array([0, 1, 0, 1], np.int8)
    )
    progress = Progress()
    for _ in range(2):
        counts = counts_of(games, -1.0, Tally(1.0, 0.5, 10, 9))
        progress.count(games=games.num_games, positions=games.num_positions, **counts)
    row = selfplay_row(progress.counts)
    assert (progress.counts["games"], progress.counts["positions"], row["resigned"]) == (8, 18, 4)
    assert (row["first_wins"], row["draws"], row["second_wins"]) == (4, 2, 2)
    assert (row["game_length_mean"], row["positions_per_second"], row["network_share"]) == (2.25, 9.0, 0.5)


def test_wrong_resignations_are_those_of_players_who_did_not_lose(tic_tac_toe):
    games = random_games(tic_tac_toe, [1] * 6)
    lowest = [[0.0, -0.9], [-0.9, 0.0], [-0.9, 1.0], [-0.9, -0.9], [0.0, -0.7], [-0.9, -0.9]]
    games = games._replace(
        outcomes=np.array([1, 1, 0, -1, 0, 1], np.int8),
        ends=np.array([0, 0, 0, 0, 0, 1], np.int8),
        labels=games.labels._replace(lowest=np.array(lowest, np.float32)),
    )
    assert wrong_resignations(games, -0.8) == (5, 3)
    assert wrong_resignations(games, -1.0) == (0, 0)
    assert wrong_resignations(games._replace(labels=None), -0.8) == (0, 0)


# Checkpoints


def test_a_checkpoint_comes_back_and_a_damaged_one_is_one_line(tmp_path):
    path = tmp_path / "learner.pt"
    state = {"network": {"w": torch.arange(1000.0)}, "steps": 3, "best": None}
    save_learner(path, state)
    found = load_learner(path)
    assert torch.equal(found["network"]["w"], state["network"]["w"]) and found["steps"] == 3
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    damages = [b"", b"x", b"PK\x03\x04", data[: len(data) // 2], data[:-1], b"{}" * 50]
    for _ in range(30):
        damaged = bytearray(data)
        damaged[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        damages.append(bytes(damaged))
    for damaged in damages:
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=f"^{path}: a damaged checkpoint") as error:
            load_learner(path)
        assert "\n" not in str(error.value)
    path.unlink()
    with pytest.raises(ValueError, match="this checkpoint is missing"):
        load_learner(path)


def test_games_under_way_come_back_and_damaged_ones_are_one_line(tmp_path, tic_tac_toe):
    play = worker(tic_tac_toe)
    play.play(3)
    path, games = tmp_path / "x.under_way", play.state()[0]
    save_under_way(path, UnderWay(games, {"seeds0": np.arange(2)}))
    found, arrays = load_under_way(path, tic_tac_toe)
    assert same(found, games) and arrays["seeds0"].tolist() == [0, 1]
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ValueError, match=f"^{path}: damaged"):
        load_under_way(path, tic_tac_toe)
    path.unlink()
    with pytest.raises(ValueError, match="the games under way are missing"):
        load_under_way(path, tic_tac_toe)
    save_under_way(path, UnderWay(no_games(tic_tac_toe), {}))
    assert load_under_way(path, tic_tac_toe)[0].num_games == 0
