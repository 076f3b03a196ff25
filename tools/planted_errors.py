"""Plant errors in the search and in the training data, one at a time, and see whether the tests notice.

    python tools/planted_errors.py            # all of them: about half a minute each, as kernels are compiled anew
    python tools/planted_errors.py sign noise # those whose names contain one of these words
    python tools/planted_errors.py --list

Works on a copy of the sources in a temporary folder, with a cache of compiled code of its own. First the named tests
run on the sources as they are, and must pass. Exits with 1 when an error was planted and nothing noticed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = (".git", ".venv", "runs", "dist", "build", ".*_cache", ".hypothesis", "__pycache__")
NOT_CAUGHT_BY_A_CLAIM = ("TypingError", "LoweringError", "SyntaxError", "NameError", "ImportError")

SIMULATE, RULES, GUMBEL = (f"alphazero/search/{name}.py" for name in ("simulate", "rules", "gumbel"))
REROOT, CACHE, NOISE, ROOT_FILE = (
    f"alphazero/search/{name}.py" for name in ("reroot", "cache", "noise", "root")
)
PROOFS, FORCED = "alphazero/search/proofs.py", "alphazero/search/forced.py"
FOUR, ALPHABETA = "alphazero/exact/connect_four.py", "alphazero/exact/alphabeta.py"
GO_BOARD, GO_RULES = "games/go/board.py", "games/go/rules.py"
CHESS_MOVES, CHESS_CHECKS, CHESS_BOARD = (f"games/chess/{name}.py" for name in ("moves", "checks", "board"))
DISCS, HEX, BREAKTHROUGH = (f"games/{name}.py" for name in ("discs", "hex", "breakthrough"))
REPLAY, MOVES = "alphazero/data/samples.py", "alphazero/selfplay/moves.py"
STORED = "alphazero/data/replay.py"

REFERENCE = "search/test_reference.py::test_every_rule_builds_the_reference_tree[tic_tac_toe-puct]"
REFERENCE_IN_PARTS = REFERENCE.replace("tic_tac_toe", "in_parts")
IN_FLIGHT = "search/test_reference.py::test_leaves_in_flight_count_as_losses_of_the_player_who_chose_them"
KEPT = "search/test_forest.py::test_the_subtree_of_the_move_played_stays_what_it_was[tic_tac_toe-0.0-1]"
ADD_UP = "search/test_forest.py::test_visits_and_values_add_up_in_every_node[tic_tac_toe-1]"
CACHED = "search/test_cache.py::test_a_search_with_a_cache_finds_what_one_without_it_finds[tic_tac_toe-{}]"
BY_HAND = "search/test_rules.py::test_a_whole_search_by_hand_for_both_players"
SAMPLES = "data/test_samples.py::test_samples_are_the_positions_and_targets_that_were_played"
FORGED = "data/test_checks.py::test_what_cannot_be_is_refused_and_named[{}]"
GO = "games/test_go.py::test_go_follows_the_slow_rules"
PERFT = "games/test_chess.py::test_perft_is_the_known_one"
TURNED = "data/test_samples.py::test_one_symmetry_turns_planes_policy_and_mask_alike_and_all_are_drawn"


class Plant(NamedTuple):
    """An error: what stands once in a file of the sources, what is put in its place, which test must fail."""

    name: str
    file: str
    original: str
    planted: str
    test: str  # below tests/


# fmt: off
PLANTS = (
    Plant("sign: every value is turned the wrong way", SIMULATE,
          "return value if player == owner else -value", "return -value if player == owner else value", REFERENCE),
    Plant("sign: a finished game counts for the first player", SIMULATE,
          "value = seen_by(game.to_move(state), np.float64(game.outcome(state)), FIRST)",
          "value = np.float64(game.outcome(state))", BY_HAND),
    Plant("sign: players are taken to alternate", SIMULATE,
          "edge.value_sum += seen_by(np.int64(forest.nodes[tree, node].player), value, owner)",
          "edge.value_sum -= seen_by(np.int64(here.player), value, owner)", REFERENCE_IN_PARTS),
    Plant("sign: compiled rollouts count for the first player", SIMULATE,
          "return np.float32(seen_by(game.to_move(state), np.float64(total) / rollouts, FIRST))",
          "return np.float32(np.float64(total) / rollouts)",
          "search/test_evaluators.py::test_compiled_rollouts_are_close_to_random_play_for_both_players"),
    Plant("sign: batched rollouts count for the first player", "alphazero/search/rollouts.py",
          "return np.float32(seen_by(game.to_move(state), np.float64(total) / rollouts, FIRST))",
          "return np.float32(np.float64(total) / rollouts)",
          "search/test_evaluators.py::test_rollouts_are_close_to_random_play_for_both_players"),
    Plant("mask: taken cells can be played", SIMULATE,
          "    count = game.legal_actions(state, legal)\n    first =",
          "    count = game.legal_actions(state, legal)\n    for count in range(legal.size):\n"
          "        legal[count] = count\n    count = legal.size\n    first =",
          ADD_UP),
    Plant("mask: priors are read by place, not by action", SIMULATE,
          "np.exp(np.float64(logits[legal[index]]) - largest)", "np.exp(np.float64(logits[index]) - largest)",
          REFERENCE),
    Plant("priors are not normalised", SIMULATE,
          "forest.edges[tree, edge].prior /= total", "forest.edges[tree, edge].prior /= 1.0", ADD_UP),
    Plant("backup misses the root", SIMULATE,
          "        here.visits += 1\n        here.value_sum += seen_by(np.int64(here.player), value, owner)\n"
          "        if here.parent_edge == NONE:\n            return\n",
          "        if here.parent_edge == NONE:\n            return\n"
          "        here.visits += 1\n        here.value_sum += seen_by(np.int64(here.player), value, owner)\n",
          ADD_UP),
    Plant("virtual loss is not undone by backup", SIMULATE,
          "edge.in_flight -= 1\n\n\n@borrower\ndef take_back", "edge.in_flight -= 0\n\n\n@borrower\ndef take_back",
          ADD_UP),
    Plant("virtual loss is not undone where two leaves meet", SIMULATE,
          "parent_edge].in_flight -= 1", "parent_edge].in_flight -= 0", IN_FLIGHT + "[tic_tac_toe-8-1.0]"),
    Plant("virtual loss is a gain", RULES,
          "value_sum - lost)", "value_sum + lost)",
          "search/test_rules.py::test_a_leaf_in_flight_is_a_visit_that_was_lost"),
    Plant("the square root is missing in PUCT", RULES,
          "return rule.c_puct * np.sqrt(n)", "return rule.c_puct * n",
          "search/test_rules.py::test_the_exploration_weight_of_each_rule"),
    Plant("N(s) leaves out the visit that expanded s", RULES,
          "exploration_weight(rule, forest.nodes[tree, node].visits + flying)",
          "exploration_weight(rule, forest.nodes[tree, node].visits - 1 + flying)", REFERENCE),
    Plant("the root's player explores as his opponent should", RULES,
          "forest.nodes[tree, node].player != forest.nodes[tree, ROOT].player",
          "forest.nodes[tree, node].player == forest.nodes[tree, ROOT].player",
          "search/test_reference.py::test_every_constant_of_a_rule_means_what_the_reference_takes_it_for"),
    Plant("first-play urgency has the wrong sign", RULES,
          "mean - rule.fpu_reduction", "mean + rule.fpu_reduction",
          "search/test_rules.py::test_first_play_urgency_by_hand"),
    Plant("answers that are no numbers pass", SIMULATE,
          "if not np.isfinite(number):", "if number == -1e300:",
          "search/test_evaluators.py::test_a_search_refuses_a_value_or_a_legal_actions_logit_that_is_no_number_and_no_other[False-nan]"),
    Plant("noise below the root", SIMULATE,
          "    if node == ROOT:\n        add_root_noise(forest, rule, rule.gumbel, tree)\n    else:\n",
          "    if forest.nodes[tree, node].num_edges > 0:\n"
          "        forest.edges[tree, forest.nodes[tree, node].first_edge].prior += 0.1 * rule.noise_fraction\n"
          "    if node == ROOT:\n        add_root_noise(forest, rule, rule.gumbel, tree)\n    else:\n",
          "search/test_noise.py::test_only_the_root_gets_noise_and_a_kept_root_gets_it_once"),
    Plant("noise: its share and the prior's change places", NOISE,
          "fraction * (noise[index] / total - edge.prior)", "(1.0 - fraction) * (noise[index] / total - edge.prior)",
          "search/test_noise.py::test_dirichlet_noise_has_its_distribution_and_its_share[1.0-0.25-]"),
    Plant("noise is the same in all trees", "alphazero/search/search.py",
          "mix(np.uint64((seed + own) & (2**64 - 1)))", "mix(np.uint64(seed))",
          "search/test_noise.py::test_other_seeds_draw_other_noise_and_no_two_trees_the_same"),
    Plant("temperature is turned upside down", ROOT_FILE,
          "return (forest.edges[tree, edge].visits / most) ** (1.0 / temperature)",
          "return (forest.edges[tree, edge].visits / most) ** temperature",
          "search/test_noise.py::test_moves_are_drawn_by_visits_to_the_power_of_one_over_the_temperature"),
    Plant("a kept node keeps its parent's old number", REROOT,
          "forest.nodes[tree, node].parent = forest.nodes[tree, above].remap",
          "forest.nodes[tree, node].parent = above", KEPT),
    Plant("a kept edge keeps its child's old number", REROOT,
          "moved.child = forest.nodes[tree, moved.child].remap", "moved.child = moved.child", KEPT),
    Plant("replayed positions miss a move", SIMULATE,
          "        if replay:\n            game.play(state, action)\n        node = child",
          "        if replay and node > 0:\n            game.play(state, action)\n        node = child",
          "search/test_forest.py::test_replaying_positions_equals_storing_them[tic_tac_toe]"),
    Plant("cache: the entry of another key of the group", CACHE,
          "            return entry", "            return np.int64(base)", CACHED),
    Plant("cache: all entries of a batch get the first row", CACHE,
          "insert(cache, keys[row], logits[row], values[row])", "insert(cache, keys[row], logits[0], values[row])",
          CACHED),
    Plant("cache: the key 0 is found in an empty place", CACHE,
          "    if key == 0:\n        return np.int64(-1)\n", "",
          "search/test_cache.py::test_the_first_position_is_evaluated_although_its_hash_is_the_mark_of_an_empty_place"),
    Plant("Gumbel: the schedule halves down to one action", GUMBEL,
          "left = max(2, left // 2)", "left = max(1, left // 2)",
          "search/test_gumbel.py::test_the_schedule_is_that_of_the_published_code"),
    Plant("Gumbel: the schedule begins with one visit", GUMBEL,
          "filled, level, left = 0, 0, considered", "filled, level, left = 0, 1, considered",
          "search/test_gumbel.py::test_the_schedule_by_hand"),
    Plant("Gumbel: Q of untried actions is 0", GUMBEL,
          "    q = mixed\n", "    q = 0.0 * mixed\n", "search/test_gumbel.py::test_the_improved_policy_by_hand"),
    Plant("Gumbel: noise is left out of the choice", GUMBEL,
          "score = forest.edges[tree, edge].noise + completed_logit", "score = completed_logit",
          "search/test_gumbel.py::test_actions_are_considered_without_replacement_by_their_priors"),
    Plant("data: planes are turned and the policy is not", REPLAY,
          "samples.policy[row, inverse[index.policy_actions[entry]]]",
          "samples.policy[row, index.policy_actions[entry]]", TURNED),
    Plant("data: the policy is turned the other way", REPLAY,
          "inverse[actions[action]] = action", "inverse[action] = actions[action]", TURNED),
    Plant("data: the mask is not turned", REPLAY,
          "samples.legal_mask[row, inverse[legal[place]]] = True", "samples.legal_mask[row, legal[place]] = True",
          TURNED),
    Plant("data: z is the first player's result", REPLAY,
          "z = seen_by(mover, np.float64(played.outcomes[index.sample_game[sample]]), FIRST)",
          "z = np.float64(played.outcomes[index.sample_game[sample]])", SAMPLES),
    Plant("data: positions are one ply late", REPLAY,
          "for ply in range(first, last):", "for ply in range(first, last + 1):", SAMPLES),
    Plant("data: result and search value change places", REPLAY,
          "target.weight * later + (1.0 - target.weight) * index.values[ply]",
          "(1.0 - target.weight) * later + target.weight * index.values[ply]", SAMPLES),
    Plant("self-play: who resigns wins", MOVES,
          "1 if forest.nodes[tree, ROOT].player == 1 else -1", "1 if forest.nodes[tree, ROOT].player == 0 else -1",
          "selfplay/test_selfplay.py::test_whose_value_is_below_the_threshold_resigns_and_the_other_player_wins"),
    Plant("self-play: one ply too many at the first temperature", MOVES,
          "row.plies < play.temperature_plies", "row.plies <= play.temperature_plies",
          "selfplay/test_selfplay.py::test_moves_are_drawn_at_random_until_the_temperature_ends_and_then_the_most_visited"),
    Plant("data: a value some plies later is not turned for the mover", REPLAY,
          "return seen_by(mover, np.float64(index.values[ply + steps]), game.to_move(state))",
          "return np.float64(index.values[ply + steps])", SAMPLES),
    Plant("data: the value of a truncated game's last position is not turned for the mover", REPLAY,
          "if not (target.bootstrap and played.ends[number] == TRUNCATED):",
          "if target.bootstrap and played.ends[number] == TRUNCATED:\n"
          "            return index.values[ply + left - 1]\n        else:", SAMPLES),
    Plant("data: stored actions are taken to be legal", STORED,
          "        if legal[place] == action:\n",
          "        if legal[place] >= 0:\n",
          FORGED.format("last_of_an_open_game-")),
    Plant("data: stored policies may lie on actions that are not legal", STORED,
          "        if place == count or legal[place] != policy_actions[entry]:\n            return False\n",
          "        if place == count or legal[place] != policy_actions[entry]:\n            return True\n",
          FORGED.format("a_policy_on_a_taken_cell-")),
    Plant("data: any start is taken for a position", "alphazero/data/checks.py",
          "        if opening is False:\n",
          "        if opening is None:\n",
          "data/test_checks.py::test_starts_that_no_game_reaches_are_refused"),
    Plant("data: surprise is measured against the priors with their noise", MOVES,
          "prior -= forest.edges[tree, first + index].noise", "prior -= 0.0",
          "data/test_window.py::test_surprise_is_the_divergence_of_the_search_policy_from_the_evaluators"),
    Plant("forced: the root of the sum is left out", FORCED,
          "visits < np.sqrt(rule.forced * forest.edges[tree, edge].prior * total)",
          "visits < rule.forced * forest.edges[tree, edge].prior * total",
          "search/test_forced.py::test_forced_visits_build_the_reference_tree[tic_tac_toe-{}]"),
    Plant("forced: one visit too many is pruned", FORCED,
          "edge_score(rule, weight, q, prior, out[index] - 1.0) < most",
          "edge_score(rule, weight, q, prior, out[index]) < most",
          "search/test_forced.py::test_targets_are_pruned_as_in_the_reference[tic_tac_toe]"),
    Plant("rules: only single stones are taken in Go", GO_BOARD,
          "if state.liberties[other] == 0:", "if state.liberties[other] == 0 and state.stones[other] == 1:",
          f"{GO}[(3, 3, 'positional', 1)]"),
    Plant("rules: superko forgets the latest positions", GO_RULES,
          "for ply in range(state.plies + 1):", "for ply in range(state.plies - 1):",
          "games/test_go.py::test_a_ko_cannot_be_taken_back_at_once[positional]"),
    Plant("rules: superko compares too few moves", GO_RULES,
          "if game.superko != SIMPLE:\n            plain", "if game.superko == SITUATIONAL:\n            plain",
          f"{GO}[(2, 2, 'positional', 0)]"),
    Plant("rules: a merged chain keeps the liberties of its larger part", GO_BOARD,
          "state.liberties[first] += state.liberties[second]", "state.liberties[first] += 0",
          f"{GO}[(3, 3, 'simple', 0)]"),
    Plant("rules: castling over a knight on the b-file", CHESS_CHECKS,
          "np.uint64(0x60), np.uint64(0x0E)", "np.uint64(0x60), np.uint64(0x0C)", PERFT),
    Plant("rules: a taken rook leaves the right to castle", CHESS_BOARD,
          "~(_lost_rights(from_) | _lost_rights(to))", "~_lost_rights(from_)", PERFT),
    Plant("rules: taking in passing uncovers the king", CHESS_CHECKS,
          "& ~(taken | ONE << np.uint64(square))", "& ~(ONE << np.uint64(square))", PERFT),
    Plant("rules: pawns become queens only", CHESS_MOVES,
          "    for kind in range(3):\n", "    for kind in range(0):\n", PERFT),
    Plant("rules: a pinned pawn moves freely", CHESS_MOVES,
          "pawns & (~pinned | THROUGH[king, RISING])", "pawns", PERFT),
    Plant("rules: a line of discs goes on over the edge", DISCS,
          "every & ~(left | (left << np.uint64(size - 1)))", "every & ~left",
          "games/test_boards.py::test_othello_follows_the_slow_rules[8]"),
    Plant("rules: the hash of Othello adds the player to move to a bitboard", "games/othello.py",
          "mix(mix(state.own + mix(state.other + ONE)) + np.uint64(state.player))",
          "mix(state.own + mix(state.other + ONE + np.uint64(state.player)))",
          "games/test_hashes.py::test_all_positions_of_a_small_board_have_hashes_of_their_own[Othello(size=4)-62788]"),
    Plant("rules: a cell of Hex touches the wrong diagonal", HEX,
          "((-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0))",
          "((-1, 0), (-1, -1), (0, -1), (0, 1), (1, 1), (1, 0))",
          "games/test_boards.py::test_hex_is_won_by_the_known_openings"),
    Plant("rules: a piece of Breakthrough takes straight ahead", BREAKTHROUGH,
          "there != own and direction != 1", "there != own",
          "games/test_boards.py::test_breakthrough_follows_the_slow_rules[(5, 5)]"),
    Plant("proofs: a result is not turned for the player who chooses it", PROOFS,
          "    return -result\n", "    return result\n",
          "search/test_proofs.py::test_whatever_is_proven_is_true[False]"),
    Plant("proofs: a node is proven although an edge is open", PROOFS,
          "        is_open |= result == UNKNOWN\n        best = max(best, result)\n",
          "        best = max(best, min(result, np.int64(0)))\n",
          "search/test_proofs.py::test_whatever_is_proven_is_true[False]"),
    Plant("proofs: a lost edge is followed all the same", RULES,
          "if rule.prove and edge_result(forest, tree, node, edge) == -1:", "if rule.prove and forest is None:",
          "search/test_proofs.py::test_a_move_that_is_proven_to_lose_is_neither_searched_further_nor_played"),
    Plant("solver: mirror images share a key in the wrong order", FOUR,
          "mirrored = (mirrored << height) | (rest & column)", "mirrored = (mirrored << ONE) ^ (rest & column)",
          "exact/test_solver.py::test_small_boards_of_connect_four_agree_with_minimax"),
    Plant("solver: a hidden result is taken for a draw", ALPHABETA,
          "task.progress[3] = low != frame.low or high != frame.high", "task.progress[3] = 0",
          "exact/test_solver.py::test_every_position_of_tic_tac_toe_agrees_with_minimax"),
    Plant("solver: a win is stored as an upper bound", ALPHABETA,
          "    if frame.best < frame.beta:\n", "    if frame.best > frame.alpha:\n",
          "exact/test_solver.py::test_small_boards_of_connect_four_agree_with_minimax"),
    Plant("solver: a forced move is taken for a free one", FOUR,
          "    return moves & ~(threats >> ONE)", "    return moves",
          "exact/test_solver.py::test_small_boards_of_connect_four_agree_with_minimax"),
    Plant("cache: records are named by the number that the process gave them", "games/compile_cache.py",
          "int(digest(where + self.name)[:15], 16)", "self._code",
          "games/test_kernel.py::test_compiled_functions_of_a_record_have_the_same_name_in_every_process_and_another_"
          "for_another_record"),
)
# fmt: on


def run_tests(folder: Path, tests: list[str], limit: float) -> tuple[str, str]:
    """Run tests in a copy of the sources; return "passed", "failed" or "broken" and what pytest printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    command += [f"tests/{test}" for test in tests]
    environment = os.environ | {"XDG_CACHE_HOME": str(folder / ".compiled"), "PYTHONPATH": str(folder)}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return "broken", f"not finished after {limit:.0f} s"
    output = done.stdout + done.stderr
    if done.returncode == 0:
        return "passed", output
    invalid = done.returncode != 1 or any(f"{word}:" in output for word in NOT_CAUGHT_BY_A_CLAIM)
    return "broken" if invalid else "failed", output


