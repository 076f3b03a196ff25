"""Every game keeps the contract; and the checker notices every planted error, for the right reason."""

import re

import pytest

import games
from games.connect_four import LargeConnectFour
from games.contract import ContractError, check_game
from games.contract_hashes import check_hashes
from tests.games.broken import Fault, broken

# Finished games and their results; those that end on the last possible move stand last.
CONNECT_FOUR = (
    ("1 2 1 2 1 2 1", 1), ("1 1 2 2 3 3 4", 1), ("1 2 1 2 1 2 3 2", -1),
    ("1 2 2 3 3 4 3 4 4 6 4", 1), ("7 6 6 5 5 4 5 4 4 2 4", 1),
    ("5 6 7 5 5 5 4 5 2 3 4 3 6 4 1 7 2 2 5 7 1 3 3 4 1 6 7 1 4 2 2 1 1 6 4 7 2 3 7 3 6 6", -1),
)  # fmt: skip
TALL_CONNECT_FIVE = (
    ("1 2 1 2 1 2 1 2 1", 1), ("1 1 2 2 3 3 4 4 5", 1),
    ("4 1 5 4 1 2 4 5 2 2 5 3 4 5 3 4 5 2 5 3 4 1 1 3 3 1 5 4 3 1 2 5 3 3 2 4 2 2 3 2 4 5 5 1 5 5 2 4 3 3 4 3"
     " 2 2 1 4 1 1 1 1", -1),
)  # fmt: skip
TIC_TAC_TOE = (
    ("a1 a2 b1 b2 c1", 1), ("a1 b1 a2 b2 c3 b3", -1), ("a1 a2 b2 b3 c3", 1), ("a3 a2 b2 b1 c1", 1),
    ("b2 a1 c1 a3 a2 c2 b3 b1 c3", 0), ("c3 b3 b2 a3 b1 c1 c2 a1 a2", 1),
)  # fmt: skip
EXACTLY_THREE = (
    ("a1 a2 b1 b2 c1", 1), ("a1 a3 b1 b3 d1 d3 c1 c3 a4 e3 c4 a2 b4", 1),
    ("b4 a2 b1 c4 b3 c2 a1 c1 a3 c3 e4 e3 d3 a4 e2 d4 e1 d1 d2 b2", -1),
)  # fmt: skip


def in_parts(examples):
    """Return the same games as the letter and then the number of each cell."""
    return tuple((" ".join(" ".join(move) for move in moves.split()), result) for moves, result in examples)


REGISTRY = (
    ("connect_four", CONNECT_FOUR, 10),
    ("connect_four:rows=4,cols=5,connect=4", (("4 4 5 1 4 3 2 5 1 3 1 1 2 2 5 3 5 4 2 3", -1),), 20),
    ("connect_four:rows=12,cols=5,connect=5", TALL_CONNECT_FIVE, 8),
    ("tic_tac_toe", TIC_TAC_TOE, 30),
    ("mnk:rows=4,cols=5,connect=3,exact=1", EXACTLY_THREE, 20),
    ("gomoku", (("a1 b1 a2 b2 a3 b3 a4 b4 a5", 1), ("a1 b1 a2 c2 a3 d3 a4 e4 g7 f5", -1)), 1),
    ("go:size=3,superko=0,history=2,features=1,max_plies=40", (("b2 pass pass", 1), ("pass pass", -1)), 6),
    (
        "go:rows=4,cols=3,superko=2,suicide=1,komi=0.5,history=2,features=1,max_plies=40",
        (("b2 pass pass", 1),),
        4,
    ),
    ("go:size=7,handicap=2,history=2,features=1,max_plies=40", (), 1),
    ("chess:history=2,max_plies=40", (("f3 e5 g4 Qh4#", -1), ("e4 e5 Qh5 Nc6 Bc4 Nf6 Qxf7#", 1)), 1),
    ("factored-chess:history=1,max_plies=30", (), 1),
    ("othello:size=4", (), 20),
    ("othello", (), 2),
    ("othello:size=10", (), 1),
    ("hex:size=3,swap=1", (("b2 swap a1 c1 a2 c2 a3", 1), ("a1 b2 a2 a3 b1 c1", -1)), 20),
    ("hex:size=7", (), 3),
    ("breakthrough:rows=5,cols=4", (("a2-a3 d4-d3 a3-b4 d3xc2 b4xa5", 1),), 10),
    ("breakthrough", (), 1),
    ("factored-breakthrough:rows=4,cols=3", (), 10),
    ("factored-tic_tac_toe", in_parts(TIC_TAC_TOE), 20),
    ("factored-mnk:rows=4,cols=5,connect=3,exact=1", in_parts(EXACTLY_THREE), 10),
)


@pytest.mark.parametrize("text, examples, num_games", REGISTRY, ids=[entry[0] for entry in REGISTRY])
def test_every_game_keeps_the_contract(text, examples, num_games):
    game = games.parse(text)
    coverage = check_game(game, num_games=num_games, examples=examples)
    assert coverage.games == num_games + len(examples)
    loose = (
        "gomoku",
        "hex",
        "othello",
        "breakthrough",
        "factored-breakthrough",
        "go",
        "chess",
        "factored-chess",
    )  # no random game is that long, or none of those is decided
    assert coverage.full_length_wins > 0 or game.name in loose
    assert (coverage.repeated_turns > 0) == game.name.startswith("factored")


