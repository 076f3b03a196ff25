"""Chess written as text, by python-chess: positions as FEN, moves as SAN. Never called in a search."""

import functools
from typing import TYPE_CHECKING

from games.chess.actions import FIRST_PROMOTION, FLIP, TARGET
from games.chess.board import FIFTY_MOVES, THREEFOLD

if TYPE_CHECKING:
    import chess

KINDS = "pnbrqk"
FILES = "abcdefgh"


def state_text(self, state) -> str:
    """Return the position as FEN; the square behind a pawn stands in it where it can be taken in passing."""
    core = state["core"]
    player, turn = int(core["player"]), 56 if core["player"] else 0
    own, kinds = int(core["own"]), core["kinds"].tolist()
    rows = []
    for rank in range(7, -1, -1):
        row, empty = "", 0
        for file in range(8):
            piece = _piece_at(own, kinds, player, (8 * rank + file) ^ turn)
            row += (str(empty) if piece and empty else "") + piece
            empty = 0 if piece else empty + 1
        rows.append(row + (str(empty) if empty else ""))
    rights = int(core["castling"])
    if player:
        rights = (rights >> 2) | ((rights & 3) << 2)
    castling = "".join(letter for bit, letter in enumerate("KQkq") if rights >> bit & 1)
    passed = int(core["passed"])
    square = "-" if passed < 0 else _square_name(passed ^ turn)
    return f"{'/'.join(rows)} {'wb'[player]} {castling or '-'} {square} {core['quiet']} {int(state['plies']) // 2 + 1}"


def _piece_at(own: int, kinds: list[int], player: int, square: int) -> str:
    """Return the letter of the piece on a square of the mover's view, capital for White; nothing if it is empty."""
    for letter, pieces in zip(KINDS, kinds, strict=True):
        if pieces >> square & 1:
            return letter.upper() if own >> square & 1 == 1 - player else letter
    return ""


def _square_name(square: int) -> str:
    return f"{FILES[square % 8]}{square // 8 + 1}"


def to_board(self, state) -> "chess.Board":
    """Return the position as a board of python-chess, without its history."""
    import chess

    return chess.Board(state_text(self, state))


def uci_names(self, state) -> dict[str, int]:
    """Return the legal actions by their names in UCI, such as e7e8q."""
    player, pawns = int(state["core"]["player"]), int(state["core"]["kinds"][0])
    return {
        _uci_name(action, player, bool(pawns >> (action & 63 ^ FLIP) & 1)): action
        for action in self.legal(state).tolist()
    }


@functools.cache
def _uci_name(action: int, player: int, is_pawn: bool) -> str:
    plane, from_ = action >> 6, action & 63 ^ FLIP
    to, turn, promotion = int(TARGET[plane, from_]), 56 if player else 0, ""
    if is_pawn and to >= 56:
        promotion = "nbr"[(plane - FIRST_PROMOTION) // 3] if plane >= FIRST_PROMOTION else "q"
    return _square_name(from_ ^ turn) + _square_name(to ^ turn) + promotion


def action_name(self, state, action: int) -> str:
    """Return a move as SAN, such as Nf3."""
    import chess

    core = state["core"]
    is_pawn = bool(int(core["kinds"][0]) >> (action & 63 ^ FLIP) & 1)
    return to_board(self, state).san(
        chess.Move.from_uci(_uci_name(int(action), int(core["player"]), is_pawn))
    )


def part_name(self, state, index: int, value: int) -> str:
    """Return the square of part 0 or 1 as it is called on the board, or the piece of a promotion."""
    if index == 2:
        return "qnbr"[value]
    return _square_name(value ^ 56 ^ (56 if state["core"]["player"] else 0))


def end_reason(self, state) -> str:
    """Return why a game has ended, such as checkmate or threefold repetition; nothing while it goes on."""
    if not self.is_over(state):
        return ""
    if self.outcome(state):
        return "checkmate"
    if not any(to_board(self, state).legal_moves):
        return "stalemate"
    if self.is_truncated(state):
        return f"the longest game, {self.longest} plies"
    if state["core"]["quiet"] >= FIFTY_MOVES:
        return "fifty moves without a capture or a pawn's move"
    return "threefold repetition" if state["repeats"][state["slot"]] >= THREEFOLD else "insufficient material"


def render(self, state, view: int = 0) -> str:
    """Return the board for a terminal, capitals for White's pieces; view: who sits below, 0 White or 1 Black."""
    rows = [
        [rank, *pieces.split()]
        for rank, pieces in zip("87654321", str(to_board(self, state)).splitlines(), strict=True)
    ]
    files = list(FILES)
    if view:
        rows = [[rank, *reversed(pieces)] for rank, *pieces in reversed(rows)]
        files.reverse()
    return "\n".join(" ".join(row) for row in [*rows, [" ", *files]])
