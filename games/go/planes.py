"""What a network sees of a Go position, for the player to move; compiled."""

import numpy as np

from games.go.board import EMPTY, ONE, count_liberties, point_of, row_bits
from games.go.rules import is_ko
from games.kernel import helper

MOST_LIBERTIES = 3


@helper
def encode_history(game, state, planes):
    """Write planes 2i and 2i + 1, own and other stones i plies ago (zeros before the start), and 2h: Black to move."""
    own, history = np.int64(state.player), game.history
    for back in range(history):
        slot = (state.slot - back + history) % history
        for row in range(game.rows):
            mine = yours = np.uint64(0)
            if back <= state.plies:
                start = (row + 1) * (game.cols + 1) + 1
                mine, yours = (
                    row_bits(state.seen[slot, own], start),
                    row_bits(state.seen[slot, 1 - own], start),
                )
            for col in range(game.cols):
                planes[2 * back, row, col] = np.float32(mine >> np.uint64(col) & ONE)
                planes[2 * back + 1, row, col] = np.float32(yours >> np.uint64(col) & ONE)
    for row in range(game.rows):
        for col in range(game.cols):
            planes[2 * history, row, col] = np.float32(own == 0)


@helper
def encode_features(game, state, planes, first):
    """Write 11 planes from number `first` on.

    Own stones in chains with 1, 2, 3 or more liberties; the other's likewise; points that ko or superko forbid; the
    last four moves, the newest first (a pass is on no point).
    """
    own = 1 + np.int64(state.player)
    planes[first:] = np.float32(0.0)
    for action in range(game.rows * game.cols):
        point, row, col = point_of(game.cols, action), action // game.cols, action % game.cols
        colour = state.board[point]
        if colour == EMPTY:
            planes[first + 6, row, col] = np.float32(is_ko(game, state, point))
        else:
            liberties = count_liberties(state, game.cols + 1, np.int64(state.head[point]), MOST_LIBERTIES)
            planes[first + liberties - 1 + (0 if colour == own else MOST_LIBERTIES), row, col] = np.float32(
                1.0
            )
    for index in range(state.last.size):
        action = np.int64(state.last[index])
        if 0 <= action < game.rows * game.cols:
            planes[first + 7 + index, action // game.cols, action % game.cols] = np.float32(1.0)
