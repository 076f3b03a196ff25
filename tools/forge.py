"""Forges stored games: shards and games under way of right hash and wrong content, which must be refused in one line.

    python tools/forge.py --count 1000 --seed 1

A process of its own makes shards of several games by self-play, and the files of `--count` of them wrong: elements,
lengths, dtypes, headers, members, manifests. It loads each as `alphazero.load_games` does, or goes on with it as a run
does, and says what came of it. A crash is seen by its parent, which begins another process after it. Printed are the
numbers of those refused, of those that are other games which the rules allow, and of those that should not be:
crashes, tracebacks, games accepted that the rules do not allow.
"""

import argparse
import collections
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
GAMES = (
    "tic_tac_toe",
    "connect_four:rows=4,cols=5",
    "go:size=4,max_plies=20,history=2",
    "chess:history=2,max_plies=8",
    "factored-breakthrough:rows=5,cols=4",
)
GOOD = ("refused", "other games", "the same games")
Arrays = dict[str, np.ndarray]
Rng = np.random.Generator


def self_play(spec: str, seed: int, groups: int = 1) -> Any:
    """Return self-play that knows nothing, of every kind: random openings, fast searches, resignations."""
    import games
    from alphazero.config import SearchConfig, SelfplayConfig
    from alphazero.search import UniformEvaluator
    from alphazero.selfplay.selfplay import SelfPlay

    search = SearchConfig(simulations=4, memory_mb=16.0, cache_mb=0.0)
    play = SelfplayConfig(
        parallel_games=4,
        groups=groups,
        random_opening_plies=2,
        full_search_fraction=0.5,
        fast_simulations=2,
    )
    game = games.parse(spec)
    return SelfPlay(game, UniformEvaluator(game), search, play, seed)


def arrays_in(data: bytes) -> Arrays:
    """Return the members of an .npz."""
    with np.load(io.BytesIO(data), allow_pickle=False) as members:
        return {name: members[name] for name in members.files}


# What is made wrong: each changes some arrays at random


def odd_value(array: np.ndarray, rng: Rng) -> Any:
    """Return a value of an array's dtype that is at, or beyond, some limit."""
    if array.dtype.kind == "f":
        return rng.choice([np.nan, np.inf, -np.inf, -1.5, 1.0001, 0.25, 3e38])
    limits = np.iinfo(array.dtype)
    near = int(array.flat[0]) if array.size else 0
    values = [limits.min, limits.max, -1, 0, 1, 2, near + 1, near - 1, 9, 255, 2**31 - 1]
    return np.array(values).clip(limits.min, limits.max).astype(array.dtype)[rng.integers(len(values))]


def change_element(arrays: Arrays, rng: Rng) -> None:
    """Put a value at or beyond a limit somewhere, or random bytes into a position."""
    changeable = [name for name in arrays if arrays[name].size and arrays[name].dtype.kind in "fiuV"]
    name = str(rng.choice(changeable))
    array = arrays[name] = arrays[name].copy()
    if array.dtype.fields:
        rows = array.view(np.uint8).reshape(len(array), -1)
        row = rows[rng.integers(len(rows))]
        first = rng.integers(len(row))
        row[first : first + rng.choice([1, 8, len(row)])] = rng.choice([0, 1, 127, 255, rng.integers(256)])
    else:
        array.flat[rng.integers(array.size)] = odd_value(array, rng)


def shift_count(arrays: Arrays, rng: Rng) -> None:
    """Move one from a count to another, so that their sum stays."""
    names = [
        name for name in ("counts", "lengths", "opening_plies") if name in arrays and arrays[name].size > 1
    ]
    if names:
        name = str(rng.choice(names))
        counts = arrays[name] = arrays[name].copy()
        if counts.dtype.kind in "iu":
            first, second = rng.integers(counts.size, size=2)
            counts.flat[first], counts.flat[second] = counts.flat[first] + 1, counts.flat[second] - 1


def swap_rows(arrays: Arrays, rng: Rng) -> None:
    """Let two elements change places."""
    name = str(rng.choice([name for name in arrays if arrays[name].ndim and len(arrays[name]) > 1]))
    array = arrays[name] = arrays[name].copy()
    first, second = rng.integers(len(array), size=2)
    array[[first, second]] = array[[second, first]]


def change_length(arrays: Arrays, rng: Rng) -> None:
    """Cut an array short or repeat its end."""
    name = str(rng.choice([name for name in arrays if arrays[name].ndim and len(arrays[name])]))
    array = arrays[name]
    arrays[name] = array[:-1] if rng.random() < 0.5 else np.concatenate([array, array[-1:]])


def change_kind(arrays: Arrays, rng: Rng) -> None:
    """Give an array another dtype or another shape."""
    name = str(rng.choice(sorted(arrays)))
    array = arrays[name]
    if rng.random() < 0.5 or not array.size:
        arrays[name] = array.reshape(1, *array.shape) if rng.random() < 0.5 else np.zeros(3, "U4")
    else:
        kind = str(rng.choice(["int64", "uint8", "float64", ">i4", "complex64", "S3"]))
        arrays[name] = array.astype(kind) if array.dtype.kind in "biuf" else np.zeros(array.shape, kind)


