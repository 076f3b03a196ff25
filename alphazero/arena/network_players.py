"""Players that ask a network once a move, without a search: its policy (`policy`) or its value (`value`)."""

import numpy as np

from alphazero.play.player import Decisions, Player, Turns, as_positions
from alphazero.search.oracle import Oracle, require_finite, require_heads
from alphazero.search.simulate import seen_by
from games import Game
from games.bits import copy_state
from games.kernel import njit

CHILDREN_AT_ONCE = 4096


class PolicyPlayer(Player):
    """Draws from the network's policy, probability ** (1 / temperature); 0: the most probable action.

    Raises NetworkError for a network without a policy, or one that answers NaN or infinity.
    """

    def __init__(
        self, game: Game, oracle: Oracle, temperature: float = 1.0, seed: int = 0, name: str = "policy"
    ):
        super().__init__(game, name, seed)
        require_heads(oracle, policy=True)
        self.oracle, self.temperature = oracle, temperature

    def decide(self, turns: Turns) -> Decisions:
        """Return one legal action for each turn, the shares by which it was drawn, and the network's values if any."""
        states = as_positions(self.game, turns.states)
        shape = (len(states), self.game.planes, *self.game.board_shape)
        planes, legal_mask = (
            np.empty(shape, np.float32),
            np.zeros((len(states), self.game.num_actions), np.bool_),
        )
        _encode_all(self.game, states, planes, legal_mask)
        logits, values = self.oracle(planes)
        require_finite(self.oracle.name, logits[legal_mask])
        scores = np.where(legal_mask, logits.astype(np.float64), -np.inf)
        if self.temperature > 0.0:
            # The largest of logits / temperature + Gumbel noise is distributed by the softmax of the former.
            scores /= self.temperature
            actions = np.argmax(scores + self.rng.gumbel(size=scores.shape), axis=1)
            shares = np.exp(scores - scores.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
        else:
            actions = np.argmax(scores, axis=1)
            shares = np.zeros_like(scores)
            shares[np.arange(len(actions)), actions] = 1.0
        log_probs = np.log(shares[np.arange(len(actions)), actions])
        known = values.astype(np.float32) if self.oracle.has_value else None
        return Decisions(actions, log_probs, known, shares.astype(np.float32))


class ValuePlayer(Player):
    """Plays the action whose position is worth most by the network's value: greedy on -V(f(s, a)).

    The sign follows whoever is to move after the action, and a finished game counts its result. Equal
    values are chosen among by chance. Raises NetworkError for a network without a value, or one that answers NaN or
    infinity.
    """

    def __init__(self, game: Game, oracle: Oracle, seed: int = 0, name: str = "value"):
        super().__init__(game, name, seed)
        require_heads(oracle, value=True)
        self.oracle = oracle

    def decide(self, turns: Turns) -> Decisions:
        """Return one legal action for each turn, and the value of the position that it leads to."""
        values = self.action_values(turns.states)
        best = values == values.max(axis=1, keepdims=True)
        actions = np.argmax(best * (1.0 - self.rng.random(values.shape)), axis=1)
        return Decisions(actions, values=values.max(axis=1))

    def action_values(self, states: np.ndarray) -> np.ndarray:
        """Return the value of every action for the player to move, float32[n, A]; -inf where illegal."""
        states = as_positions(self.game, states)
        group = max(1, CHILDREN_AT_ONCE // self.game.num_actions)
        values = np.full((len(states), self.game.num_actions), -np.inf, np.float32)
        for start in range(0, len(states), group):
            self._value_group(states[start : start + group], values[start : start + group])
        return values

    def _value_group(self, states: np.ndarray, values: np.ndarray) -> None:
        game, most = self.game, len(states) * self.game.num_actions
        children = np.zeros(most, game.state_dtype)
        parents, actions = np.empty(most, np.int64), np.empty(most, np.int64)
        planes = np.zeros((most, game.planes, *game.board_shape), np.float32)
        count = _make_children(game, states, children, parents, actions, planes)
        judged = self.oracle(planes[:count])[1].astype(np.float64)
        require_finite(self.oracle.name, judged)
        _value_actions(game, states, children, parents, actions, judged, values)


@njit
def _encode_all(game, states, planes, legal_mask):
    legal = np.empty(legal_mask.shape[1], np.int32)
    for row in range(states.size):
        game.encode(states[row], planes[row])
        for index in range(game.legal_actions(states[row], legal)):
            legal_mask[row, legal[index]] = True


@njit
def _make_children(game, states, children, parents, actions, planes):
    """Write each legal action's position, parent, action, planes (0 where it is over); return how many."""
    legal = np.empty(children.size // states.size, np.int32)
    child = np.int64(0)
    for row in range(states.size):
        for index in range(game.legal_actions(states[row], legal)):
            parents[child], actions[child] = row, legal[index]
            copy_state(children[child], states[row])
            game.play(children[child], np.int64(legal[index]))
            if not game.is_over(children[child]):
                game.encode(children[child], planes[child])
            child += 1
    return child


@njit
def _value_actions(game, states, children, parents, actions, judged, values):
    """Turn judged float64[m], for the movers of `children`, into values float32[n, A] for the parents'."""
    for child in range(judged.size):
        mover = game.to_move(states[parents[child]])
        if game.is_over(children[child]):
            value = seen_by(mover, np.float64(game.outcome(children[child])), np.int64(0))
        else:
            value = seen_by(mover, judged[child], game.to_move(children[child]))
        values[parents[child], actions[child]] = value
