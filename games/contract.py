"""Check that a game keeps the contract of `games.game`, by playing it: `check_game(game)` on any game at all.

The checker knows no particular game and nothing of learning. Random games (and examples with known results)
are played several times at once: with Python calls, with compiled calls, and under each symmetry; every
position is looked at from all sides. What cannot be derived from play alone, such as who should have won,
comes from `examples`.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

import games
from games.contract_form import check_form
from games.contract_hashes import check_hashes
from games.contract_rollouts import check_rollouts
from games.contract_view import Bench, View, compiled_view, python_view
from games.factored import Factored
from games.options import check_seed
from games.protocol import Game

__all__ = ["ContractError", "Coverage", "check_game"]

SAMPLE = 6  # actions tried at a position, beside the one that is played


class ContractError(AssertionError):
    """A game breaks the contract; says which promise, in which position, and how it was reached."""


class Coverage(NamedTuple):
    """What a check has seen, so that a caller can see whether it looked far enough."""

    games: int
    positions: int
    first_wins: int
    draws: int
    second_wins: int
    full_length_wins: int  # games won on ply `max_plies`, after which nothing can be played
    repeated_turns: int  # times that the player who had just moved moved again


def check_game(
    game: Game,
    num_games: int = 20,
    seed: int = 1,
    examples: Iterable[tuple[str, int]] = (),
    num_rollouts: int = 2000,
    num_hash_positions: int = 20_000,
) -> Coverage:
    """Play `num_games` random games and the examples, check every position, and return what was seen.

    examples: finished games, as moves separated by blanks and the result for the first player (1, 0, -1).
    num_rollouts: rollouts from each of a few positions, to compare `random_rollout` with plain random play.
    num_hash_positions: positions of further random games, of which nothing is looked at but whether two share a hash.
    Raises ContractError (an AssertionError) that names the broken promise and the position.
    """
    checker = _Checker(game, check_seed(seed))
    checker.require(*check_form(game))
    for _ in range(num_games):
        checker.play_game(checker.random_choice)
    for moves, result in examples:
        checker.play_example(moves, result)
    checker.check_totals()
    checker.require(*check_rollouts(game, checker.starts, num_rollouts, seed))
    checker.require(*check_hashes(game, num_hash_positions, seed))
    return Coverage(
        checker.num_games,
        checker.num_positions,
        *checker.results[::-1],
        checker.full_length_wins,
        checker.repeated_turns,
    )


class _Checker:
    """One run of the checks over a game: the game being played, and what all positions so far have shown."""

    def __init__(self, game: Game, seed: int):
        self.game, self.random = game, np.random.default_rng(seed)
        self.bench = Bench(game)
        self.mirrors = np.zeros(len(game.symmetries.cells), game.state_dtype)
        self.moves: list[str] = []
        self.starts: list[np.ndarray] = [self.bench.snapshot()]  # positions to play out from
        self.views: dict[int, tuple] = {}  # input hash -> everything that it must determine
        self.movers: dict[int, int] = {}  # position hash -> player to move
        self.twins: list[dict[int, int]] = [{} for _ in self.mirrors]  # input hash -> the mirror image's
        self.plane_changes = np.zeros(2)  # of plane pairs: as the mover's view has it, and the other way
        self.num_games = self.num_positions = self.full_length_wins = self.repeated_turns = 0
        self.results = [0, 0, 0]  # second player won, draw, first player won

    def require(self, condition: bool, message: str = "") -> None:
        """Raise ContractError with the position reached so far unless the condition holds."""
        if condition:
            return
        try:
            where = repr(self.game.state_text(self.bench.state))
        except Exception as error:  # the text itself may be what is broken
            where = f"(no text: {error!r})"
        raise ContractError(
            f"{games.spec(self.game)}: {message}; position {where} after {' '.join(self.moves) or 'no moves'}"
        )

    def random_choice(self, legal: np.ndarray) -> int:
        return int(self.random.choice(legal))

    def play_example(self, moves: str, result: int) -> None:
        """Play a game given as text; require that it ends with its last move, and with this result."""
        names = iter(moves.split())
        self.play_game(lambda legal: self._read(next(names, None), moves))
        left = list(names)
        self.require(not left, f"the example {moves!r} goes on with {left} after the game is over")
        got = self.game.outcome(self.bench.state)
        self.require(got == result, f"the example {moves!r} ends with {got}, expected {result}")

    def _read(self, name: str | None, moves: str) -> int:
        self.require(name is not None, f"the example {moves!r} ends before the game is over")
        return self._accepted(
            lambda: self.game.parse_action(self.bench.state, name or ""), f"{name} of {moves}"
        )

    def play_game(self, choose: Callable[[np.ndarray], int]) -> None:
        """Play one game from the start, checking every position on the way."""
        game, state = self.game, self.bench.state
        game.reset(state)
        for mirror in self.mirrors:
            game.reset(mirror)
        self.moves, start = [], int(self.random.integers(game.max_plies))
        view = self.check_position()
        while not view.over:
            self.require(len(self.moves) < game.max_plies, f"play goes on after max_plies={game.max_plies}")
            action = choose(view.legal)
            if len(self.moves) == start and len(self.starts) < 8:
                self.starts.append(self.bench.snapshot())
            view = self.step(view, action)
        self.num_games += 1
        self.results[view.outcome + 1] += 1
        self.full_length_wins += len(self.moves) == game.max_plies and view.outcome != 0

    def step(self, before: View, action: int) -> View:
        """Play one action on the position, a copy and its mirror images; check where that leads."""
        self.check_alternatives(before, action)
        name = self.game.action_name(self.bench.state, action)
        compiled = compiled_view(self.game, self.bench.snapshot()[0], action)
        self.game.play(self.bench.state, action)
        self.moves.append(name)
        for index, mirror in enumerate(self.mirrors):
            compiled_view(self.game, mirror, self._mirrored(index, action))
        after = self.check_position()
        self.require(*after.same(compiled, "a compiled play led elsewhere than play called from Python"))
        self.repeated_turns += before.to_move == after.to_move
        self._compare_planes(before, after)
        return after

    def _mirrored(self, index: int, action: int) -> int:
        """Return what an action of the position is called in its mirror image."""
        return int(np.flatnonzero(self.game.symmetries.actions[index] == action)[0])

    def check_position(self) -> View:
        """Check all that a position shows without being played on; return it."""
        bench, game = self.bench, self.game
        before = bench.block.tobytes()
        view = python_view(game, bench, self.require)
        self.require(*view.same(compiled_view(game, bench.block[1], -1), "compiled code sees something else"))
        self.num_positions += 1
        self.check_turn(view)
        self.check_hashes(view)
        self.check_symmetries(view)
        self.check_names(view)
        self.check_text(view)
        self.require(bench.block.tobytes() == before, "looking at the position changed it or its neighbours")
        return view

    def check_turn(self, view: View) -> None:
        """Terminal and result are separate questions, and only a game that is not over can be played on."""
        legal = view.legal
        self.require(view.to_move in (0, 1), f"to_move is {view.to_move}, expected 0 or 1")
        self.require(view.outcome in (-1, 0, 1), f"outcome is {view.outcome}, expected 1, 0 or -1")
        self.require(view.over or view.outcome == 0, f"outcome is {view.outcome} in a game not over")
        self.require(
            view.over == (len(legal) == 0), f"is_over is {view.over} with {len(legal)} legal actions"
        )
        whole = (
            self.game.game if isinstance(self.game, Factored) else self.game
        )  # a move has one part or more
        self.require(
            not view.truncated or (view.over and len(self.moves) >= whole.max_plies),
            f"is_truncated after {len(self.moves)} of max_plies={whole.max_plies} plies, is_over {view.over}",
        )
        self.require(bool((np.diff(legal) > 0).all()), f"legal actions {legal.tolist()} do not ascend")
        self.require(
            len(legal) == 0 or 0 <= legal[0] <= legal[-1] < self.game.num_actions,
            f"legal actions {legal.tolist()} are not all in [0, {self.game.num_actions})",
        )

    def check_hashes(self, view: View) -> None:
        """Equal records hash equally; one input hash means one set of actions, one encoding, one result."""
        copy = self.bench.snapshot()[0]
        self.require(*view.same(compiled_view(self.game, copy, -1), "a byte copy is not equal"))
        shown = view.shown()
        self.require(
            self.views.setdefault(view.input_hash, shown) == shown,
            "input_hash is that of another position, with other actions, planes or result",
        )
        self.require(
            self.movers.setdefault(view.position_hash, view.to_move) == view.to_move,
            "position_hash is that of a position in which the other player is to move",
        )

    def check_symmetries(self, view: View) -> None:
        """The mirrored game shows mirrored planes, mask and result, and its positions are as distinct."""
        cells, actions = self.game.symmetries
        mask = np.isin(np.arange(self.game.num_actions), view.legal)
        flat = view.planes.reshape(len(view.planes), -1)
        for index, mirror in enumerate(self.mirrors):
            image = compiled_view(self.game, mirror, -1)
            image_mask = np.isin(np.arange(self.game.num_actions), image.legal)
            self.require(
                bool((image_mask == mask[actions[index]]).all()),
                f"symmetry {index} does not map the legal actions",
            )
            self.require(
                bool((image.planes.reshape(flat.shape) == flat[:, cells[index]]).all()),
                f"symmetry {index} does not map the planes",
            )
            for part in ("over", "outcome", "to_move"):
                self.require(getattr(image, part) == getattr(view, part), f"symmetry {index} changes {part}")
            twin = self.twins[index].setdefault(view.input_hash, image.input_hash)
            self.require(twin == image.input_hash, f"symmetry {index} maps equal positions differently")

    def check_names(self, view: View) -> None:
        """Names of legal actions are unique, hold no blank, and are read back; nonsense is refused."""
        game, state = self.game, self.bench.state
        names = [game.action_name(state, action) for action in view.legal]
        self.require(len(set(names)) == len(names), f"names of legal actions are not unique: {names}")
        self.require(all(name.split() == [name] for name in names), f"a name has blanks: {names}")
        for index in self._sample(len(names)):
            got = self._accepted(lambda name=names[index]: game.parse_action(state, name), names[index])
            self.require(got == view.legal[index], f"{names[index]!r} is read as action {got}")
        for text in {"", "?!", *self.moves[-SAMPLE:]} - set(names):
            self.require(
                self._refused(lambda text=text: game.parse_action(state, text), view.legal),
                f"parse_action reads {text!r}, which is no legal move",
            )

    def check_text(self, view: View) -> None:
        """state_text is one line that parse_state reads back to a position that looks and hashes the same."""
        game, text = self.game, self.game.state_text(self.bench.state)
        self.require(text.strip() == text and "\n" not in text, f"state_text is not one line: {text!r}")
        for side in (0, 1):
            drawn = game.render(self.bench.state, side)
            self.require(isinstance(drawn, str), f"render returns no text, seen by player {side}")
        reason = game.end_reason(self.bench.state)
        self.require(
            isinstance(reason, str) and "\n" not in reason and bool(reason) == view.over,
            f"end_reason is {reason!r} where is_over is {view.over}",
        )
        try:
            again = self._accepted(lambda: game.parse_state(text), text)
        except NotImplementedError:
            return
        self.require(
            game.state_text(again) == text, f"parse_state({text!r}) has the text {game.state_text(again)!r}"
        )
        if game.text_is_complete:
            read = compiled_view(game, again, -1)
            self.require(*view.same(read, "the position read back from its text is not equal"))

    def check_alternatives(self, view: View, chosen: int) -> None:
        """Legal actions can be played on copies without touching the original; illegal ones are refused."""
        game, bench = self.game, self.bench
        original = bench.block.tobytes()
        for index in self._sample(len(view.legal)):
            first, second = bench.snapshot(), bench.snapshot()
            action = view.legal[index]
            for copy in (first, second):
                self._accepted(lambda copy=copy, action=action: game.play(copy[0], action), action)
            self.require(first.tobytes() == second.tobytes(), f"action {action} has two results")
        illegal = np.setdiff1d(np.arange(-1, game.num_actions + 1), view.legal)
        for action in {-1, game.num_actions, *(int(illegal[i]) for i in self._sample(len(illegal)))}:
            self.require(
                self._refused(lambda action=action: game.play(bench.state, action), ()),
                f"play accepts the illegal action {action}",
            )
        self.require(chosen in view.legal, f"action {chosen} was chosen but is not legal")
        self.require(bench.block.tobytes() == original, "a refused action, or play on a copy, changed it")

    def _sample(self, count: int) -> np.ndarray:
        return self.random.permutation(count)[:SAMPLE]

    def _accepted(self, call: Callable[[], Any], what: Any) -> Any:
        """Return what a call returns, which must not refuse `what` by ValueError."""
        try:
            return call()
        except NotImplementedError:
            raise
        except ValueError as error:
            self.require(False, f"{what!r} is refused: {error}")
            raise

    def _refused(self, call: Callable[[], Any], allowed: Iterable[int]) -> bool:
        """Whether a call raises ValueError, or returns one of the allowed actions (another spelling)."""
        try:
            return call() in allowed
        except ValueError:
            return True

    def _compare_planes(self, before: View, after: View) -> None:
        """Sum how much planes change, own and other paired as the mover's view has them, and otherwise."""
        swapped = before.to_move != after.to_move
        for own, other in self.game.plane_pairs:
            pair, now = before.planes[[own, other]], after.planes[[own, other]]
            straight, crossed = np.abs(now - pair).sum(), np.abs(now - pair[::-1]).sum()
            self.plane_changes += (crossed, straight) if swapped else (straight, crossed)

    def check_totals(self) -> None:
        """Check what only many positions together show."""
        right, wrong = self.plane_changes
        self.require(
            bool(right <= wrong),
            "the planes of plane_pairs are not those of the player to move: they "
            f"change by {right:g} in all, by {wrong:g} when taken the other way",
        )
        self.require(
            len(self.movers) > 1 or self.num_positions <= self.num_games,
            "position_hash is the same for all positions",
        )
        for index, twins in enumerate(self.twins):
            self.require(
                len(set(twins.values())) == len(twins),
                f"symmetry {index} maps different positions to one hash",
            )