def change_members(arrays: Arrays, rng: Rng) -> None:
    """Leave an array out, rename it, or add one."""
    name = str(rng.choice(sorted(arrays)))
    what = rng.integers(3)
    if what < 2:
        array = arrays.pop(name)
        if what:
            arrays[name + "_"] = array
    else:
        arrays[str(rng.choice(["extra", "_x", "log_probs", "../../x", "labels"]))] = np.zeros(5, np.float32)


def fill(arrays: Arrays, rng: Rng) -> None:
    """Fill a whole array with one byte, or with random ones."""
    name = str(rng.choice([name for name in arrays if arrays[name].size]))
    array, byte = arrays[name], rng.choice([0, 255, -1])
    size = array.nbytes
    data = rng.bytes(size) if byte < 0 else bytes([byte]) * size
    arrays[name] = np.frombuffer(data, array.dtype).reshape(array.shape)


CHANGES: tuple[Callable[[Arrays, Rng], None], ...] = (
    change_element, change_element, change_element, shift_count, swap_rows, change_length, change_kind,
    change_members, fill,
)  # fmt: skip
HEADERS = (
    "{'descr': '<i4', 'fortran_order': False, 'shape': (1099511627776,), }",
    "{'descr': '<i4', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
    "{'descr': '<i4', 'fortran_order': True, 'shape': (2, 2), }",
    "{'descr': '|V2147483647', 'fortran_order': False, 'shape': (1000,), }",
    "{'descr': '<i4', 'fortran_order': False, 'shape': " + "(" * 3000,
    "{'descr': [('a', '<i4', (2147483647,))], 'fortran_order': False, 'shape': (1,), }",
    "import os",
)


