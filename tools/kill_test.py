"""Kills a training run with SIGKILL at random moments, resumes it each time, and checks that nothing was lost.

First a small run on the CPU works undisturbed. Then runs with the same settings are killed in every phase of the
work (start, self-play, writing a shard, commit, training, gate, rating, checkpoint, last match), each time after a
random part of how long that phase takes, and resumed, each process with a random number of threads. Every run that gets
to its end must have the same weights to the bit, the same games in the same shards, and the same lines of metrics, time
aside.

    python tools/kill_test.py --kills 50
"""

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PHASES = (
    "self-play",
    "shard",
    "under way",
    "training",
    "gate",
    "rating",
    "learner",
    "model",
    "commit",
    "last match",
)
START, BETWEEN, ANY = "start", "between", "any moment"
OF_TIME = ("time", "minutes", "positions_per_second", "network_share", "rows_per_second")


# The process that is killed


def work(folder: str, report: int) -> int:
    """Resume the run in `folder`, telling the file descriptor `report` which phase the work is in."""
    from unittest import mock

    from alphazero.cli import main
    from alphazero.moments import listening
    from alphazero.threads import num_cores

    def tell(moment: str, ended: bool) -> None:
        if moment in PHASES:
            os.write(report, f"{'-' if ended else '+'}{moment}\n".encode())

    with listening(tell), mock.patch("alphazero.run.plots.plot_run"):
        threads = random.randint(1, num_cores())  # not even the number of threads changes what comes out
        return main(["train", "--resume", folder, f"threads={threads}"])


# The process that kills


