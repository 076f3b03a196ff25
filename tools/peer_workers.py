"""Other programs that `tools/peer_speed.py` measures: one run, and one rate on stdout, for every line on stdin.

    python tools/peer_workers.py mcts "go(board_size=9)"      OpenSpiel's C++ tree search, one rollout a simulation
    python tools/peer_workers.py steps go_9x9                 random steps of pgx, compiled, at its best batch

Runs in an environment with `pyspiel` or `pgx`, and needs nothing of this project.
"""

import sys
import time
from collections.abc import Callable

SIMULATIONS = 2000
BATCHES, STEPS = (64, 256, 1024), 40


def mcts(name: str) -> Callable[[], float]:
    """Return a run that gives simulations/s from the start, on one thread."""
    import pyspiel

    game = pyspiel.load_game(name)

    def run() -> float:
        seed = time.time_ns() % 1000
        bot = pyspiel.MCTSBot(
            game, pyspiel.RandomRolloutEvaluator(1, seed), 2.0, SIMULATIONS, 0, False, seed, False
        )
        start = time.perf_counter()
        bot.mcts_search(game.new_initial_state())
        return SIMULATIONS / (time.perf_counter() - start)

    return run


def steps(name: str) -> Callable[[], float]:
    """Return a run that gives random steps/s from the start, at the batch that was fastest at first."""
    import jax
    import jax.numpy as jnp
    import pgx

    env = pgx.make(name)

    def compiled(batch: int) -> Callable[[], float]:
        @jax.jit
        def play(key):
            def body(carry, _):
                state, key = carry
                key, choose = jax.random.split(key)
                action = jax.random.categorical(
                    choose, jnp.where(state.legal_action_mask, 0.0, -1e9), axis=-1
                )
                return (jax.vmap(env.step)(state, action), key), None

            state = jax.vmap(env.init)(jax.random.split(key, batch))
            (state, _), _ = jax.lax.scan(body, (state, key), None, length=STEPS)
            return state.terminated

        play(jax.random.PRNGKey(0)).block_until_ready()

        def run() -> float:
            start = time.perf_counter()
            play(jax.random.PRNGKey(time.time_ns() % 1000)).block_until_ready()
            return batch * STEPS / (time.perf_counter() - start)

        return run

    rivals = [compiled(batch) for batch in BATCHES]
    return max(rivals, key=lambda run: run())


if __name__ == "__main__":
    run = {"mcts": mcts, "steps": steps}[sys.argv[1]](sys.argv[2])
    print("ready", flush=True)
    for _ in sys.stdin:
        print(run(), flush=True)
