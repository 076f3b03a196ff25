"""The guide docs/add_a_game.md, followed to the letter: its game is added from outside, checked, and trained on."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "add_a_game.md").read_text()


def blocks(language: str) -> list[str]:
    """Return the code blocks of one language that the guide has, in order."""
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


GAME, CHECK = blocks("python")
PYPROJECT, CONFIG = blocks("toml")
BUILD = "import sys, setuptools.build_meta as backend; backend.build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def installed(request) -> Path:
    """Return a folder with the game as pip would install it; one that stays, so that compiled code is kept."""
    folder = Path(request.config.cache.mkdir("outside_game"))
    source = folder / "source"
    source.mkdir(exist_ok=True)
    texts = {source / "dots_and_boxes.py": GAME, source / "pyproject.toml": PYPROJECT}
    if any(not path.exists() or path.read_text() != text for path, text in texts.items()):
        for path, text in texts.items():
            path.write_text(text)
        wheel = built(source)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    (folder / "dots.toml").write_text(CONFIG)
    return folder


def built(source: Path) -> Path:
    """Return the wheel that setuptools makes of a folder, without anything from the network."""
    pytest.importorskip("setuptools")
    for old in source.glob("*.whl"):
        old.unlink()
    command = [sys.executable, "-c", BUILD, str(source)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    (wheel,) = source.glob("*.whl")
    return wheel


def run(installed: Path, code: str) -> str:
    """Return what Python code prints in a new process in which the game is installed."""
    start = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(installed)!r}]\n"
    done = subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_game_of_the_guide_has_less_than_a_hundred_lines():
    assert len(GAME.splitlines()) < 100


def test_the_game_of_the_guide_keeps_the_contract_once_it_is_registered(installed):
    printed = run(
        installed,
        CHECK
        + dedent("""
        print(games.names(), games.spec(game), coverage.repeated_turns > 0, coverage.full_length_wins > 0)
        assert games.parse(games.spec(game)) == game == games.make("dots_and_boxes", rows=1, cols=2)
        print(games.info("dots_and_boxes").title)
        try:
            games.parse("dots_and_boxes:rows=7")
        except ValueError as error:
            print(error)
    """),
    )
    assert "'breakthrough', 'dots_and_boxes') dots_and_boxes:rows=1,cols=2 True True" in printed
    assert "Dots and Boxes: close a box, own it, move again." in printed
    assert "dots_and_boxes: rule rows=7 is not possible: expected a whole number from 1 to 6" in printed


def test_the_game_of_the_guide_can_be_trained(installed, tmp_path):
    """A few seconds of the guide's own settings, made small: two generations, then the model file plays."""
    printed = run(
        installed,
        dedent(f"""
        import alphazero, games, json, numpy as np
        from pathlib import Path
        folder = Path({str(tmp_path / "run")!r})
        summary = alphazero.train({str(installed / "dots.toml")!r}, [
            f"run.folder={{folder}}", "run.minutes=0", "run.generations=2", "network.blocks=1", "network.channels=8",
            "search.simulations=8", "selfplay.parallel_games=16", "selfplay.games_per_generation=16",
            "training.batch_size=32", "evaluation.final_games=4", "evaluation.final_simulations=4",
            "evaluation.every_minutes=0", "evaluation.final_opponent=random", "device=cpu", "threads=1"])
        events = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        steps = [event for event in events if event["event"] == "generation"]
        game = games.parse("dots_and_boxes:rows=2,cols=2")
        player = alphazero.make_player(f"model:path={{summary.model}},simulations=8", game, seed=1)
        action = player.choose(np.array([game.initial_state()], game.state_dtype))[0]
        print("RESULT", len(steps), all(np.isfinite(step["policy_loss"]) for step in steps), summary.games,
              action in game.legal(game.initial_state()))
    """),
    )
    assert re.search(r"RESULT 2 True (\d+) True", printed), printed
