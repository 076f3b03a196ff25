"""Chess read from text, by python-chess: FEN, EPD, and moves as people write them. Never called in a search."""

import itertools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from games.chess.board import FIFTY_MOVES
from games.chess.notation import to_board, uci_names
from games.game import IllegalAction
from games.stones import impossible, plain_number

if TYPE_CHECKING:
    import chess

OPCODE = re.compile("[A-Za-z][A-Za-z0-9_]*")
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


def parse_state(self, text: str) -> np.record:
    """Read a FEN, or a line of EPD, whose operations are checked and left out; earlier positions are not known.

    A FEN may lack its two counters. ValueError for what is neither, or a position that cannot come about.
    """
    board = _read_board(text)
    _check_possible(text, board)
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


def _read_board(text: str) -> "chess.Board":
    """Return the board that a FEN or a line of EPD describes; ValueError when it is neither."""
    import chess

    words = text.split()
    counters = [word.rstrip(";") for word in words[4:6]]
    counters = list(itertools.takewhile(lambda word: plain_number(word) is not None, counters))
    operations = words[4 + len(counters) :]
    if not operations:
        try:
            return chess.Board(" ".join(words))
        except ValueError as error:
            raise ValueError(f"cannot read the position {text!r} as a FEN: {error}") from None
    pairs = zip(("hmvc", "fmvn"), counters, strict=False)
    line = " ".join([*words[:4], *(f"{name} {number};" for name, number in pairs), *operations])
    try:
        board, known = chess.Board.from_epd(line)
        if strange := [name for name in known if not OPCODE.fullmatch(name)]:
            raise ValueError(f"{strange[0]!r} is neither a counter nor the name of an operation")
    except ValueError as error:
        raise ValueError(f"cannot read the position {text!r} as a FEN or EPD: {error}") from None
    return board


def _check_possible(text: str, board: "chess.Board") -> None:
    """Raise ValueError where a position cannot come about, or the game is long over in it."""
    import chess

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
    if board.halfmove_clock > FIFTY_MOVES:
        raise impossible(
            text,
            f"{board.halfmove_clock} plies without a capture or a pawn's move; the game ends at {FIFTY_MOVES}",
        )


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


MOVE = re.compile(
    r"(?:(?:\d+\s*)?(?:\.+|\u2026)\s*)?"  # the number of the move
    r"(?P<move>.*?)"
    r"(?:\s|e\.p\.|[+#!?])*"  # check, mate, praise and blame
)
UCI = re.compile("[a-h][1-8][a-h][1-8][qrbn]?")
CASTLING = re.compile("[oO0]-[oO0](-[oO0])?")


def parse_action(self, state, text: str) -> int:
    """Read a move: SAN, long algebraic or UCI, its number before it, +, #, ! and ? after it.

    Castling may be written with o or 0, and a piece with a small letter where no pawn's move is meant so: "bxc3" is the
    bishop's only if no pawn can take there. ValueError when it is no move, IllegalAction when it cannot be played.
    """
    import chess

    if self.is_over(state):
        raise IllegalAction(f"illegal move {text.strip()!r} in {self.state_text(state)!r}: the game is over")
    board, problems = to_board(self, state), []
    for move in _spellings(text.strip()):
        try:
            found = board.parse_uci(move) if UCI.fullmatch(move) else board.parse_san(move)
        except ValueError as problem:
            problems.append(type(problem))
            continue
        if not found:
            raise ValueError(f"cannot read the move {text!r}: passing is no move in chess")
        return uci_names(self, state)[found.uci()]
    move, where = text.strip(), self.state_text(state)
    if chess.AmbiguousMoveError in problems:
        raise ValueError(
            f"cannot tell which move {move!r} is in {where!r}: name the square that the piece leaves too, as in "
            "Nbd2 or b1d2"
        )
    if chess.IllegalMoveError in problems:
        legal = ", ".join(board.san(move) for move in board.legal_moves)
        raise IllegalAction(f"illegal move {move!r} in {where!r}: expected one of {legal}")
    raise ValueError(f"cannot read the move {text!r}: expected a move such as e4, Nf3, O-O or e2e4")


def _spellings(text: str) -> Iterator[str]:
    """Yield what a move may mean, the likeliest first, as python-chess reads it."""
    match = MOVE.fullmatch(text)
    move = match["move"] if match else text
    if CASTLING.fullmatch(move):
        yield re.sub("[o0]", "O", move)
        return
    yield move
    if re.match("[nrqk]|b[^1-8]", move):  # b1c3 leaves the square b1
        yield move[0].upper() + move[1:]
