"""Turn the results of many games into Elo ratings with intervals.

The model is Bradley-Terry with Davidson's draws (R. Davidson, 1970) and an advantage for whoever moves first.
With ratings r in natural units (Elo = 400 / ln 10 * r), first-move advantage g, draw parameter theta and
d = r_first - r_second + g:

    P(first wins) = e^(d/2) / Z     P(draw) = e^theta / Z     P(second wins) = e^(-d/2) / Z

The log likelihood is concave in (r, g, theta); a weak normal prior makes the maximum unique and finite, also
for a player who won every game and for players without a common opponent (their interval is then wide).
Games count as independent; openings played twice with colours swapped make that slightly cautious.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

ELO_PER_NAT = 400.0 / math.log(10.0)
INTERVAL_Z = 1.959963984540054  # 95 % of a normal distribution lie within this many standard deviations
_ADVANTAGE_PRIOR_ELO = 400.0
_LOG_DRAW_PRIOR = 3.0  # standard deviation of theta; at theta = 0 a third of the games of equals are drawn
_GAUGE_PRECISION = 1e-7  # holds the mean of the ratings when nothing else does
_MAX_STEPS = 100


@dataclass(frozen=True)
class Record:
    """Counts of games in which `first` moved first against `second`."""

    first: str
    second: str
    first_wins: int
    draws: int
    second_wins: int

    @property
    def games(self) -> int:
        return self.first_wins + self.draws + self.second_wins


@dataclass(frozen=True)
class Interval:
    """An estimate with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{round(self.value):+d} [{round(self.low):+d}, {round(self.high):+d}]"


@dataclass(frozen=True)
class Ratings:
    """Fitted ratings: `names[i]` has `elo[i]`.

    `elo` float64[n]; without anchors they are relative to the mean of all players.
    `covariance` float64[n, n] in Elo squared, zero for anchors. `first_move_advantage` in Elo.
    `draw_share` is the share of draws between equals when neither has the first-move advantage.
    """

    names: tuple[str, ...]
    elo: np.ndarray
    covariance: np.ndarray
    first_move_advantage: Interval
    draw_share: Interval
    anchors: Mapping[str, float] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Interval:
        """Return the Elo of one player with its 95 % interval; KeyError for an unknown name."""
        index = self._index(name)
        half = INTERVAL_Z * math.sqrt(max(self.covariance[index, index], 0.0))
        value = float(self.elo[index])
        return Interval(value, value - half, value + half)

    def difference(self, a: str, b: str) -> Interval:
        """Return Elo(a) - Elo(b) with its 95 % interval, correlations included."""
        i, j = self._index(a), self._index(b)
        variance = self.covariance[i, i] + self.covariance[j, j] - 2.0 * self.covariance[i, j]
        half = INTERVAL_Z * math.sqrt(max(variance, 0.0))
        value = float(self.elo[i] - self.elo[j])
        return Interval(value, value - half, value + half)

    def expected_share(self, a: str, b: str) -> float:
        """Return the share of points in [0, 1] that `a` is expected to take from `b`, colours alternating."""
        draw = self.draw_share.value
        # At equality P(draw) = nu / (2 + nu), so the draw parameter is nu = 2 P / (1 - P).
        log_draw = math.log(2.0 * draw / (1.0 - draw))
        difference = (self.elo[self._index(a)] - self.elo[self._index(b)]) / ELO_PER_NAT
        advantage = self.first_move_advantage.value / ELO_PER_NAT
        d = np.array([difference + advantage, difference - advantage])
        shares = _probabilities(d, log_draw)
        return float(np.mean(shares[:, 0] + 0.5 * shares[:, 1]))

    def as_dict(self) -> dict[str, list[float]]:
        """Return {name: [elo, low, high]}, strongest first; JSON-able."""
        order = sorted(self.names, key=lambda name: -self[name].value)
        return {name: [self[name].value, self[name].low, self[name].high] for name in order}

    def table(self) -> str:
        """Return the ratings as text, one player a line, strongest first."""
        width = max((len(name) for name in self.names), default=0)
        lines = [
            f"{name:<{width}}  {value:+6.0f}  [{low:+6.0f}, {high:+6.0f}]"
            for name, (value, low, high) in self.as_dict().items()
        ]
        return "\n".join(lines)

    def _index(self, name: str) -> int:
        try:
            return self.names.index(name)
        except ValueError:
            raise KeyError(name) from None


@dataclass(frozen=True)
class _Problem:
    """The games as arrays; parameters are ordered ratings[n], advantage, theta."""

    first: np.ndarray  # int64[m], index of the player who moved first
    second: np.ndarray  # int64[m]
    counts: np.ndarray  # float64[m, 3]: first wins, draws, second wins
    precision: np.ndarray  # float64[n + 2, n + 2] of the normal prior around 0


def fit_ratings(
    records: Iterable[Record], anchors: Mapping[str, float] | None = None, prior_elo: float = 1000.0
) -> Ratings:
    """Fit ratings by maximum a posteriori and return them with intervals from the Hessian there.

    `anchors` fixes players at given Elo. `prior_elo` is the standard deviation in Elo of a player around the
    mean of all players before any game is seen. Raises ValueError for a negative count or a player who plays
    against itself.
    """
    records = [record for record in records if _checked(record).games > 0]
    anchors = dict(anchors or {})
    names = tuple(dict.fromkeys([*anchors, *(n for r in records for n in (r.first, r.second))]))
    middle = float(np.mean(list(anchors.values()))) if anchors else 0.0
    start = np.array([anchors.get(name, middle) / ELO_PER_NAT for name in names] + [0.0, 0.0])
    free = np.array([name not in anchors for name in names] + [True, True])
    parameters, covariance = _maximise(_problem(records, names, prior_elo), start, free)
    return _ratings(names, anchors, parameters, covariance)