class Worker:
    """A process that works on a run, and the phases that it reports."""

    def __init__(self, folder: Path):
        self.reader, writer = os.pipe()
        self.log = (folder.parent / f"{folder.name}.log").open("ab+")
        command = [sys.executable, __file__, "--work", str(folder), "--report", str(writer)]
        self.process = subprocess.Popen(
            command,
            stdout=self.log,
            stderr=self.log,
            pass_fds=[writer],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        os.close(writer)
        self.under_way = [(START, time.monotonic())]  # phases, one inside the other, and when they began
        self.lengths: dict[str, list[float]] = defaultdict(list)  # of those that have ended, in seconds

    @property
    def phase(self) -> str:
        """The innermost phase that the work is in."""
        return self.under_way[-1][0] if self.under_way else BETWEEN

    def phases(self) -> Iterator[str]:
        """Yield each phase as it begins, until the process ends."""
        yield START
        with os.fdopen(self.reader) as lines:
            for line in lines:
                if self.phase == START or line[0] == "-":
                    phase, began = self.under_way.pop()
                    self.lengths[phase].append(time.monotonic() - began)
                if line[0] == "+":
                    self.under_way.append((line[1:].strip(), time.monotonic()))
                    yield self.phase

    def finish(self) -> None:
        """Wait for the process; SystemExit with its last words when it failed."""
        code = self.process.wait()
        if code not in (0, -signal.SIGKILL):
            self.log.seek(0)
            raise SystemExit(f"the run ended with status {code}:\n{self.log.read().decode()[-3000:]}")
        self.log.close()


def run_through(folder: Path) -> dict[str, float]:
    """Let a run work to its end and return how long each phase took, medians in seconds."""
    began, worker = time.monotonic(), Worker(folder)
    for _ in worker.phases():
        pass
    worker.finish()
    worker.lengths[ANY] = [time.monotonic() - began]
    return {phase: statistics.median(times) for phase, times in worker.lengths.items()}


def kill_in(folder: Path, target: str, visit: int, wait: float) -> str | None:
    """Resume a run and kill it `wait` seconds after the n-th time that the phase `target` begins.

    Return the phase it died in, None when it came to its end before.
    """
    worker = Worker(folder)
    for phase in worker.phases():
        visit -= phase == target
        if phase == target and visit == 0:
            time.sleep(wait)
            worker.process.kill()
    worker.finish()
    return worker.phase if worker.process.returncode else None


def kill_runs(
    base: Path, first: Path, lengths: dict[str, float], kills: int, rng: random.Random
) -> list[Path]:
    """Kill runs like that of `first`, one after another, until there were `kills`; return those that ended."""
    from alphazero.bars import progress_bar

    targets = [phase for phase in (START, *PHASES, ANY) if phase in lengths]
    died: Counter[str] = Counter()
    ended, order = [], []
    folder = copy_of_settings(first, base / "killed-1")
    with progress_bar(total=kills, unit="kill") as bar:
        while died.total() < kills:
            order = order or rng.sample(targets, len(targets))
            target = order.pop()
            bar.set_description(f"run {len(ended) + 1}: {target}", refresh=True)
            if target in (START, ANY):  # from the start of the process on
                phase = kill_in(folder, START, 1, rng.uniform(0, 1.1 * lengths[target]))
            else:
                visit = 1 if target == "last match" else rng.choice((1, 1, 2))
                phase = kill_in(folder, target, visit, rng.uniform(0, 1.1 * lengths[target]))
            if phase is None:
                ended.append(folder)
                folder = copy_of_settings(first, base / f"killed-{len(ended) + 1}")
                continue
            died[phase] += 1
            bar.update()
    run_through(folder)
    print_table(died, lengths)
    return [*ended, folder]


def print_table(died: Counter[str], lengths: dict[str, float]) -> None:
    """Print how many kills hit which phase, and how long the phase takes."""
    print(f"\n{'killed in':<16}{'times':>6}{'median length':>16}")
    for phase in (START, *PHASES, BETWEEN):
        length = f"{1000 * lengths[phase]:.1f} ms" if phase in lengths else ""
        print(f"{phase:<16}{died[phase]:>6}{length:>16}")
    print(f"{'all':<16}{died.total():>6}\n")


# Settings, and what is compared


def settings(options: argparse.Namespace) -> Any:
    """Return the settings of the small run."""
    from alphazero.config import build_config

    return build_config({
        "game": options.game, "device": "cpu", "threads": options.threads, "seed": options.seed,
        "network": {"blocks": 1, "channels": 16},
        "search": {"simulations": 16, "memory_mb": 256.0},
        "selfplay": {"workers": 2, "parallel_games": 32, "games_per_generation": 60, "shard_games": 20, "groups": 2,
                     "full_search_fraction": 0.5, "fast_simulations": 6},
        "replay": {"window_min": 1000},
        "training": {"parts": 2, "batch_size": 64, "averaging_decay": 0.9, "warmup_steps": 50, "schedule": "cosine"},
        "evaluation": {"every_generations": 1, "every_minutes": 0.0, "games": 8, "simulations": 8,
                       "anchors": ["random"], "final_opponent": "random", "final_games": 20, "final_simulations": 8},
        "run": {"generations": options.generations, "gate": True, "gate_games": 8, "gate_threshold": 0.4},
    })  # fmt: skip


def begin(folder: Path, config: Any, choice: dict[str, Any] | None = None) -> Path:
    """Make the folder of a run that has not begun; `choice`: how the network is to be computed."""
    import games
    from alphazero.run.folder import RunFolder
    from alphazero.run.progress import Progress

    with RunFolder(folder) as run:
        run.write_config(config.to_toml())
        spec = games.spec(games.parse(config.game))
        run.commit(Progress(method=config.method, game=spec, inference_choice=choice))
    return folder


def copy_of_settings(first: Path, folder: Path) -> Path:
    """Make the folder of another run with the settings of the first, computed in the same way."""
    from alphazero.config import load_config

    choice = json.loads((first / "progress.json").read_text())["inference_choice"]
    return begin(folder, load_config(first / "config.toml"), choice)


def differences(run: Path, first: Path) -> list[str]:
    """Return a line for everything in which a run that was killed differs from the first."""
    from safetensors.numpy import load_file

    found = []
    weights, expected = (load_file(folder / "model.safetensors") for folder in (run, first))
    wrong = [name for name in expected if weights[name].tobytes() != expected[name].tobytes()]
    if wrong or weights.keys() != expected.keys():
        found.append(f"{len(wrong)} of {len(expected)} tensors of the model differ")
    found += _different_games(run, first)
    for event in ("generation", "gate", "end"):
        if metrics(run, event) != metrics(first, event):
            found.append(f"lines of metrics differ: {event}")
    return [f"{run.name}: {line}" for line in found]


def _different_games(run: Path, first: Path) -> list[str]:
    from alphazero.data.games import same_games
    from alphazero.data.shards import read_shard, shard_paths

    paths, expected = shard_paths(run / "selfplay"), shard_paths(first / "selfplay")
    if [path.name for path in paths] != [path.name for path in expected]:
        return [f"{len(paths)} shards, not {len(expected)}"]
    pairs = [(read_shard(a), read_shard(b)) for a, b in zip(paths, expected, strict=True)]
    found = [
        f"the games of {path.name} differ"
        for path, (a, b) in zip(paths, pairs, strict=True)
        if not same_games(a, b)
    ]
    progress = json.loads((run / "progress.json").read_text())
    if progress["games"] != sum(games.num_games for games, _ in pairs):
        found.append(
            f"{progress['games']} games counted, {sum(games.num_games for games, _ in pairs)} stored"
        )
    return found


def metrics(run: Path, event: str) -> list[dict[str, Any]]:
    """Return the lines of metrics of one kind, without what depends on time."""
    from alphazero.run.metrics import events, read_metrics

    return [
        {key: value for key, value in row.items() if key not in OF_TIME}
        for row in events(read_metrics(run), event)
    ]


def main() -> int:
    """Run the test and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="how many times (default 50)")
    parser.add_argument("--generations", type=int, default=8, help="generations of a run (default 8)")
    parser.add_argument("--game", default="connect_four:rows=4,cols=5", help="what is learned")
    parser.add_argument("--threads", type=int, default=1, help="threads of a run; 0: all cores (default 1)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the moments and of the runs (default 1)")
    parser.add_argument("--folder", type=Path, help="where the runs stay (default: a temporary folder)")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--report", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        return work(options.work, options.report)
    with tempfile.TemporaryDirectory() as temporary:
        return test(options, options.folder or Path(temporary))


def test(options: argparse.Namespace, base: Path) -> int:
    """Run undisturbed, run killed, compare, print; return the exit status."""
    began = time.monotonic()
    first = begin(base / "undisturbed", settings(options))
    lengths = run_through(first)
    print(
        f"undisturbed: {options.generations} generations in {time.monotonic() - began:.0f} s, of them "
        f"{lengths[START]:.1f} s to start"
    )
    runs = kill_runs(base, first, lengths, options.kills, random.Random(options.seed))
    found = [line for run in runs for line in differences(run, first)]
    for line in found:
        print(line)
    games = json.loads((first / "progress.json").read_text())["games"]
    print(
        f"{options.kills} kills, {len(runs)} killed runs of {options.generations} generations and {games} games, "
        f"{time.monotonic() - began:.0f} s: {'DIFFERENT' if found else 'the same weights, games and metrics'}"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
