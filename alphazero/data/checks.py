"""Whether arrays that were read from a file are games: ranges first, then a replay of every move.

A file of right hash can hold anything. Nothing compiled sees an array before its values are known to be in range, and
no position before it is known to be one that the rules can reach.
"""

from collections.abc import Mapping

import numpy as np

from alphazero.data.games import Games, Openings, bounds, columns_of, unknown_openings, without_padding
from alphazero.data.labels import SearchLabels
from alphazero.data.members import ShardError
from alphazero.data.replay import FAULTS, UNFINISHED, Fault, Moves, first_fault
from alphazero.data.starts import Starts
from games.protocol import Game

LARGEST = float(np.finfo(np.float32).max)


def ranges(game: Game) -> dict[str, tuple[float, float]]:
    """Return the lowest and the highest value of every array of stored games of a game."""
    action = (0, game.num_actions - 1)
    return {
        "lengths": (0, game.max_plies),
        "outcomes": (-1, 1),
        "ends": (0, 4),
        "actions": action,
        "opening_plies": (-1, game.max_plies),
        "opening_actions": action,
        "values": (-1.0, 1.0),
        "full": (0, 1),
        "counts": (0, game.num_actions),
        "surprises": (0.0, LARGEST),
        "policy_actions": action,
        "policy_weights": (1, 65535),
        "lowest": (-1.0, 1.0),
        "log_probs": (-LARGEST, 0.0),
    }


def check_range(game: Game, name: str, array: np.ndarray) -> None:
    """Raise ShardError when a value of one array of stored games cannot be."""
    low, high = ranges(game)[name]
    if array.size and not (array.min() >= low and array.max() <= high):  # false for NaN too
        flat = array.reshape(-1)
        index = int(np.flatnonzero(~((flat >= low) & (flat <= high)))[0])
        raise ShardError(f"{name}[{index}] is {flat[index]}, expected {low:g} to {high:g}")


def check_values(game: Game, arrays: Mapping[str, np.ndarray], labels: type) -> None:
    """Raise ShardError when the arrays of stored games, as `arrays_of` gives them, have values that cannot be.

    Also when policies do not belong to full searches: where a search was none, nothing of it is kept.
    """
    for name in columns_of(labels):
        check_range(game, name, arrays[name])
    if labels is SearchLabels:
        full, counts, surprises = arrays["full"] == 1, arrays["counts"], arrays["surprises"]
        wrong = np.flatnonzero((full != (counts > 0)) | (~full & (surprises != 0.0)))
        if wrong.size:
            ply = int(wrong[0])
            raise ShardError(
                f"at ply {ply} of all full is {int(full[ply])}, counts {counts[ply]} and surprises {surprises[ply]}: "
                "expected a policy of full searches, and nothing of others"
            )


def check_games(game: Game, games: Games, finished: bool = True, knows_truncated: bool = True) -> Games:
    """Return games whose values have been checked, once every move has been replayed; ShardError when one cannot be.

    Where the opening of a game is known its start is made anew; other starts have to be positions that the rules can
    reach, as far as `Starts` can tell. Games that are not `finished` are under way, with no outcome. knows_truncated:
    as in `first_fault`.
    """
    games = with_known_openings(game, games)
    if not finished and (games.ends.any() or games.outcomes.any()):
        raise ShardError("games under way that have an end or an outcome")
    moves = _moves(games, finished)
    fault, number, ply = first_fault(game, moves, knows_truncated)
    if fault != Fault.NONE:
        raise ShardError(f"game {number}, ply {ply}: {FAULTS[fault]}")
    return games._replace(starts=moves.starts, ends=moves.ends if finished else games.ends)


def _moves(games: Games, finished: bool) -> Moves:
    ends = games.ends.copy() if finished else np.full(games.num_games, UNFINISHED, np.int8)
    core = (games.starts, games.lengths, games.outcomes, ends, games.actions)
    openings = games.openings or unknown_openings(games.num_games)
    if isinstance(games.labels, SearchLabels):
        labels = games.labels
        policy = (labels.counts, labels.policy_actions, labels.policy_weights)
        return Moves(*openings, *core, *policy, labels.values, labels.lowest)
    n = games.num_positions
    nothing = (np.zeros(n, np.int32), np.zeros(0, np.int32), np.zeros(0, np.uint16))
    return Moves(*openings, *core, *nothing, np.zeros(n, np.float32), np.zeros((0, 2), np.float32))


def with_known_openings(game: Game, games: Games) -> Games:
    """Return the games with the openings that were found for starts without one, and what lies between fields zero.

    ShardError when such a start is no position known to be reached.
    """
    plies, actions = games.openings or unknown_openings(games.num_games)
    starts, given = without_padding(games.starts), np.flatnonzero(plies < 0)
    if not given.size:
        return games._replace(starts=starts)
    judge, moves, plies = Starts(game), np.split(actions, bounds(plies)[1:-1]), plies.copy()
    for number in given.tolist():
        opening = judge.opening(starts[number : number + 1])
        if opening is False:
            raise ShardError(f"game {number}: its start is no position that {game.name} is known to reach")
        if opening is not True:
            plies[number], moves[number] = len(opening), np.array(opening, np.int32)
    return games._replace(starts=starts, openings=Openings(plies, np.concatenate(moves)))