def elo_from_share(share: float) -> float:
    """Return the Elo difference at which the expected share of points is `share`, 0 < share < 1."""
    return -400.0 * math.log10(1.0 / share - 1.0)


def _checked(record: Record) -> Record:
    if record.first == record.second:
        raise ValueError(
            f"player {record.first!r} is rated against itself: give the two players different names"
        )
    if min(record.first_wins, record.draws, record.second_wins) < 0:
        raise ValueError(
            f"{record.first!r} against {record.second!r}: counts must be 0 or more, got {record}"
        )
    return record


def _problem(records: list[Record], names: tuple[str, ...], prior_elo: float) -> _Problem:
    index = {name: i for i, name in enumerate(names)}
    size = len(names)
    precision = np.zeros((size + 2, size + 2))
    if size:
        # Only the spread around the mean is held, so a ladder of many small steps is not pulled together.
        around_mean = np.eye(size) - np.full((size, size), 1.0 / size)
        precision[:size, :size] = (
            around_mean * (ELO_PER_NAT / prior_elo) ** 2 + np.eye(size) * _GAUGE_PRECISION
        )
    precision[size, size] = (ELO_PER_NAT / _ADVANTAGE_PRIOR_ELO) ** 2
    precision[size + 1, size + 1] = _LOG_DRAW_PRIOR**-2
    counts = np.array([[r.first_wins, r.draws, r.second_wins] for r in records], np.float64).reshape(-1, 3)
    first = np.array([index[r.first] for r in records], dtype=np.int64)
    second = np.array([index[r.second] for r in records], dtype=np.int64)
    return _Problem(first, second, counts, precision)


def _probabilities(d: np.ndarray, log_draw: float) -> np.ndarray:
    """Return float64[m, 3]: P(first wins), P(draw), P(second wins)."""
    logits = np.stack([0.5 * d, np.full_like(d, log_draw), -0.5 * d], axis=1)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _first_lead(problem: _Problem, x: np.ndarray) -> np.ndarray:
    return x[problem.first] - x[problem.second] + x[-2]


def _objective(problem: _Problem, x: np.ndarray) -> float:
    d = _first_lead(problem, x)
    logits = np.stack([0.5 * d, np.full_like(d, x[-1]), -0.5 * d], axis=1)
    log_probabilities = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return float(np.sum(problem.counts * log_probabilities) - 0.5 * x @ problem.precision @ x)


def _gradient_and_information(problem: _Problem, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradient of the objective and minus its Hessian."""
    probabilities = _probabilities(_first_lead(problem, x), x[-1])
    games = problem.counts.sum(axis=1)
    win, draw, loss = probabilities.T
    # How the logits depend on d and theta, and the covariance of those two features under the model.
    by_d = 0.5 * (problem.counts[:, 0] - problem.counts[:, 2] - games * (win - loss))
    by_theta = problem.counts[:, 1] - games * draw
    of_d = games * ((win + loss) / 4.0 - ((win - loss) / 2.0) ** 2)
    of_both = -games * draw * (win - loss) / 2.0
    of_theta = games * draw * (1.0 - draw)

    rows = np.arange(len(games))
    design = np.zeros((len(games), len(x)))  # d = design @ x
    design[rows, problem.first] += 1.0
    design[rows, problem.second] -= 1.0
    design[:, -2] = 1.0
    gradient = design.T @ by_d - problem.precision @ x
    gradient[-1] += by_theta.sum()
    information = design.T @ (design * of_d[:, None]) + problem.precision
    cross = design.T @ of_both
    information[:, -1] += cross
    information[-1, :] += cross
    information[-1, -1] += of_theta.sum()
    return gradient, information


def _maximise(problem: _Problem, start: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the parameters of the maximum and their covariance (zero for those that are not free)."""
    x = start.copy()
    value = _objective(problem, x)
    for _ in range(_MAX_STEPS):
        gradient, information = _gradient_and_information(problem, x)
        step = np.zeros_like(x)
        step[free] = np.linalg.solve(information[np.ix_(free, free)], gradient[free])
        if gradient @ step < 1e-16:
            break
        scale = 1.0
        while (moved := _objective(problem, x + scale * step)) < value and scale > 1e-6:
            scale *= 0.5
        x, value = x + scale * step, moved
    covariance = np.zeros((len(x), len(x)))
    _, information = _gradient_and_information(problem, x)
    covariance[np.ix_(free, free)] = np.linalg.inv(information[np.ix_(free, free)])
    return x, covariance


def _ratings(
    names: tuple[str, ...], anchors: dict[str, float], x: np.ndarray, covariance: np.ndarray
) -> Ratings:
    size = len(names)
    ratings, spread = x[:size], covariance[:size, :size]
    if not anchors and size:
        around_mean = np.eye(size) - np.full((size, size), 1.0 / size)
        ratings, spread = around_mean @ ratings, around_mean @ spread @ around_mean
    advantage, theta = x[size], x[size + 1]
    half_advantage, half_theta = INTERVAL_Z * np.sqrt(np.diag(covariance)[size:])
    return Ratings(
        names=names,
        elo=ratings * ELO_PER_NAT,
        covariance=spread * ELO_PER_NAT**2,
        first_move_advantage=_interval(advantage, half_advantage, lambda nats: nats * ELO_PER_NAT),
        draw_share=_interval(theta, half_theta, lambda log_draw: 1.0 / (1.0 + 2.0 * math.exp(-log_draw))),
        anchors=anchors,
    )


def _interval(value: float, half: float, transform: Callable[[float], float]) -> Interval:
    return Interval(*(float(transform(v)) for v in (value, value - half, value + half)))