def test_every_kind_of_game_in_the_registry_is_checked():
    checked = {games.parse(text).name for text, _, _ in REGISTRY}
    assert set(games.names()) <= checked
    assert isinstance(games.parse("connect_four:rows=12,cols=5,connect=5"), LargeConnectFour)


CAUGHT = {
    Fault.MISSED_DIAGONAL: "the example .* ends before the game is over",
    Fault.LAST_MOVE_WIN_IS_A_DRAW: "ends with 0, expected 1",
    Fault.OUTCOME_FOR_THE_MOVER: "ends with 1, expected -1",
    Fault.OUTCOME_BEFORE_THE_END: "outcome is 1 in a game not over",
    Fault.MOVES_AFTER_THE_END: "is_over is True with 1 legal actions",
    Fault.TAKEN_CELL_IS_LEGAL: "'[abc][123]' is refused: illegal move",
    Fault.DESCENDING_MOVES: "do not ascend",
    Fault.WRONG_PERSPECTIVE: "plane_pairs are not those of the player to move",
    Fault.PLANES_NOT_CLEARED: "encode leaves elements unwritten",
    Fault.ENCODING_CHANGES_THE_STATE: "looking at the position changed it|compiled code sees something else",
    Fault.ENCODING_WRITES_BESIDE: "encode wrote outside its planes",
    Fault.HASH_FORGETS_A_CELL: "input_hash is that of another position",
    Fault.POSITION_HASH_FORGETS_THE_MOVER: "position_hash is that of a position in which the other player",
    Fault.ROLLOUT_PREFERS_LOW_CELLS: "random_rollout wins, draws and loses",
    Fault.ROLLOUT_SIGN_FLIPPED: "random_rollout wins, draws and loses",
    Fault.RESET_KEEPS_THE_OLD_GAME: "reset leaves fields of the old position",
    Fault.LIMIT_TOO_LOW: "play goes on after max_plies=8",
    Fault.MIRRORED_PLANES_ONLY: "symmetry 1 does not map",
    Fault.QUARTER_TURNS_MIXED_UP: "symmetry 1 does not map",
    Fault.PLAY_ACCEPTS_ANYTHING: "play accepts the illegal action",
    Fault.EQUAL_NAMES: "names of legal actions are not unique",
    Fault.READS_TAKEN_CELLS: "which is no legal move",
    Fault.TEXT_LOSES_A_STONE: "has the text",
    Fault.TRUNCATED_TOO_EARLY: "is_truncated after [5-8] of max_plies=9 plies",
    Fault.ENDS_WITHOUT_A_REASON: "end_reason is '' where is_over is True",
    Fault.DRAWS_FOR_ONE_PLAYER_ONLY: "render returns no text, seen by player 1",
}


def test_the_game_that_errors_are_planted_in_is_sound_without_them():
    check_game(broken(Fault.NONE), num_games=5, examples=TIC_TAC_TOE)


@pytest.mark.parametrize("fault", CAUGHT, ids=lambda fault: fault.name)
def test_a_planted_error_is_caught(fault, monkeypatch):
    game = broken(fault)
    if fault == Fault.PLAY_ACCEPTS_ANYTHING:
        kernel = type(game).play.kernel
        monkeypatch.setattr(type(game), "play", lambda self, state, action: kernel(self, state, action % 9))
    with pytest.raises(ContractError, match=CAUGHT[fault]):
        check_game(game, num_games=20, examples=TIC_TAC_TOE)


@pytest.mark.parametrize("fault, name", [
    (Fault.HASH_FORGETS_A_CELL, "input_hash"), (Fault.POSITION_HASH_FORGETS_THE_MOVER, "position_hash"),
])  # fmt: skip
def test_two_positions_that_share_a_hash_are_named(fault, name):
    found, message = check_hashes(broken(fault), 2000, 1)
    texts = re.fullmatch(rf"two positions share the {name}: '([.xo/]+)' and '([.xo/]+)'", message)
    assert not found and texts and texts[1] != texts[2]
    hashes = [
        getattr(broken(fault), name)(games.make("tic_tac_toe").parse_state(text)) for text in texts.groups()
    ]
    assert hashes[0] == hashes[1]


def test_every_fault_is_tried():
    assert set(CAUGHT) == set(Fault) - {Fault.NONE}


def test_a_failure_names_the_game_the_position_and_the_moves():
    expected = (
        r"broken:fault=LAST_MOVE_WIN_IS_A_DRAW: the example .* ends with 0, expected 1; "
        r"position 'oox/xxx/oxo' after c3 b3 b2 a3 b1 c1 c2 a1 a2"
    )
    with pytest.raises(ContractError, match=expected):
        check_game(broken(Fault.LAST_MOVE_WIN_IS_A_DRAW), num_games=0, examples=TIC_TAC_TOE[-1:])


@pytest.mark.parametrize("moves, message", [
    ("a1 a2 b1", "ends before the game is over"),
    ("a1 a1", "'a1 of a1 a1' is refused: illegal move 'a1'"),
    ("a1 a2 b1 b2 c1 c2", r"goes on with \['c2'\] after the game is over"),
])  # fmt: skip
def test_an_example_that_is_no_whole_game_is_reported(moves, message):
    with pytest.raises(ContractError, match=message):
        check_game(games.make("tic_tac_toe"), num_games=0, examples=((moves, 1),))
