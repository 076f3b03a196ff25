"""Whether `random_rollout` is random play: fixed by its seed, with the results of plain random play."""

import numpy as np

from games.bits import copy_state, mix, next_seed
from games.contract_view import byte_copy
from games.game import njit, plain_rollout
from games.protocol import Game

DEVIATIONS = 5.0  # allowed difference of two shares, in standard deviations


@njit
def _count_results(game, start, num_rollouts, seed, plain, state, legal, counts):
    """Count the results of rollouts from one position, in counts int64[3]: -1, 0, 1 for the first player."""
    for _ in range(num_rollouts):
        copy_state(state, start)
        seed = next_seed(seed)
        if plain:
            result = plain_rollout(game, state, legal, mix(seed))
        else:
            result = game.random_rollout(state, legal, mix(seed))
        if not -1 <= result <= 1:
            return False
        counts[result + 1] += 1
    return True


def check_rollouts(game: Game, starts: list[np.ndarray], num_rollouts: int, seed: int) -> tuple[bool, str]:
    """Return (True, "") when rollouts from all starts (arrays of one record) are right, or what is not."""
    for start in starts:
        for check in (_reproducible, _same_results)[: 1 + game.rollout_is_uniform]:
            finding = check(game, start, num_rollouts, seed)
            if not finding[0]:
                return False, f"{finding[1]}, played out from {game.state_text(start[0])!r}"
    return True, ""


def _reproducible(game: Game, start: np.ndarray, num_rollouts: int, seed: int) -> tuple[bool, str]:
    legal = np.empty(game.num_actions, np.int32)
    first, second = byte_copy(start), byte_copy(start)
    results = [game.random_rollout(state[0], legal, np.uint64(seed)) for state in (first, second)]
    if results[0] not in (-1, 0, 1):
        return False, "random_rollout returns something else than 1, 0 or -1"
    same = results[0] == results[1] and first.tobytes() == second.tobytes()
    return same, "two random_rollouts with one seed differ"


def _same_results(game: Game, start: np.ndarray, num_rollouts: int, seed: int) -> tuple[bool, str]:
    counts = np.zeros((2, 3), np.int64)
    legal = np.empty(game.num_actions, np.int32)
    for plain in (False, True):
        state = byte_copy(start)
        if not _count_results(
            game, start[0], num_rollouts, np.uint64(seed + plain), plain, state[0], legal, counts[int(plain)]
        ):
            return False, "random_rollout returns something else than 1, 0 or -1"
    shares = counts / num_rollouts
    pooled = shares.mean(axis=0)
    allowed = DEVIATIONS * np.sqrt(2 * pooled * (1 - pooled) / num_rollouts)
    message = f"random_rollout wins, draws and loses {counts[0][::-1]}, plain random play {counts[1][::-1]}"
    return bool((np.abs(shares[0] - shares[1]) <= allowed).all()), message
