"""Go as text: points such as d4, positions as rows of stones, boards for a terminal."""

import numpy as np

from games.game import IllegalAction
from games.go.rules import SIMPLE
from games.stones import impossible, read_board_and_mover, read_square, stones_text

LETTERS = "abcdefghjklmnopqrst"  # without i
PASS = "pass"


def action_name(self, state, action: int) -> str:
    """Return a point such as d4, the letter of its column (without i) and the number of its row from below, or pass."""
    row, col = divmod(int(action), self.cols)
    return PASS if row == self.rows else f"{LETTERS[col]}{self.rows - row}"


def read_point(self, text: str) -> int:
    """Return the action of a point or "pass"; ValueError when the text is none on this board."""
    return read_square(text, self.rows, self.cols, letters=LETTERS, word=PASS, note=" (there is no i)")


def parse_action(self, state, text: str) -> int:
    """Read a point or "pass"; ValueError when it is none, IllegalAction when it cannot be played."""
    action = read_point(self, text)
    if action not in self.legal(state):
        why = _why_not(self, state, action)
        raise IllegalAction(f"illegal move {text.strip()!r} in {self.state_text(state)!r}: {why}")
    return action


def _why_not(self, state, action: int) -> str:
    row, col = divmod(action, self.cols)
    if self.is_over(state):
        return "the game is over"
    if stones(self, state)[row, col]:
        return "that point is taken"
    lenient = self._replace(superko=SIMPLE, suicide=1)
    copy = state.copy()
    copy["ko"] = 0
    if action in lenient.legal(copy) and (self.suicide or action in lenient._replace(suicide=0).legal(copy)):
        return "it would bring an earlier position back"
    return "the stone would have no liberty"


def stones(self, state) -> np.ndarray:
    """Return int8[rows, cols]: 0 empty, 1 Black, 2 White."""
    width = self.cols + 1
    whole = np.asarray(state["board"])[: (self.rows + 2) * width].reshape(self.rows + 2, width)
    return whole[1:-1, 1:].copy()


def state_text(self, state) -> str:
    """Return the rows from the top (. x o), joined by "/", who is to move (x is Black), then what else matters.

    "ko d4" where the simple ko rule forbids a point, and a word "pass" for every pass just made.
    """
    words = [stones_text(stones(self, state)), "xo"[self.to_move(state)]]
    if state["ko"] and self.superko == SIMPLE:
        width = self.cols + 1
        row, col = int(state["ko"]) // width - 1, int(state["ko"]) % width - 1
        words += ["ko", action_name(self, state, row * self.cols + col)]
    return " ".join(words + [PASS] * int(state["passes"]))


def _may_be_ko(board: np.ndarray, row: int, col: int, taker: int) -> bool:
    """Whether `taker` (1 or 2) can just have taken a single stone on an empty point with one of his own.

    All around the point are then his, one of them a lone stone that has no liberty but this point.
    """
    around = _near(board, row, col)
    if board[row, col] or any(board[point] != taker for point in around):
        return False
    return any(
        all(board[point] == 3 - taker for point in _near(board, *stone) if point != (row, col))
        for stone in around
    )


def _near(board: np.ndarray, row: int, col: int) -> list[tuple[int, int]]:
    """Return the points beside a point."""
    near = [(row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1)]
    return [(r, c) for r, c in near if 0 <= r < board.shape[0] and 0 <= c < board.shape[1]]


def parse_state(self, text: str) -> np.record:
    """Read what `state_text` writes; earlier positions are not known. ValueError for text or stones that cannot be."""
    board, player, rest = read_board_and_mover(text, self.rows, self.cols)
    ko = -1
    if rest[:1] == ["ko"] and len(rest) > 1:
        ko, rest = read_point(self, rest[1]), rest[2:]
        if self.superko != SIMPLE:
            raise impossible(text, 'no point is forbidden by ko where superko is not simple: leave "ko" out')
        if ko >= self.rows * self.cols or not _may_be_ko(board, *divmod(ko, self.cols), 2 - player):
            raise impossible(text, "no single stone can have been taken there just now")
        if rest:
            raise impossible(text, "a pass lifts the ko")
    if rest not in ([], [PASS], [PASS] * 2):
        raise ValueError(
            f'cannot read {" ".join(rest)!r} in the position {text!r}: expected "ko" and a point, or '
            '"pass" once or twice'
        )
    state = self.initial_state()
    if not self.place(state, board, player, len(rest), ko):
        raise impossible(text, "a chain has no liberty")
    return state


def area(self, state) -> tuple[int, int]:
    """Return the points of Black and of White: their stones, and the empty regions that reach no stone but theirs."""
    board = stones(self, state)
    points, seen = [0, int((board == 1).sum()), int((board == 2).sum())], board != 0
    for start in np.argwhere(board == 0).tolist():
        region, borders = [] if seen[tuple(start)] else [tuple(start)], set()
        for point in region:  # grows while it is gone through
            seen[point] = True
            borders |= {int(board[near]) for near in _near(board, *point)} - {0}
            region += [near for near in _near(board, *point) if not board[near] and near not in region]
        if len(borders) == 1:
            points[borders.pop()] += len(region)
    return points[1], points[2]


def end_reason(self, state) -> str:
    """Return why a game has ended, and the points of both; nothing while it goes on."""
    if not self.is_over(state):
        return ""
    black, white = area(self, state)
    why = f"the longest game, {self.longest} plies" if self.is_truncated(state) else "two passes"
    return f"{why}: Black {black}, White {white} + {self.komi:g} = {white + self.komi:g}"


def render(self, state, view: int = 0) -> str:
    """Return the board for a terminal, whatever `view` is: columns lettered (without i), rows from below, X Black.

    Under the board of a game that is over stand the points of both.
    """
    width = len(str(self.rows))
    lines = []
    for row, line in enumerate(stones(self, state)):
        lines.append(f"{self.rows - row:>{width}} " + " ".join(".XO"[stone] for stone in line))
    lines.append(" " * (width + 1) + " ".join(LETTERS[: self.cols]))
    if self.is_over(state):
        black, white = area(self, state)
        lines.append(f"X {black}  O {white} + {self.komi:g} = {white + self.komi:g}")
    return "\n".join(lines)
