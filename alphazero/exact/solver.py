"""Solvers from Python: the exact value of a position and of each of its moves, with limits of time and memory.

`make_solver` picks the Connect Four solver where it applies, and alpha-beta for every other game. A solver keeps its
table from call to call, so that positions of one game are solved faster together.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from alphazero.exact import alphabeta, connect_four
from alphazero.exact.table import make_table
from games import Game

ILLEGAL = -(2**15)  # score of an action that cannot be played
CHUNK = 300_000  # positions between two looks at the clock, some tens of milliseconds


class Unfinished(ValueError):
    """A position that could not be solved within the limits; says what is known so far."""


@dataclass(frozen=True)
class Solution:
    """The exact values of a position's actions under perfect play; arrays by action."""

    values: np.ndarray  # int8[A] for the player to move: 1 win, 0 draw, -1 loss; 0 where not legal
    scores: np.ndarray  # int32[A], higher is better, of the sign of the value; ILLEGAL where not legal
    # int32[A], plies to the end with this move, 0 for a draw; None where not asked for
    plies: np.ndarray | None
    positions: int  # positions visited

    @property
    def legal(self) -> np.ndarray:
        """Return bool[A]."""
        return self.scores != ILLEGAL

    @property
    def value(self) -> int:
        """Return the position's value for the player to move: 1, 0 or -1."""
        return int(self.values[self.legal].max())

    @property
    def best(self) -> np.ndarray:
        """Return the best actions, int64[]: of the best value, and where distances are known of the best score."""
        best = self.scores == self.scores.max() if self.plies is not None else self.values == self.value
        return np.flatnonzero(best & self.legal)


class Solver(ABC):
    """Exact values of one game's positions; `table` is what has been found out so far."""

    def __init__(self, game: Game, memory_mb: float):
        self.game = game
        self.table = make_table(int(memory_mb * 2**20))
        self.positions = 0  # visited by all calls
        self.deadline = np.inf
        self.report: Callable[[int], None] | None = None
        self.is_ready = False  # compiled code is loaded

    def solve(
        self,
        state: np.void,
        *,
        distance: bool = False,
        seconds: float | None = None,
        report: Callable[[int], None] | None = None,
    ) -> Solution:
        """Return the exact values of all actions in a position that is not over.

        distance: also how many plies the game lasts, which takes longer; report: called now and then with the number
        of positions visited. Raises Unfinished when `seconds` have passed, ValueError when the game is over.
        """
        game = self.game
        if not self.is_ready:
            self.is_ready = True
            self.prepare()
        if game.is_over(state):
            raise ValueError(f"{game.state_text(state)!r}: the game is over, there is nothing to solve")
        self.deadline = np.inf if seconds is None else time.perf_counter() + seconds
        self.report, before = report, self.positions
        scores = np.full(game.num_actions, ILLEGAL, np.int32)
        for action in self._in_order(game.legal(state)):
            try:
                scores[action] = self.score_action(state, action, distance)
            except Unfinished as problem:
                known = self._known(state, scores, action)
                raise Unfinished(
                    f"{game.name} {game.state_text(state)!r} is not solved after {seconds:g} seconds and "
                    f"{self.positions - before:,} positions; known so far: {known}, "
                    f"{problem}; allow more time or memory, or solve a later position"
                ) from None
        values = np.where(scores == ILLEGAL, 0, np.sign(scores)).astype(np.int8)
        plies = None
        if distance:
            plies = np.array(
                [0 if s in (0, ILLEGAL) else self.plies_of(state, int(s)) for s in scores], np.int32
            )
        return Solution(values, scores, plies, self.positions - before)

    def _known(self, state: np.void, scores: np.ndarray, action: int) -> str:
        name = self.game.action_name
        words = {1: "wins", 0: "draws", -1: "loses"}
        known = [
            f"{name(state, int(a))} {words[int(np.sign(scores[a]))]}"
            for a in np.flatnonzero(scores != ILLEGAL)
        ]
        return ", ".join([*known, f"{name(state, action)} is open"])

    def _in_order(self, actions: np.ndarray) -> list[int]:
        """Return the actions from the middle of the list outwards: what is found out first helps the rest."""
        middle = (len(actions) - 1) / 2
        return [int(actions[i]) for i in sorted(range(len(actions)), key=lambda i: abs(i - middle))]

    @abstractmethod
    def prepare(self) -> None:
        """Have everything compiled, so that no limit of time is spent on it."""

    @abstractmethod
    def score_action(self, state: np.void, action: int, distance: bool) -> int:
        """Return the score of one action for the player to move in `state`."""

    @abstractmethod
    def plies_of(self, state: np.void, score: int) -> int:
        """Return the plies from `state` to the end that a score other than 0 stands for."""

    def _run(
        self,
        advance: Callable[[], int],
        task: connect_four.Task | alphabeta.Task,
        open_value: int,
        so_far: str,
    ) -> int:
        """Call `advance` until it returns a value; Unfinished when the time is up."""
        before = int(task.progress[2])
        try:
            while (value := int(advance())) == open_value:
                if self.report:
                    self.report(self.positions + int(task.progress[2]) - before)
                if time.perf_counter() > self.deadline:
                    raise Unfinished(so_far)
        finally:
            self.positions += int(task.progress[2]) - before
        return value


