"""What the contract says about a game before a single move: its numbers, dtypes, tables and text."""

from typing import Any

import numpy as np

import games
from games.protocol import Game
from games.symmetry import Symmetries

Finding = tuple[bool, str]
FINE: Finding = (True, "")


def check_form(game: Game) -> Finding:
    """Return (True, "") when everything fits, otherwise False and what does not."""
    for check in (_numbers, _dtype, _tables, _reset, _spec):
        finding = check(game)
        if not finding[0]:
            return finding
    return FINE


def _numbers(game: Game) -> Finding:
    rows, cols = game.board_shape
    shape = tuple(game.policy_shape)
    counts = {
        "rows": rows,
        "cols": cols,
        "planes": game.planes,
        "num_actions": game.num_actions,
        "max_plies": game.max_plies,
    }
    if not all(isinstance(count, int) and count > 0 for count in counts.values()):
        return False, f"expected positive whole numbers: {counts}"
    per_square = len(shape) == 3 and shape[1:] == (rows, cols)
    lacking = game.num_actions - np.prod(shape)
    if lacking not in ((0, 1) if per_square else (0,)) or not (len(shape) == 1 or per_square):
        return False, (
            f"policy_shape {shape} must be ({game.num_actions},) or (channels, {rows}, {cols}), "
            "with as many elements as there are actions, or per square one less: then the last is a pass"
        )
    fields: Any = game
    return hash(game) == hash(type(fields)._make(fields)), "the game cannot be hashed by its rules"


def _dtype(game: Game) -> Finding:
    dtype = game.state_dtype
    if dtype.names is None or dtype.hasobject or not dtype.isalignedstruct:
        return False, f"state_dtype {dtype} must be a structured dtype made with align=True, without objects"
    return dtype == game.state_dtype, "state_dtype is another one at every call"


def _tables(game: Game) -> Finding:
    if not isinstance(game.symmetries, Symmetries):
        return False, "symmetries must be games.symmetry.Symmetries(cells, actions)"
    for name, table, size in zip(
        Symmetries._fields, game.symmetries, (int(np.prod(game.board_shape)), game.num_actions), strict=True
    ):
        if table.dtype != np.int32 or table.ndim != 2 or table.shape[1] != size:
            return False, f"symmetries.{name} is {table.dtype}{table.shape}, expected int32[S, {size}]"
        if (np.sort(table, axis=1) != np.arange(size)).any():
            return False, f"symmetries.{name} has a row that is no permutation"
        if (table[0] != np.arange(size)).any():
            return False, f"row 0 of symmetries.{name} is not the identity"
    return len(game.symmetries.cells) == len(game.symmetries.actions), "the symmetry tables differ in length"


def _reset(game: Game) -> Finding:
    """A record full of rubbish becomes the starting position, and its neighbours stay as they were."""
    block = np.zeros(3, game.state_dtype)
    block.view(np.uint8)[:] = 0xA5
    before = block.tobytes()
    game.reset(block[1])
    size = block.itemsize
    after = block.tobytes()
    if after[:size] != before[:size] or after[2 * size :] != before[2 * size :]:
        return False, "reset wrote outside its record"
    fresh = game.initial_state()
    differing = [name for name in block.dtype.names if not np.array_equal(block[1][name], fresh[name])]
    return not differing, f"reset leaves fields of the old position as they were: {', '.join(differing)}"


def _spec(game: Game) -> Finding:
    try:
        games.info(game.name)
    except ValueError:
        return FINE  # not registered: it has no text to be read back from
    text = games.spec(game)
    return games.parse(text) == game, f"games.parse({text!r}) is {games.parse(text)!r}, not {game!r}"
