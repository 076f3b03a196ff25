"""Measures the fleet of docs/distributed.md under Ray on this machine.

    python tools/fleet_trial.py speed --pairs 5     two workers under Ray beside two threads, in turn: positions/s
    python tools/fleet_trial.py kills --minutes 10  a worker killed every 20 s: is each finished slice counted once?
    python tools/fleet_trial.py nodes               two Ray nodes beside the head's, one of them killed amid self-play
    python tools/fleet_trial.py sizes               bytes of a stored position and of the weights

A position is a move that was searched. Every slice that a worker has finished is written to a journal by the worker,
before its result leaves, and compared with what the pool counted.
"""

import argparse
import hashlib
import json
import os
import signal
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import games
from alphazero.bars import progress_bar
from alphazero.config import Config, load_config
from alphazero.data.games import join
from alphazero.data.shards import pack, unpack, write_shard
from alphazero.data.window import ReplayWindow
from alphazero.distributed.pool import Limits, Losses, Part, Pool
from alphazero.distributed.ray_transport import RayTransport, require_ray
from alphazero.distributed.transport import Order, Report
from alphazero.distributed.worker import Player, Setup, weights_of
from alphazero.network import set_threads
from alphazero.network.model import for_game
from alphazero.search import NetworkEvaluator
from alphazero.selfplay.inference import selfplay_inference
from alphazero.selfplay.selfplay import Tally
from alphazero.selfplay.workers import Workers

WORKERS = 2
WARM_UP_SECONDS = 20.0
WAIT_SECONDS = 0.2
JOURNAL = "ALPHAZERO_FLEET_JOURNAL"


class JournalPlayer(Player):
    """A worker that writes down who it is, and each slice when it is finished."""

    def __init__(self, setup: Setup, number: int, incarnation: int):
        super().__init__(setup, number, incarnation)
        self.file = Path(str(setup.choice[JOURNAL])) / f"{number}_{incarnation}.jsonl"
        self._write({"pid": os.getpid()})

    def _slice(self, order: Order, weights: bytes) -> Report:
        report = super()._slice(order, weights)
        self._write({"sequence": order.sequence, "data": digest(report.data)})
        return report

    def _write(self, line: dict[str, Any]) -> None:
        with self.file.open("a") as file:
            file.write(json.dumps(line) + "\n")


def digest(data: bytes) -> str:
    """Return what tells a slice's games from any other's."""
    return hashlib.sha256(data).hexdigest() if data else ""


class Journal(NamedTuple):
    """What one incarnation of a worker wrote."""

    pid: int
    slices: dict[int, str]


def read_journal(folder: Path) -> dict[tuple[int, int], Journal]:
    """Return what each (worker, incarnation) wrote; a line that was cut off is not counted."""
    found = {}
    for path in folder.glob("*.jsonl"):
        number, incarnation = map(int, path.stem.split("_"))
        lines = [
            json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")
        ]
        if lines:
            slices = {line["sequence"]: line["data"] for line in lines[1:]}
            found[number, incarnation] = Journal(lines[0]["pid"], slices)
    return found


class Trial:
    """A pool under Ray with journals, and the network that plays."""

    def __init__(self, folder: Path, address: str = ""):
        self.folder = folder
        settings = {"workers": WORKERS, "report_seconds": 1.0, "address": address}
        base = load_config("connect_four_quick")
        assert isinstance(base, Config)
        self.config = base.model_copy(update={"distributed": base.distributed.model_copy(update=settings)})
        self.game = games.parse(self.config.game)
        self.network = for_game(self.game, self.config.network)
        play = self.config.selfplay.model_copy(update={"workers": WORKERS})
        self.inference = selfplay_inference(self.network, self.game, self.config, play, "cpu", None)
        self.threads = Workers(
            self.game, NetworkEvaluator(self.inference), self.config.search, play, self.config.seed
        )
        setup = Setup(self.config.to_toml(), {**self.inference.choice, JOURNAL: str(folder)})
        self.transport = RayTransport(setup, self.config.distributed, JournalPlayer)
        self.pool = Pool(self.game, self.transport, WORKERS, Limits())
        self.pool.publish(weights_of(self.network))
        self.parts: list[Part] = []

    def step(self) -> int:
        """Go on for a moment; return the positions of the slices that came."""
        new = self.pool.step(WAIT_SECONDS)
        self.parts += new
        return sum(part.tally.moves for part in new)

    def fleet(self, seconds: float) -> float:
        """Return the positions a second of the fleet."""
        start, moves = time.monotonic(), 0
        while time.monotonic() - start < seconds:
            moves += self.step()
        return moves / (time.monotonic() - start)

    def rest(self) -> None:
        """Wait until nothing is under way."""
        while self.pool.num_pending:
            self.parts += self.pool.step(WAIT_SECONDS, hungry=False)

    def alone(self, seconds: float) -> float:
        """Return the positions a second of as many threads of this process."""
        self.threads.tally, end = Tally(), time.monotonic() + seconds
        self.threads.play(10**9, until=lambda: time.monotonic() > end)
        return self.threads.tally.moves / self.threads.tally.seconds

    def check(self) -> str:
        """Return, as a line, how the journals agree with what was counted; AssertionError where they do not.

        A slice may be missing only where its worker was killed, and then only its last ones, which it had not sent.
        """
        counted = [(part.worker, part.incarnation, part.sequence) for part in self.parts]
        assert len(set(counted)) == len(counted), "a slice was counted twice"
        journal, unsent = read_journal(self.folder), 0
        now = {(member.number, member.incarnation) for member in self.pool.members}
        written = [data for one in journal.values() for data in one.slices.values() if data]
        assert len(set(written)) == len(written), "two slices have the same games"
        for part in self.parts:
            ours = digest(pack(part.games)) if part.games.num_games else ""
            theirs = journal[part.worker, part.incarnation].slices[part.sequence]
            assert ours == theirs, "a slice has other games than the worker finished"
        for key, one in journal.items():
            missing = [number for number in one.slices if (*key, number) not in set(counted)]
            last = max(one.slices, default=0)
            assert not (missing and key in now), f"a slice of {key}, which lives, was not counted"
            assert all(number > last - self.pool.limits.pending for number in missing), (
                f"lost from {key}: {missing}"
            )
            unsent += len(missing)
        finished = sum(part.games.num_games for part in self.parts)
        return (
            f"{len(counted)} slices with {finished:,} finished games, each counted once; {unsent} slices that killed "
            f"workers had not sent"
        )


