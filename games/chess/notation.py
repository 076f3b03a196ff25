"""Chess as text, by python-chess: positions as FEN, moves as SAN (UCI is read too). Never called in a search."""

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from games.chess.actions import FIRST_PROMOTION, FLIP, TARGET
from games.game import IllegalAction
from games.stones import impossible

if TYPE_CHECKING:
    import chess

KINDS = "pnbrqk"
FILES = "abcdefgh"
PLAINLY = {  # what python-chess finds wrong with a position
    "opposite_check": "the player who is not to move is in check",
    "bad_castling_rights": "castling is given where king or rook are not at home",
    "invalid_ep_square": "no pawn can have passed the square given for taking in passing",
    "no_white_king": "White has no king",
    "no_black_king": "Black has no king",
    "too_many_kings": "a player has more than one king",
    "pawns_on_backrank": "pawns stand on the first or last rank",
    "too_many_white_pawns": "White has more than eight pawns",
    "too_many_black_pawns": "Black has more than eight pawns",
    "too_many_white_pieces": "White has more than sixteen pieces",
    "too_many_black_pieces": "Black has more than sixteen pieces",
    "too_many_checkers": "more pieces give check than one move can bring about",
    "empty": "the board is empty",
}


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


def parse_state(self, text: str) -> np.record:
    """Read a FEN, without earlier positions; ValueError for what is none, or a position that cannot come about."""
    import chess

    try:
        board = chess.Board(text.strip())
    except ValueError as error:
        raise ValueError(f"cannot read the position {text!r} as a FEN: {error}") from None
    wrong = (
        board.status() & ~chess.STATUS_IMPOSSIBLE_CHECK
    )  # a check that no last move explains can be played on
    if wrong:
        flags = [str(flag.name).lower() for flag in chess.Status if flag & wrong]
        why = ", ".join(PLAINLY.get(flag, flag.replace("_", " ")) for flag in flags)
        raise impossible(text, f"{why}; give one that a game can reach")
    for colour, owner in ((True, "White"), (False, "Black")):
        if _promoted(board, colour) > 8 - len(board.pieces(chess.PAWN, colour)):
            raise impossible(text, f"{owner} has more pieces than the pawns that are gone can have become")
    if board.ep_square is not None and board.halfmove_clock:
        passed = chess.square_name(board.ep_square)
        raise impossible(
            text, f"a pawn has just passed {passed}, yet the last {board.halfmove_clock} plies moved none"
        )
    if board.halfmove_clock > 100:
        raise impossible(
            text, f"{board.halfmove_clock} plies without a capture or a pawn's move; the game ends at 100"
        )
    plies = 2 * (board.fullmove_number - 1) + (not board.turn)
    if plies > self.longest:
        raise ValueError(
            f"the position {text.strip()!r} is beyond the longest game, {self.longest} plies: give an "
            "earlier move number, or a larger max_plies"
        )
    state = self.initial_state()
    fill_core(state["core"], board)
    self.place(state, plies)
    return state


def _promoted(board: "chess.Board", colour: bool) -> int:
    """Return the least number of a player's pieces that must have been pawns."""
    import chess

    start = ((chess.KNIGHT, 2), (chess.BISHOP, 2), (chess.ROOK, 2), (chess.QUEEN, 1))
    return sum(max(0, len(board.pieces(kind, colour)) - count) for kind, count in start)


def fill_core(core: Any, board: "chess.Board") -> None:
    """Write a board of python-chess into a `board.CORE`, but for the hash."""
    import chess

    def seen(squares: int) -> int:
        return squares if board.turn else chess.flip_vertical(squares)

    core["own"], core["other"] = seen(board.occupied_co[board.turn]), seen(board.occupied_co[not board.turn])
    for kind in range(6):
        core["kinds"][kind] = seen(board.pieces_mask(kind + 1, True) | board.pieces_mask(kind + 1, False))
    rights = [
        board.has_kingside_castling_rights(colour) + 2 * board.has_queenside_castling_rights(colour)
        for colour in (board.turn, not board.turn)
    ]
    core["castling"] = rights[0] + 4 * rights[1]
    passed = board.ep_square if board.has_legal_en_passant() else None
    core["passed"] = -1 if passed is None else passed if board.turn else passed ^ 56
    core["quiet"], core["player"] = board.halfmove_clock, 0 if board.turn else 1


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


def parse_action(self, state, text: str) -> int:
    """Read a move, SAN or UCI; ValueError when it is none, IllegalAction when it cannot be played."""
    import chess

    move, board = text.strip(), to_board(self, state)
    if self.is_over(state):
        raise IllegalAction(f"illegal move {move!r} in {self.state_text(state)!r}: the game is over")
    try:
        found = board.parse_uci(move) if _is_uci(move) else board.parse_san(move)
    except chess.AmbiguousMoveError:
        raise ValueError(
            f"cannot tell which move {move!r} is in {self.state_text(state)!r}: name the square that the "
            "piece leaves too, as in Nbd2 or b1d2"
        ) from None
    except chess.IllegalMoveError:
        raise IllegalAction(
            f"illegal move {move!r} in {self.state_text(state)!r}: expected one of "
            f"{', '.join(board.san(m) for m in board.legal_moves)}"
        ) from None
    except ValueError:
        raise ValueError(
            f"cannot read the move {text!r}: expected a move such as e4, Nf3, O-O or e2e4"
        ) from None
    if not found:
        raise ValueError(f"cannot read the move {text!r}: passing is no move in chess")
    return uci_names(self, state)[found.uci()]


def _is_uci(move: str) -> bool:
    return (
        len(move) in (4, 5)
        and move[0] in FILES
        and move[2] in FILES
        and move[1].isdigit()
        and move[3].isdigit()
        and move[4:] in ("", "q", "r", "b", "n")
    )


def part_name(self, state, index: int, value: int) -> str:
    """Return the square of part 0 or 1 as it is called on the board, or the piece of a promotion."""
    if index == 2:
        return "qnbr"[value]
    return _square_name(value ^ 56 ^ (56 if state["core"]["player"] else 0))


def render(self, state) -> str:
    """Return the board for a terminal: White below, capitals for White's pieces."""
    rows = str(to_board(self, state)).splitlines()
    lines = [f"{8 - index} {row}" for index, row in enumerate(rows)]
    return "\n".join([*lines, "  a b c d e f g h"])