def npy(header: str) -> bytes:
    """Return an .npy file that consists of a header."""
    text = header.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def packed(arrays: Arrays, rng: Rng) -> bytes:
    """Return arrays as an .npz, now and then with a header that lies, a member twice, or one that is no array."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    if rng.random() > 0.15:
        return buffer.getvalue()
    forged = io.BytesIO()
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(forged, "w", zipfile.ZIP_DEFLATED) as new:
        chosen = str(rng.choice(sorted(old.namelist())))
        for name in old.namelist():
            data = old.read(name)
            if name == chosen:
                what = rng.integers(4)
                data = (npy(str(rng.choice(HEADERS))), b"no array", data + b"\0", b"")[what]
            new.writestr(name, data)
        if rng.random() < 0.2:
            new.writestr("bomb.npy", bytes(10**7))
    return forged.getvalue()


def forged_manifest(manifest: dict[str, Any], rng: Rng) -> bytes:
    """Return a manifest as JSON, now and then with another value in it."""
    if rng.random() < 0.1:
        key = str(rng.choice(["game", "games", "positions", "format_version", "labels", "bytes", "sha256"]))
        values = ["x", "factored-" * 999 + "go", -1, 2, None, 1e300, [], "tic_tac_toe", "go:size=19"]
        manifest = {**manifest, key: values[rng.integers(len(values))]}
    text = json.dumps(manifest)
    if rng.random() < 0.02:
        text = text[:-1] + ', "deep": ' + "[" * 20_000 + "]" * 20_000 + "}"
    return text.encode()


# One case


def forge_shard(folder: Path, game: Any, arrays: Arrays, rng: Rng) -> None:
    """Write a shard of right hash and wrong content."""
    from games import spec

    wrong = dict(arrays)
    for _ in range(rng.integers(1, 4)):
        CHANGES[rng.integers(len(CHANGES))](wrong, rng)
    data = packed(wrong, rng)
    manifest = {
        "format_version": 3 if "opening_plies" in arrays else 2,
        "game": spec(game),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    (folder / "forged.npz").write_bytes(data)
    (folder / "forged.json").write_bytes(forged_manifest(manifest, rng))


def load_shard(folder: Path, stored: Any) -> str:
    """Load a forged shard as a user does; return what came of it."""
    import alphazero
    from alphazero.data.games import same_games
    from alphazero.data.shards import read_folder

    loaded = alphazero.load_games(folder)
    found = read_folder(folder)
    if same_games(found.games._replace(openings=None), stored._replace(openings=None)):
        return "the same games"
    if problem := unlawful(found.game, found.games) or odd(loaded):
        return f"accepted, although {problem}"
    return "other games"


def forge_under_way(folder: Path, arrays: Arrays, rng: Rng) -> None:
    """Write games under way that are wrong."""
    wrong = dict(arrays)
    for _ in range(rng.integers(1, 4)):
        CHANGES[rng.integers(len(CHANGES))](wrong, rng)
    (folder / "forged.under_way").write_bytes(packed(wrong, rng))


def go_on(folder: Path) -> str:
    """Go on with forged games under way as a run does; return what came of it."""
    from alphazero.run.checkpoints import load_under_way

    play = self_play(GAMES[0], seed=2)
    play.restore(*load_under_way(folder / "forged.under_way", play.game))
    problem = unlawful(play.game, play.play(2))
    return f"accepted, although {problem}" if problem else "other games"


def unlawful(game: Any, games: Any) -> str:
    """Return what the rules do not allow in some games, "" for nothing: replayed in plain Python."""
    from alphazero.data.games import End

    ply = entry = 0
    for number in range(games.num_games):
        state = games.starts[number].copy()
        for _ in range(games.lengths[number]):
            legal = set(game.legal(state).tolist())
            if games.labels is not None and hasattr(games.labels, "counts"):
                policy = games.labels.policy_actions[entry : entry + games.labels.counts[ply]].tolist()
                if not set(policy) <= legal or len(set(policy)) < len(policy):
                    return f"a policy at ply {ply} is on {policy}"
                entry += len(policy)
            if int(games.actions[ply]) not in legal:
                return f"the action of ply {ply} is not legal"
            game.play(state, int(games.actions[ply]))
            ply += 1
        by_rules = games.ends[number] in (End.RULES, End.TRUNCATED)
        if bool(game.is_over(state)) != by_rules or (
            by_rules and games.outcomes[number] != game.outcome(state)
        ):
            return f"game {number} does not end so"
    return ""


def odd(loaded: Any) -> str:
    """Return what is wrong with loaded positions, "" for nothing."""
    if loaded.policies.size and not np.allclose(loaded.policies.sum(axis=1), 1.0, atol=1e-5):
        return "a policy does not sum to 1"
    fine = np.isfinite(loaded.values).all() and (np.abs(loaded.values) <= 1.0).all()
    return "" if fine and np.isin(loaded.results, (-1, 0, 1)).all() else "values are out of range"


def work(first: int, last: int, seed: int, specs: Sequence[str]) -> None:
    """Forge and load the cases first, ..., last - 1; print one JSON object for each, before and after it."""
    from alphazero.data.games import arrays_of
    from alphazero.data.shards import pack

    sources = []
    for spec in specs:
        play = self_play(spec, seed)
        stored = play.play(4)
        new = arrays_in(pack(stored))
        old = {name: array for name, array in arrays_of(stored).items() if not name.startswith("opening")}
        sources += [(play.game, stored, new), (play.game, stored, old)]
    play = self_play(GAMES[0], seed)
    play.play(4)
    under_way = arrays_in(pack(*play.state()))
    for case in range(first, last):
        rng = np.random.default_rng([seed, case])
        print(json.dumps({"case": case}), flush=True)
        with tempfile.TemporaryDirectory() as temporary:
            result = outcome_of(Path(temporary), case, sources, under_way, rng)
        print(json.dumps({"case": case, "result": result}), flush=True)


def outcome_of(folder: Path, case: int, sources: list[Any], under_way: Arrays, rng: Rng) -> str:
    """Forge one case and return what came of loading it."""
    game, stored, arrays = sources[rng.integers(len(sources))]
    is_shard = case % 6 < 5
    if is_shard:
        forge_shard(folder, game, arrays, rng)
    else:
        forge_under_way(folder, under_way, rng)
    try:
        return load_shard(folder, stored) if is_shard else go_on(folder)
    except ValueError as error:
        return "refused" if "\n" not in str(error) else f"refused in several lines: {error}"
    except Exception as error:  # a traceback, if nobody caught it
        return f"traceback: {type(error).__name__}: {error}"


def run(count: int, seed: int, specs: Sequence[str] = GAMES) -> tuple[collections.Counter, list[str]]:
    """Return how often each result came, and a line for each case that should not have come so."""
    results: collections.Counter = collections.Counter()
    wrong: list[str] = []
    case = 0
    while case < count:
        command = [sys.executable, str(Path(__file__)), "--work", str(case), str(count)]
        command += ["--seed", str(seed), "--games", *specs]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        for row in rows:
            if "result" in row:
                results[row["result"].partition(":")[0]] += 1
                if row["result"] not in GOOD:
                    wrong.append(f"case {row['case']}: {row['result']}")
        if not rows:
            raise RuntimeError(f"nothing could be forged: {done.stderr.strip().splitlines()[-1:]}")
        if done.returncode:
            results["crashed"] += 1
            wrong.append(f"case {rows[-1]['case']}: crashed ({done.returncode}) {done.stderr.strip()[-200:]}")
        case = rows[-1]["case"] + 1
    return results, wrong


def main() -> int:
    """Forge, print what came of it, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="how many (default 1000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--games", nargs="+", default=list(GAMES), help="games with their rules")
    parser.add_argument("--work", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(*options.work, options.seed, options.games)
        return 0
    results, wrong = run(options.count, options.seed, options.games)
    for line in wrong:
        print(line)
    print(", ".join(f"{number} {result}" for result, number in results.most_common()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
