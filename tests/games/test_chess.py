"""Chess: perft through the actions, python-chess as the judge of rules, text and planes, and the draws."""

import random
from collections import Counter

import chess
import numpy as np
import pytest

import games
from games.chess.board import CORE, perft, whole_hash
from games.chess.moves import MOST_MOVES
from games.chess.notation import uci_names
from games.contract_rollouts import check_rollouts
from games.game import njit
from tests.games import counting

START = chess.STARTING_FEN
PERFT = {
    START: [20, 400, 8902, 197281, 4865609],
    "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1": [48, 2039, 97862, 4085603],
    "8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1": [14, 191, 2812, 43238, 674624],
    "r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1": [6, 264, 9467, 422333],
    "rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ - 1 8": [44, 1486, 62379, 2103487],
    "r4rk1/1pp1qppp/p1np1n2/2b1p1B1/2B1P1b1/P1NP1N2/1PP1QPPP/R4RK1 w - - 0 10": [46, 2079, 89890, 3894594],
    "8/8/8/1k6/3Pp3/8/8/4KQ2 b - d3 0 1": [6, 121, 711],
    "1b1k4/8/8/1rPpK3/8/8/8/8 w - d6 0 1": [5, 100, 555],
}
DEEP = {START: (6, 119060324), "r7/4p3/5p1q/3P4/4pQ2/4pP2/6pp/R3K1kr w Q - 0 1": (5, 11609488)}


def core_of(game, fen: str):
    return game.parse_state(fen)["core"]


def count(game, fen: str, depth: int, bulk: bool) -> int:
    core = np.zeros(1, CORE)
    core[0] = core_of(game, fen)
    return perft(core[0], depth, np.zeros((depth + 1, MOST_MOVES), np.int32), np.zeros(depth + 1, CORE), bulk)


@pytest.mark.parametrize("bulk", [True, False])
@pytest.mark.parametrize("fen", PERFT)
def test_perft_is_the_known_one(fen, bulk):
    game = games.make("chess")
    for depth, expected in enumerate(PERFT[fen], 1):
        assert count(game, fen, depth, bulk) == expected


@pytest.mark.slow
@pytest.mark.parametrize("fen", DEEP)
def test_deep_perft_is_the_known_one(fen):
    assert count(games.make("chess"), fen, DEEP[fen][0], True) == DEEP[fen][1]


@pytest.mark.parametrize("fen", PERFT)
def test_perft_through_actions_is_the_known_one(fen):
    game = games.make("chess")
    assert [counting.perft(game, depth, game.parse_state(fen)) for depth in (1, 2, 3)] == PERFT[fen][:3]


# Against python-chess


def is_over(board: chess.Board) -> bool:
    return (
        not any(board.legal_moves)
        or board.is_insufficient_material()
        or board.halfmove_clock >= 100
        or (board.is_repetition(3))
    )


def outcome(board: chess.Board) -> int:
    return 0 if not board.is_checkmate() else -1 if board.turn else 1


