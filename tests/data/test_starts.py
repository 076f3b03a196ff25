"""Positions in a file are told apart by whether the rules can reach them, and nothing compiled sees the others."""

import numpy as np
import pytest

import games
from alphazero.data.games import without_padding
from alphazero.data.starts import Starts

GO = "go:size=5,max_plies=24,history=2"  # that of tests/data/written_before: compiled once
SPECS = (
    "tic_tac_toe", "connect_four", "connect_four:rows=8,cols=9", "gomoku:rows=7,cols=7", "hex:size=5,swap=1", GO,
    "othello", "othello:size=10", "breakthrough", "chess:history=2", "factored-breakthrough:rows=5,cols=4",
)  # fmt: skip
SEARCHED = ("tic_tac_toe", GO, "chess:history=2", "factored-breakthrough:rows=5,cols=4")


def after_random_plies(game, plies: int, rng) -> np.ndarray:
    """Return a position state_dtype[1] after some random plies, fewer where the game would be over."""
    state = game.initial_state()
    for _ in range(plies):
        before = state.copy()
        game.play(state, int(rng.choice(game.legal(state))))
        if game.is_over(state):
            state = before
            break
    return without_padding(np.array([state], game.state_dtype))


@pytest.mark.parametrize("spec", SPECS)
def test_starts_after_random_plies_are_known_to_be_reached(spec):
    game, rng = games.parse(spec), np.random.default_rng(5)
    for plies in (0, 1, 2) if spec.startswith("chess") else (0, 1, 3, 6):  # of as many as its history tells
        state = after_random_plies(game, plies, rng)
        opening = Starts(game).opening(state)
        assert opening is not False
        if opening is not True:
            replayed = game.initial_state()
            for action in opening:
                game.play(replayed, action)
            assert np.array([replayed], game.state_dtype)[0] == state[0]


@pytest.mark.parametrize("spec", SEARCHED)
def test_a_start_with_one_byte_changed_is_another_one_or_none(spec):
    game, rng = games.parse(spec), np.random.default_rng(6)
    state, tried = after_random_plies(game, 3, rng), 0
    while tried < 12:
        rows = np.frombuffer(bytearray(state.tobytes()), np.uint8)
        rows[rng.integers(rows.size)] ^= np.uint8(rng.integers(1, 256))
        changed = without_padding(rows.view(game.state_dtype))
        if changed.tobytes() == state.tobytes():
            continue
        tried += 1
        opening = Starts(game).opening(changed)
        again = game.state_text(changed[0]) if opening else ""
        assert not opening or game.parse_state(again) == changed[0] or isinstance(opening, tuple)


def test_texts_of_records_of_any_bytes_are_written_or_refused_and_never_crash(run_python):
    """`Starts` asks for the text of positions that may be anything."""
    result = run_python(f"""
import numpy as np, games
rng = np.random.default_rng(0)
for spec in {SPECS!r}:
    game = games.parse(spec)
    size = game.state_dtype.itemsize
    some = [bytes([byte]) * size for byte in (0, 1, 127, 128, 255)] + [rng.bytes(size) for _ in range(200)]
    for data in some:
        try:
            text = game.state_text(np.frombuffer(bytearray(data), game.state_dtype)[0])
            assert isinstance(text, str) and len(text) < 10_000
        except (IndexError, ValueError, KeyError):
            pass
print("all of them")
""")
    assert result.stdout.strip().endswith("all of them"), result.stderr


def test_a_game_from_elsewhere_is_never_asked_for_the_text_of_a_start():
    class Elsewhere(type(games.make("tic_tac_toe"))):
        """Tic-tac-toe of another package."""

        __slots__ = ()

        def state_text(self, state):
            raise AssertionError("asked for a text")

    game = Elsewhere(*games.make("tic_tac_toe"))
    assert Elsewhere.__module__.partition(".")[0] != "games"
    state = after_random_plies(games.make("tic_tac_toe"), 2, np.random.default_rng(0))
    assert Starts(game)._is_its_text(state) is False
