"""Damage folders of runs at random and resume them: nothing may crash, be accepted in silence, or reach outside.

    python tools/damage_runs.py --damages 500    # bytes, digits, cuts, missing and exchanged files
    python tools/damage_runs.py --forged 1000    # right hashes, wrong content: progress, learners, games under way

A small run of tic-tac-toe is made, copied and damaged, and goes on for one more generation. What comes of it is one of

    refused    one line that names a file of the run; every byte of the folder is as it was
    told       the run goes on and has named the damage in a line
    harmless   the run goes on and ends in the same weights, games and metrics as one without damage

Anything else is a fault: printed, and exit status 1. Beside each run lie files that must stay as they are.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

FREE = ("lock", "tensorboard", "plots")  # what a run writes anew, and nobody goes on from
SAME = ("generation", "rating", "match", "gate")


def resume(folder: Path) -> tuple[str, str]:
    """Go on with a run for one more generation; return "refused" or "went on" and what was said, or "fault"."""
    from alphazero.methods import training

    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            summary = training.resume(folder, {"run.generations": 4})
            print(summary)
    except (ValueError, OSError) as error:
        text = str(error)
        names_a_file = str(folder) in text
        if "\n" in text or not names_a_file:
            return "fault", f"refused without a clear line: {text!r}"
        return "refused", text
    except Exception as error:
        return "fault", f"{type(error).__name__}: {error}"
    return "went on", said.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file of a folder, those left out that a run writes anew."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in named.items() if name.split("/")[0] not in FREE}


def outcome(folder: Path) -> tuple[Any, ...]:
    """Return what a run came to: weights, stored games, and the lines of metrics that do not depend on time."""
    from safetensors.numpy import load_file

    from tests.run.runs import events, shards

    weights = {name: array.tobytes() for name, array in load_file(folder / "model.safetensors").items()}
    return weights, shards(folder), [events(folder, event) for event in SAME]


# Damages


def flip(data: bytes, rng: random.Random) -> bytes:
    """Turn one bit."""
    place = rng.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]


def change_digit(data: bytes, rng: random.Random) -> bytes:
    """Put another digit in the place of one."""
    places = [index for index, byte in enumerate(data) if 48 <= byte <= 57]
    if not places:
        return flip(data, rng)
    place = rng.choice(places)
    other = rng.choice([digit for digit in range(48, 58) if digit != data[place]])
    return data[:place] + bytes([other]) + data[place + 1 :]


def cut(data: bytes, rng: random.Random) -> bytes:
    """Leave out the end."""
    return data[: rng.randrange(len(data))]


def drop_line(data: bytes, rng: random.Random) -> bytes:
    """Leave out one line."""
    lines = data.splitlines(keepends=True)
    del lines[rng.randrange(len(lines))]
    return b"".join(lines)


def misspell(data: bytes, rng: random.Random) -> bytes:
    """Exchange two neighbouring letters."""
    places = [i for i in range(len(data) - 1) if data[i : i + 2].isalpha() and data[i] != data[i + 1]]
    if not places:
        return flip(data, rng)
    place = rng.choice(places)
    return data[:place] + data[place + 1 : place + 2] + data[place : place + 1] + data[place + 2 :]


CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (flip, change_digit, cut, drop_line, misspell)


def damage(folder: Path, rng: random.Random) -> str:
    """Damage one file of a run's folder at random; return what was done, beginning with the file's name."""
    names = sorted(contents(folder))
    name = rng.choice(names)
    path, how = folder / name, rng.choice(["change"] * 6 + ["remove", "empty", "exchange"])
    if how == "remove":
        path.unlink()
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "exchange":
        others = [other for other in names if other != name and Path(other).suffix == path.suffix]
        other = rng.choice(others or [n for n in names if n != name])
        path.write_bytes((folder / other).read_bytes())
        return f"{name}: exchanged for {other}"
    else:
        change = rng.choice(CHANGES)
        path.write_bytes(change(path.read_bytes(), rng))
        return f"{name}: {change.__name__}"
    return f"{name}: {how}"


# Forgeries: right hashes, wrong content


def forge(folder: Path, rng: random.Random) -> str:
    """Put something impossible into a file of the run and set every hash right; return what was done."""
    return rng.choice((forge_progress, forge_progress, forge_learner, forge_under_way))(folder, rng)


def sign_progress(folder: Path, progress: dict[str, Any]) -> None:
    """Write progress.json with the right SHA-256."""
    progress.pop("sha256", None)
    digest = hashlib.sha256(json.dumps(progress, sort_keys=True).encode()).hexdigest()
    (folder / "progress.json").write_text(json.dumps({**progress, "sha256": digest}))


WRONG = {
    int: (-1, -(10**9), 1.5, "3", None, [], 2**80),
    float: (-1.0, "x", None, [1], {}),
    str: (3, None, ["x"], "/etc/passwd", "../../x"),
    list: ("x", 3, None, ["../x"], ["/abs/w.pt"], [3], [None]),
    dict: ("x", [], 3, None, {"x": "y"}),
}


def forge_progress(folder: Path, rng: random.Random) -> str:
    """Give a key of progress.json a value that cannot be, misspell a key, or leave one out."""
    progress = json.loads((folder / "progress.json").read_text())
    key = rng.choice([key for key in progress if key not in ("sha256", "earlier", "digests", "pool")])
    value = progress[key]
    how = rng.choice(("value", "value", "value", "misspell"))
    if how == "misspell":
        progress[key[:-1] + "_" + key[-1]] = progress.pop(key)
    else:
        wrong = [w for w in WRONG.get(type(value), (object,)) if type(w) is not type(value) or w != value]
        progress[key] = rng.choice([w for w in wrong if not (value is None and w is None)] or ["x"])
        if isinstance(value, float) and progress[key] == value:
            progress[key] = -1.0
    sign_progress(folder, progress)
    return f"progress.json: {key} {how} {progress.get(key)!r}"


def forge_learner(folder: Path, rng: random.Random) -> str:
    """Change something inside the newest learner's nested state."""
    from alphazero.run.checkpoints import load_learner, save_learner

    path = sorted((folder / "checkpoints").glob("learner-*.pt"))[-1]
    state = load_learner(path)
    holder: Any = state
    keys = []
    while True:
        key = rng.choice(list(holder))
        keys.append(str(key))
        if isinstance(holder[key], dict) and holder[key] and rng.random() < 0.8:
            holder = holder[key]
            continue
        if rng.random() < 0.5:
            del holder[key]
            done = "left out"
        else:
            holder[key] = wrong = rng.choice(["x", [], {"y": 1}, -5, -2.5])
            done = f"is {wrong!r}"
        break
    save_learner(path, state)
    resign(folder, path)
    return f"{path.name}: {'.'.join(keys)} {done}"