def plant(folder: Path, error: Plant, limit: float) -> tuple[str, str]:
    """Plant one error in the copy, run its test, and put the file back."""
    file = folder / error.file
    source = file.read_text()
    if source.count(error.original) != 1:
        return "broken", f"{error.file} has {source.count(error.original)} times: {error.original!r}"
    file.write_text(source.replace(error.original, error.planted))
    try:
        return run_tests(folder, [error.test], limit)
    finally:
        file.write_text(source)
        shutil.rmtree(folder / ".compiled", ignore_errors=True)


def plant_all(errors: list[Plant], limit: float, verbose: bool) -> int:
    """Try the errors one after the other and print a table; return how many were not caught."""
    words = {"failed": "caught", "passed": "NOT CAUGHT", "broken": "BROKEN"}
    missed = 0
    with tempfile.TemporaryDirectory(prefix="planted-errors-") as name:
        folder = Path(name) / "sources"
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        outcome, output = run_tests(folder, sorted({error.test for error in errors}), 4 * limit)
        if outcome != "passed":
            print(output, "the tests do not pass before anything is planted", sep="\n")
            return len(errors)
        for number, error in enumerate(errors, 1):
            start = time.perf_counter()
            outcome, output = plant(folder, error, limit)
            missed += outcome != "failed"
            seconds = time.perf_counter() - start
            print(
                f"{number:3} {words[outcome]:10} {seconds:4.0f} s  {error.name}  ({error.test.partition('[')[0]})",
                flush=True,
            )
            if verbose or outcome == "broken":
                print(output)
    print(f"{len(errors) - missed} of {len(errors)} planted errors are caught")
    return missed


def main() -> int:
    """Read the command line and plant what it names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("words", nargs="*", help="only errors whose names contain one of these words")
    parser.add_argument("--list", action="store_true", help="print the names and do nothing")
    parser.add_argument(
        "--limit", type=float, default=300.0, help="seconds that a test may take (default: 300)"
    )
    parser.add_argument("--verbose", action="store_true", help="print what pytest prints")
    options = parser.parse_args()
    errors = [
        error for error in PLANTS if not options.words or any(word in error.name for word in options.words)
    ]
    if options.list:
        print("\n".join(error.name for error in errors))
        return 0
    return min(1, plant_all(errors, options.limit, options.verbose))


if __name__ == "__main__":
    sys.exit(main())
