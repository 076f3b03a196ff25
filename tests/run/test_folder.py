"""The files of a run: what counts, what is taken away, what is refused."""

import json

import numpy as np
import pytest
import torch

from alphazero.data.games import no_games
from alphazero.run.checkpoints import load_learner, load_under_way, save_learner, save_under_way
from alphazero.run.folder import PROGRESS, RunFolder, read_progress
from alphazero.run.progress import Progress, wrong_resignations
from alphazero.selfplay.selfplay import Tally
from tests.selfplay.helpers import random_games, same


def lines(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def progress(**changes) -> dict:
    return {**Progress().as_dict(), **changes}


def test_a_folder_is_locked_while_it_is_open_and_free_afterwards(tmp_path):
    with RunFolder(tmp_path):
        with pytest.raises(ValueError, match="another process is training in this folder"):
            RunFolder(tmp_path)
    with RunFolder(tmp_path):
        pass


def test_lines_after_the_last_commit_are_taken_away(tmp_path):
    with RunFolder(tmp_path) as folder:
        folder.log("start", a=1)
        folder.commit(progress())
        folder.log("generation", a=2)
    with RunFolder(tmp_path) as folder:
        folder.go_back(read_progress(tmp_path))
        folder.log("resume", a=3)
        folder.commit(progress())
        folder.log("lost")
    with RunFolder(tmp_path) as folder:
        folder.go_back(read_progress(tmp_path))
        folder.commit(progress())
    assert [row["event"] for row in lines(tmp_path)] == ["start", "resume"]
    assert read_progress(tmp_path)["metrics_bytes"] == (tmp_path / "metrics.jsonl").stat().st_size


def test_metrics_that_were_lost_are_not_filled_with_zeros(tmp_path):
    with RunFolder(tmp_path) as folder:
        folder.log("start", text="x" * 1000)
        folder.commit(progress())
    (tmp_path / "metrics.jsonl").unlink()
    with RunFolder(tmp_path) as folder:
        folder.go_back(read_progress(tmp_path))
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
        folder.go_back(
            progress(
                shards=["generation-000001-000000"],
                metrics_bytes=0,
                files=["learner-000001.pt", "learner-000001.under_way"],
            )
        )
    assert all((tmp_path / name).exists() for name in names + others)
    assert not any((tmp_path / name).exists() for name in newer)


def test_a_folder_without_a_run_has_no_progress(tmp_path):
    assert read_progress(tmp_path) is None
    with RunFolder(tmp_path):
        assert read_progress(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '{"shards": []}', "\udcff"])
def test_damaged_progress_is_one_line_that_names_the_file(tmp_path, text):
    (tmp_path / PROGRESS).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(
        ValueError, match=f"^{tmp_path / PROGRESS}: damaged .*restore it, or start a new run$"
    ):
        read_progress(tmp_path)


def test_progress_that_is_missing_beside_games_is_not_taken_for_a_new_run(tmp_path):
    with RunFolder(tmp_path):
        (tmp_path / "selfplay" / "generation-000001-000000.npz").write_text("x")
        with pytest.raises(ValueError, match="progress.json: missing, but the folder holds games"):
            read_progress(tmp_path)


# Progress


def test_progress_comes_back_from_json_with_what_other_versions_add_left_out():
    first = Progress(generation=3, shards=["a"], tally=[1.0, 2.0, 3, 4], pool={"anchors": []})
    data = json.loads(json.dumps(first.as_dict()))
    assert Progress.from_dict(data) == first
    assert Progress.from_dict({**data, "unknown": 1, "metrics_bytes": 5}) == first


@pytest.mark.parametrize(
    "key, value", [("generation", "three"), ("shards", {}), ("files", [1]), ("minutes", None)]
)
def test_progress_of_the_wrong_type_is_named(key, value):
    with pytest.raises(ValueError, match=f"^{key}.*given"):
        Progress.from_dict({**Progress().as_dict(), key: value})


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
    counted = Progress()
    for _ in range(2):
        counted.count(games, Tally(1.0, 0.5, 10, 9))
    row = counted.generation_row()
    assert (row["games"], row["positions"], row["resigned"]) == (8, 18, 4)
    assert (row["first_wins"], row["draws"], row["second_wins"]) == (4, 2, 2)
    assert (row["game_length_mean"], row["positions_per_second"], row["network_share"]) == (2.25, 9.0, 0.5)
    counted.begin_generation()
    assert counted.generation_row()["first_wins"] == 0 and counted.games == 8


def test_wrong_resignations_are_those_of_players_who_did_not_lose(tic_tac_toe):
    games = random_games(tic_tac_toe, [1] * 6)._replace(
        outcomes=np.array([1, 1, 0, -1, 0, 1], np.int8),
        ends=np.array([0, 0, 0, 0, 0, 1], np.int8),
        lowest=np.array(
            [[0.0, -0.9], [-0.9, 0.0], [-0.9, 1.0], [-0.9, -0.9], [0.0, -0.7], [-0.9, -0.9]], np.float32
        ),
    )
    assert wrong_resignations(games, -0.8) == (5, 3)
    assert wrong_resignations(games, -1.0) == (0, 0)


# Checkpoints


def test_a_checkpoint_comes_back_and_a_damaged_one_is_one_line(tmp_path):
    path = tmp_path / "learner.pt"
    state = {"network": {"w": torch.arange(1000.0)}, "steps": 3, "best": None}
    save_learner(path, state)
    found = load_learner(path, torch.device("cpu"))
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
            load_learner(path, torch.device("cpu"))
        assert "\n" not in str(error.value)
    path.unlink()
    with pytest.raises(ValueError, match="this checkpoint is missing"):
        load_learner(path, torch.device("cpu"))


def test_games_under_way_come_back_and_damaged_ones_are_one_line(tmp_path, tic_tac_toe):
    path, games = tmp_path / "x.under_way", random_games(tic_tac_toe, [3, 5])
    save_under_way(path, games, {"seeds0": np.arange(2)})
    found, arrays = load_under_way(path, tic_tac_toe)
    assert same(found, games) and arrays["seeds0"].tolist() == [0, 1]
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ValueError, match=f"^{path}: damaged"):
        load_under_way(path, tic_tac_toe)
    path.unlink()
    with pytest.raises(ValueError, match="the games under way are missing"):
        load_under_way(path, tic_tac_toe)
    save_under_way(path, no_games(tic_tac_toe), {})
    assert load_under_way(path, tic_tac_toe)[0].num_games == 0