def forge_under_way(folder: Path, rng: random.Random) -> str:
    """Change an array of the games under way."""
    import numpy as np

    path = next((folder / "checkpoints").glob("*.under_way"))
    with np.load(io.BytesIO(path.read_bytes())) as arrays:
        found = {name: arrays[name].copy() for name in arrays.files}
    names = [name for name, array in found.items() if array.size and array.dtype.names is None]
    name = rng.choice(names)
    array, how = found[name], rng.choice(("value", "value", "dtype", "shape", "left out"))
    if how == "value" and not name.startswith("_seeds"):
        wild = {"f": np.inf, "i": np.iinfo(array.dtype).max if array.dtype.kind == "i" else 0, "u": 0}
        value = -(10**9) if name == "_started" else wild.get(array.dtype.kind, 0)
        array.reshape(-1)[rng.randrange(array.size)] = value
    elif how == "dtype":
        found[name] = array.astype(np.float64)
    elif how == "shape":
        found[name] = np.concatenate([array.reshape(-1)] * 2)
    else:
        del found[name]
        how = "left out"
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **found)
    path.write_bytes(buffer.getvalue())
    resign(folder, path)
    return f"{path.name}: {name} {how}"


def resign(folder: Path, path: Path) -> None:
    """Set the hash of a file of checkpoints/ in progress.json right."""
    progress = json.loads((folder / "progress.json").read_text())
    progress["digests"][f"checkpoints/{path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    sign_progress(folder, progress)


# One trial


def trial(
    source: Path, base: Path, number: int, change: Callable[[Path, random.Random], str], same: Any
) -> str:
    """Damage a copy of a run, resume it and return what came of it; "fault: ..." with a description."""
    rng = random.Random(number)
    place = base / f"trial-{number}"
    folder = place / "run"
    shutil.copytree(source, folder)
    outside = place / "outside"
    outside.write_bytes(b"stays")
    what = change(folder, rng)
    before = contents(folder)
    result, text = resume(folder)
    if outside.read_bytes() != b"stays" or sorted(path.name for path in place.iterdir()) != [
        "outside",
        "run",
    ]:
        return f"fault: {what}: something outside was touched"
    if result == "refused" and contents(folder) != before:
        return f"fault: {what}: refused, and files changed"
    if result == "went on":
        name = what.split(":")[0]
        told = Path(name).name in text or Path(name).stem in text
        result = "told" if told else "harmless" if outcome(folder) == same else "fault"
        text = f"went on in silence\n{text}"
    shutil.rmtree(place)
    return result if result != "fault" else f"fault: {what}: {text}"


def main() -> int:
    """Run the trials, print what came of them, and return the exit status."""
    from alphazero.bars import progress_bar
    from tests.run.runs import killed_at, quick, start

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--damages", type=int, default=0, help="random damages")
    parser.add_argument("--forged", type=int, default=0, help="forgeries with right hashes")
    parser.add_argument("--seed", type=int, default=0, help="of the first trial")
    options = parser.parse_args()
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as temporary, quick():
        base = Path(temporary)
        with killed_at("shard", 6, after=True):  # in the third generation, its first shard committed
            start(base / "source")
        shutil.copytree(base / "source", base / "whole")
        assert resume(base / "whole")[0] == "went on"
        same = outcome(base / "whole")
        plan = [damage] * options.damages + [forge] * options.forged
        bar = progress_bar(plan)
        for number, change in enumerate(bar, start=options.seed):
            result = trial(base / "source", base, number, change, same)
            found[result.split(":")[0]] += 1
            if result.startswith("fault"):
                bar.write(f"{number}: {result}")
    print(", ".join(f"{count} {name}" for name, count in sorted(found.items())))
    return 1 if found["fault"] else 0


if __name__ == "__main__":
    sys.exit(main())