class Judge:
    """A game as python-chess sees it: its position, FEN, end, and what the planes are made of."""

    def __init__(self, fen: str):
        self.board = chess.Board(fen)
        self.seen: Counter[str] = Counter()
        self.past: list[
            tuple[np.ndarray, int]
        ] = []  # pieces of White, then of Black, and how often it stood before
        self._look()

    def push(self, uci: str) -> None:
        self.board.push(chess.Move.from_uci(uci))
        self._look()

    def _look(self) -> None:
        self.fen, self.over = self.board.fen(en_passant="legal"), is_over(self.board)
        key = " ".join(self.fen.split()[:4])
        masks = [
            int(self.board.pieces(kind, colour)) for colour in chess.COLORS for kind in chess.PIECE_TYPES
        ]
        bits = np.unpackbits(np.array(masks, "<u8").view(np.uint8), bitorder="little")
        self.past.append((bits.reshape(2, 6, 8, 8), self.seen[key]))
        self.seen[key] += 1

    def planes(self, history: int) -> np.ndarray:
        board, turn = self.board, self.board.turn
        planes = np.zeros((14 * history + 7, 8, 8), np.float32)
        for back, (pieces, before) in enumerate(self.past[: -1 - history : -1]):
            seen = (
                pieces[:, :, ::-1] if turn else pieces[::-1]
            )  # the mover below, and the mover's pieces first
            planes[14 * back : 14 * back + 12] = seen.reshape(12, 8, 8)
            planes[14 * back + 12], planes[14 * back + 13] = before >= 1, before >= 2
        others = [turn, np.float32(board.ply() // 2) * np.float32(0.01)]
        for colour in (turn, not turn):
            others += [
                board.has_kingside_castling_rights(colour),
                board.has_queenside_castling_rights(colour),
            ]
        others.append(np.float32(board.halfmove_clock) * np.float32(0.01))
        planes[14 * history :] = np.array(others, np.float32)[:, None, None]
        return planes


def agree(game, state, judge: Judge) -> None:
    """Assert that a position shows exactly what python-chess says."""
    board = judge.board
    fen, over = judge.fen, judge.over
    assert game.state_text(state) == fen
    assert game.is_over(state) == over, fen
    legal = [] if over else sorted(move.uci() for move in board.legal_moves)
    assert sorted(uci_names(game, state)) == legal, fen
    assert (np.diff(game.legal(state)) > 0).all()
    assert game.outcome(state) == (outcome(board) if over else 0), fen
    assert game.to_move(state) == (0 if board.turn else 1)
    assert state["core"]["hash"] == hash_from_nothing(state["core"]), fen
    planes = np.full((game.planes, 8, 8), np.nan, np.float32)
    game.encode(state, planes)
    assert np.array_equal(planes, judge.planes(game.history)), fen


@njit
def hash_from_nothing(core):
    return whole_hash(core)


def random_games(count: int, seed: int):
    """Yield games of random moves: game, state, judge, at every position."""
    rng, game = random.Random(seed), games.make("chess", history=2, max_plies=20000)
    starts = [START, *list(PERFT)[1:6], "8/5k2/8/8/8/3N4/8/4K2R w - - 60 90", "k7/8/8/8/8/8/8/K6R w - - 0 1"]
    for number in range(count):
        judge = Judge(starts[number % len(starts)])
        state = game.parse_state(judge.board.fen())
        while True:
            yield game, state, judge
            if judge.over:
                break
            names = uci_names(game, state)
            move = rng.choice(list(names))
            game.play(state, names[move])
            judge.push(move)


def test_random_games_are_those_of_python_chess():
    positions = ended = 0
    for game, state, judge in random_games(300, seed=1):
        agree(game, state, judge)
        positions += 1
        ended += judge.over
    assert positions > 50_000 and ended == 300


@pytest.mark.slow
def test_ten_thousand_games_are_those_of_python_chess():
    positions = 0
    for game, state, judge in random_games(10_000, seed=7):
        agree(game, state, judge)
        positions += 1
    print(positions, "positions")


def test_equal_hashes_are_equal_positions():
    shown: dict[int, str] = {}
    for game, state, judge in random_games(16, seed=2):
        text = " ".join(judge.fen.split()[:4])
        assert shown.setdefault(int(game.position_hash(state)), text) == text
    assert len(set(shown.values())) == len(shown) > 800


@pytest.mark.parametrize("history", [1, 3, 8])
def test_planes_are_those_made_from_python_chess(history):
    game, rng = games.make("chess", history=history), random.Random(history)
    shuffles = "g1f3 g8f6 f3g1 f6g8 g1f3 g8f6 e2e4".split()
    for start, moves in ((START, shuffles), (START, None), (list(PERFT)[1], None), (list(PERFT)[3], None)):
        state, judge = game.parse_state(start), Judge(start)
        for number in range(40):
            agree(game, state, judge)
            if judge.over or (moves and number >= len(moves)):
                break
            uci = moves[number] if moves else rng.choice([move.uci() for move in judge.board.legal_moves])
            game.play(state, uci_names(game, state)[uci])
            judge.push(uci)


# Draws and ends


def after(fen: str, moves: str, **rules):
    game = games.make("chess", **rules)
    state = game.parse_state(fen)
    for move in moves.split():
        assert not game.is_over(state), move
        game.play(state, game.parse_action(state, move))
    return game, state


@pytest.mark.parametrize("fen, moves, over, result", [
    (START, "f3 e5 g4 Qh4#", True, -1), (START, "e4 e5 Qh5 Nc6 Bc4 Nf6 Qxf7#", True, 1),
    ("7k/8/6K1/8/8/8/8/5Q2 w - - 0 1", "Qf7", True, 0), (START, "Nf3 Nf6 Ng1 Ng8 Nf3 Nf6 Ng1", False, 0),
    (START, "Nf3 Nf6 Ng1 Ng8 Nf3 Nf6 Ng1 Ng8", True, 0), ("k7/8/8/8/8/8/8/KR6 w - - 98 80", "Rb2 Ka7", True, 0),
    ("k7/8/8/8/8/8/8/KR6 w - - 97 80", "Rb2 Ka7", False, 0),
    ("6k1/5ppp/8/8/8/8/8/K3R3 w - - 99 80", "Re8#", True, 1), ("8/8/8/3k4/8/8/4p3/4K1B1 w - - 0 1", "Kxe2", True, 0),
    ("8/8/8/3k4/8/3b4/4p3/4K2N w - - 0 1", "Nf2", False, 0), ("8/8/3bk3/8/8/8/4p3/2B1K3 w - - 0 1", "Kxe2", True, 0),
    ("8/8/4kb2/8/8/8/4p3/2B1K3 w - - 0 1", "Kxe2", True, 0), ("8/8/4bk2/8/8/8/4p3/2B1K3 w - - 0 1", "Kxe2", False, 0),
])  # fmt: skip
def test_games_end_where_they_should(fen, moves, over, result):
    game, state = after(fen, moves)
    assert (game.is_over(state), game.outcome(state)) == (over, result)


def test_a_position_with_other_rights_or_passed_pawns_is_another_one():
    # The rook moves away and back: castling is lost, so the first position has not occurred before.
    _, first = after("4k2r/8/8/8/8/8/8/R3K3 w Qk - 0 1", "Rb1 Rg8 Ra1 Rh8")
    _, second = after("4k2r/8/8/8/8/8/8/R3K3 w - - 0 1", "Rb1 Rg8 Ra1 Rh8")
    assert first["repeats"][first["slot"]] == 0 and second["repeats"][second["slot"]] == 1
    game, taken = after("4k3/8/8/8/4p3/8/3P4/4K3 w - - 0 1", "d4")
    assert " d3 " in game.state_text(taken)
    _, third = after("4k1n1/8/8/8/4p3/8/3P4/4K1N1 w - - 0 1", "d4 Nf6 Nf3 Ng8 Ng1")
    assert third["repeats"][third["slot"]] == 0  # the right to take in passing is gone
    _, fourth = after("4k1n1/8/8/8/8/8/3P4/4K1N1 w - - 0 1", "d4 Nf6 Nf3 Ng8 Ng1")
    assert fourth["repeats"][fourth["slot"]] == 1
    game, pinned = after("4k3/8/8/8/4p3/8/3P4/4RK2 w - - 0 1", "d4")
    assert " - 0 1" in game.state_text(pinned)  # the pawn may not leave the king's file: nothing can be taken


def test_a_long_game_is_a_draw_at_its_limit():
    game, state = after(START, "e4 e5 Nf3", max_plies=3)
    assert game.is_over(state) and game.outcome(state) == 0


def test_moves_are_read_as_san_and_uci_and_shown_as_san():
    game = games.make("chess")
    state = game.initial_state()
    assert game.parse_action(state, "Nf3") == game.parse_action(state, "g1f3")
    assert game.action_name(state, game.parse_action(state, "e2e4")) == "e4"
    game.play(state, game.parse_action(state, "e4"))
    assert game.parse_action(state, "Nf6") == game.parse_action(state, "g8f6")
    assert game.render(state).splitlines()[4] == "4 . . . . P . . ."


@pytest.mark.parametrize("move, why", [
    ("e5", "illegal move 'e5' in .*expected one of .*Nf3"), ("Ke2", "illegal move 'Ke2'"), ("e2e5", "illegal move"),
    ("hello", "cannot read the move 'hello'"), ("", "cannot read the move"), ("--", "cannot read the move '--'"),
    ("0000", "cannot read the move '0000'"), ("Z0", "cannot read the move 'Z0'"),
])  # fmt: skip
def test_moves_that_cannot_be_are_refused(move, why):
    game = games.make("chess")
    with pytest.raises(ValueError, match=why):
        game.parse_action(game.initial_state(), move)


@pytest.mark.parametrize("fen, why", [
    ("hello", "cannot read the position 'hello' as a FEN"), ("8/8/8/8/8/8/8/8 w - - 0 1", "cannot come about: .*king"),
    ("4k3/8/8/8/8/8/8/4K2r b - - 0 1", "cannot come about: the player who is not to move is in check"),
    ("4k3/8/8/8/8/8/8/4K2R w - - 130 90", "130 plies without"),
    ("4k3/8/8/8/8/8/PPPPPPPP/QQBNK3 w - - 0 1", "White has more pieces than the pawns that are gone"),
    ("4k1bb/ppppppp1/6pb/8/8/8/8/4K3 w - - 0 1", "Black has more pieces than the pawns"),
    ("4k3/8/8/5P2/8/8/8/4K2R w - e6 50 1", "no pawn can have passed the square"),
    ("4k3/8/8/8/8/8/8/4K2R w - - 0 258", "beyond the longest game, 512 plies"),
])  # fmt: skip
def test_impossible_positions_are_refused(fen, why):
    with pytest.raises(ValueError, match=why):
        games.make("chess").parse_state(fen)


def test_a_move_that_two_pieces_can_make_asks_which():
    game = games.make("chess")
    with pytest.raises(ValueError, match="cannot tell which move 'Nd2' is"):
        game.parse_action(game.parse_state("4k3/8/8/8/8/5N2/8/1N2K3 w - - 0 1"), "Nd2")


@pytest.mark.parametrize("fen", [
    "8/8/8/8/8/1k6/7q/K7 b - - 0 1", "6k1/8/6K1/8/8/8/8/R7 w - - 60 90", "8/8/4k3/8/8/3K4/3P4/6n1 w - - 0 1",
    "7k/8/8/8/8/8/1R6/K5R1 w - - 96 90",
])  # fmt: skip
def test_rollouts_end_as_random_play_does(fen):
    game = games.make("chess")
    start = np.array([game.parse_state(fen)], game.state_dtype)
    assert check_rollouts(game, [start], 3000, 1) == (True, "")


def test_rollouts_see_repetitions_from_before_them():
    # Two shuffles are played; whoever repeats once more draws, which random play does often with these few pieces.
    game, state = after("7k/8/8/8/8/8/8/K3R3 w - - 0 1", "Kb1 Kg8 Ka1 Kh8 Kb1 Kg8 Ka1")
    assert check_rollouts(game, [np.array([state], game.state_dtype)], 3000, 2) == (True, "")