def speed(trial: Trial, args: argparse.Namespace) -> None:
    """Compare the fleet with threads."""
    trial.fleet(WARM_UP_SECONDS)
    trial.rest()
    trial.alone(WARM_UP_SECONDS)
    ratios = []
    for _ in progress_bar(range(args.pairs), unit="pair"):
        fleet = trial.fleet(args.seconds)
        trial.rest()
        alone = trial.alone(args.seconds)
        ratios.append(fleet / alone)
        print(f"fleet {fleet:,.0f}, threads {alone:,.0f} positions/s, ratio {ratios[-1]:.3f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.3f}; {trial.check()}")


def kills(trial: Trial, args: argparse.Namespace) -> None:
    """Kill a worker every `args.every` seconds."""
    trial.fleet(WARM_UP_SECONDS)
    quiet = [trial.fleet(args.seconds)]
    start, moves, killed = time.monotonic(), 0, 0
    bar = progress_bar(range(int(60 * args.minutes / args.every)), unit="kill")
    for number in bar:
        until = start + (number + 1) * args.every
        while time.monotonic() < until:
            moves += trial.step()
        member = trial.pool.members[number % WORKERS]
        one = read_journal(trial.folder).get((member.number, member.incarnation))
        if one is not None:
            os.kill(one.pid, signal.SIGKILL)
            killed += 1
    rate = moves / (time.monotonic() - start)
    trial.fleet(WARM_UP_SECONDS)
    quiet.append(trial.fleet(args.seconds))
    trial.rest()
    losses: Losses = trial.pool.losses
    print(
        f"{killed} kills, one every {args.every:g} s: {rate:,.0f} positions/s; without, before and after: "
        f"{quiet[0]:,.0f}, {quiet[1]:,.0f}; ratio {rate / statistics.mean(quiet):.3f}"
    )
    print(f"{losses}; {trial.check()}")


def nodes(folder: Path, args: argparse.Namespace) -> None:
    """Kill a node amid self-play, and add another one."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    first = cluster.add_node(num_cpus=1)
    cluster.add_node(num_cpus=1)
    trial = Trial(folder, cluster.address)
    try:
        trial.fleet(WARM_UP_SECONDS)
        print(f"two nodes: {trial.fleet(args.seconds):,.0f} positions/s", flush=True)
        cluster.remove_node(first, allow_graceful=False)
        print(
            f"one was killed: {trial.fleet(2 * args.seconds):,.0f} positions/s, {trial.pool.losses}",
            flush=True,
        )
        cluster.add_node(num_cpus=1)
        trial.fleet(WARM_UP_SECONDS)
        print(
            f"another joined: {trial.fleet(args.seconds):,.0f} positions/s, {trial.pool.losses}", flush=True
        )
        trial.rest()
        print(trial.check())
    finally:
        trial.transport.close()
        cluster.shutdown()


def sizes(trial: Trial, args: argparse.Namespace) -> None:
    """Measure what travels, and how much of it one process takes in: read, into the window, and stored as shards."""
    trial.fleet(WARM_UP_SECONDS + args.seconds)
    trial.rest()
    sent = [pack(part.games) for part in trial.parts if part.games.num_games]
    positions = sum(part.games.num_positions for part in trial.parts)
    weights = len(weights_of(trial.network))
    print(
        f"{sum(map(len, sent)) / positions:.1f} bytes a position ({positions:,}), weights {weights:,} bytes"
    )
    start = time.perf_counter()
    whole = join([unpack(data, trial.game)[0] for data in sent])
    read = time.perf_counter()
    ReplayWindow(trial.game, 10**6, 10**6, 1.0, 0.5).add(whole)
    added = time.perf_counter()
    path = write_shard(trial.folder, "shard", trial.game, whole)
    stored = time.perf_counter()
    print(
        f"positions/s: read {positions / (read - start):,.0f}, into the window {positions / (added - read):,.0f}, "
        f"stored {positions / (stored - added):,.0f} in {path.stat().st_size / positions:.1f} bytes each"
    )


def main() -> None:
    """Run one of the trials."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trial", choices=("speed", "kills", "nodes", "sizes"))
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=30.0, help="of one measurement")
    parser.add_argument("--minutes", type=float, default=10.0, help="of kills")
    parser.add_argument("--every", type=float, default=20.0, help="seconds between kills")
    args = parser.parse_args()
    require_ray()
    set_threads()
    with tempfile.TemporaryDirectory() as name:
        if args.trial == "nodes":
            nodes(Path(name), args)
            return
        trial = Trial(Path(name))
        try:
            {"speed": speed, "kills": kills, "sizes": sizes}[args.trial](trial, args)
        finally:
            trial.transport.close()


if __name__ == "__main__":
    main()