class ConnectFourSolver(Solver):
    """The bitboard solver; scores count the winner's stones left at the end, its last one included."""

    def __init__(self, game: Game, memory_mb: float):
        super().__init__(game, memory_mb)
        self.rows, self.cols = int(game.rules["rows"]), int(game.rules["cols"])
        self.board = connect_four.make_board(self.rows, self.cols)
        self.task = connect_four.make_task(self.board)

    def prepare(self) -> None:
        """Compile the search."""
        start = self.game.initial_state()
        connect_four.can_win_at_once(self.board, start["own"], start["other"])
        connect_four.begin(
            self.board, self.task, self.table, start["own"], start["own"] | start["other"], 0, 1
        )
        connect_four.advance(self.board, self.task, self.table, 0)

    def score_action(self, state: np.void, action: int, distance: bool) -> int:
        """Return the action's score; without `distance` only its sign, as 1, 0 or -1."""
        child = state.copy()
        self.game.play(child, action)
        cells, played = self.rows * self.cols, int(child["plies"])
        if self.game.is_over(child):
            score = (cells + 2 - played) // 2 if child["result"] else 0
        else:
            score = -self._score(child, cells, played, distance)
        return score if distance else int(np.sign(score))

    def _score(self, state: np.void, cells: int, played: int, exact: bool) -> int:
        """Return the score of a position for its player to move, by windows of one point."""
        if connect_four.can_win_at_once(self.board, state["own"], state["own"] | state["other"]):
            return (cells + 1 - played) // 2
        low, high = (-((cells - played) // 2), (cells + 1 - played) // 2) if exact else (-1, 1)
        while low < high:
            middle = (low + high) // 2
            if middle <= 0 and -(-low // 2) < middle:
                middle = -(
                    -low // 2
                )  # half-way from the bound towards 0: far results are the quicker to refute
            elif middle >= 0 and high // 2 > middle:
                middle = high // 2
            found = self._bound(state, middle, f"its score is between {-high} and {-low}")
            if found <= middle:
                high = max(found, low)
            else:
                low = min(found, high)
        return low

    def _bound(self, state: np.void, middle: int, so_far: str) -> int:
        """Return a bound of the score: at most `middle` if the score is, above it otherwise."""
        connect_four.begin(
            self.board, self.task, self.table, state["own"], state["own"] | state["other"], middle, middle + 1
        )
        return self._run(
            lambda: connect_four.advance(self.board, self.task, self.table, CHUNK),
            self.task,
            int(connect_four.OPEN),
            so_far,
        )

    def is_decided_within(self, state: np.void, value: int, plies: int) -> bool:
        """Whether a position that is won (value 1) or lost (-1) for the player to move ends within so many plies."""
        if connect_four.can_win_at_once(self.board, state["own"], state["own"] | state["other"]):
            return plies >= 1
        plies -= plies % 2 != (value > 0)  # a win comes with an odd ply, a loss with an even one
        score = (self.rows * self.cols + 2 - int(state["plies"]) - plies) // 2
        if score <= 1:
            return True  # a result that is not quicker would come after the board is full
        if value > 0:
            return self._bound(state, score - 1, "") >= score
        return self._bound(state, -score, "") <= -score

    def is_at_most_drawn(self, state: np.void) -> bool:
        """Whether the player to move does not win: one search, where the value takes up to two."""
        if connect_four.can_win_at_once(self.board, state["own"], state["own"] | state["other"]):
            return False
        return self._bound(state, 0, "") <= 0

    def plies_of(self, state: np.void, score: int) -> int:
        """Return the plies to the end: odd for a win, even for a loss."""
        longest = self.rows * self.cols + 2 - int(state["plies"]) - 2 * abs(score)
        return longest if longest % 2 == (score > 0) else longest - 1


class AlphaBetaSolver(Solver):
    """Alpha-beta with growing horizons; scores are those of `alphazero.exact.alphabeta`."""

    def __init__(self, game: Game, memory_mb: float):
        super().__init__(game, memory_mb)
        self.depth = min(game.max_plies, int(alphabeta.HORIZON) - 1)
        self.history = np.zeros((2, game.num_actions), np.int64)

    def prepare(self) -> None:
        """Compile the search."""
        game = self.game
        task = make_task(game, [game.initial_state()], game.symmetries.actions[:1], self.depth, self.history)
        alphabeta.begin(game, task, self.table, -1, 1, 1)
        alphabeta.advance(game, task, self.table, 0)

    def score_action(self, state: np.void, action: int, distance: bool) -> int:
        """Return WIN - plies for a win, the negative for a loss, 0 for a draw; without `distance` only its sign."""
        lines, symmetries = self._lines(state)
        for line, table in zip(lines, symmetries, strict=True):
            self.game.play(line, int(table[action]))
        value = self._value(lines, symmetries, distance)
        value -= int(np.sign(value))  # from the root it is one ply more
        value = value if self.game.to_move(lines[0]) == self.game.to_move(state) else -value
        return value if distance else int(np.sign(value))

    def _value(self, lines: list[np.void], symmetries: np.ndarray, exact: bool) -> int:
        game, task = self.game, make_task(self.game, lines, symmetries, self.depth, self.history)
        bound = int(alphabeta.BEYOND) if exact else 1
        horizon = 1
        while True:
            complete = horizon >= self.depth
            alphabeta.begin(game, task, self.table, -bound, bound, alphabeta.HORIZON if complete else horizon)
            value = self._run(
                lambda: alphabeta.advance(game, task, self.table, CHUNK),
                task,
                int(alphabeta.OPEN),
                f"it decides nothing within {horizon - 1} plies",
            )
            if complete or value != 0 or not task.progress[3]:
                return value
            horizon += 1 + horizon // 4

    def _lines(self, state: np.void) -> tuple[list[np.void], np.ndarray]:
        """Return copies of a position and the tables of the symmetries that leave it as it is (the identity first)."""
        game = self.game
        start = game.initial_state()
        tables = game.symmetries.actions
        if state.tobytes() != start.tobytes():
            return [state.copy()], tables[:1]
        planes = np.zeros((game.planes, *game.board_shape), np.float32)
        game.encode(start, planes)
        flat = planes.reshape(game.planes, -1)
        same = [np.array_equal(flat[:, cells], flat) for cells in game.symmetries.cells]
        return [start.copy() for _ in range(sum(same))], np.ascontiguousarray(tables[same])

    def plies_of(self, state: np.void, score: int) -> int:
        """Return the plies to the end."""
        return int(alphabeta.WIN) - abs(score)


def make_task(
    game: Game, lines: list[np.void], symmetries: np.ndarray, depth: int, history: np.ndarray
) -> alphabeta.Task:
    """Return a stack for searches of up to `depth` plies from a position, given once for each symmetry."""
    states = np.zeros((len(lines), depth + 1), game.state_dtype)
    for line, state in enumerate(lines):
        states[line, 0] = state
    return alphabeta.Task(
        states,
        symmetries,
        np.zeros(depth + 1, alphabeta.FRAME),
        np.zeros((depth + 1, game.num_actions), np.int32),
        history,
        np.zeros(4, np.int64),
    )


def make_solver(game: Game, memory_mb: float = 256.0) -> Solver:
    """Return the best solver for a game, with a table of at most `memory_mb`."""
    kind = ConnectFourSolver if connect_four.can_solve(game) else AlphaBetaSolver
    return kind(game, memory_mb)
