"""Where handicap stones stand: the star points, in the order of GTP's fixed_handicap."""

from games.kernel import helper

SMALLEST_BOARD = 7  # points along a side


@helper
def handicap_action(rows, cols, stones, index):
    """Return the action of stone `index` of a handicap of `stones` (2 to 9)."""
    row_edge, col_edge = 3 if rows >= 13 else 2, 3 if cols >= 13 else 2
    row, col = rows // 2, cols // 2
    if not (index == stones - 1 and stones % 2 == 1 and stones > 3):  # else the centre
        row = (1, -1, -1, 1, 0, 0, 1, -1, 0)[index]
        col = (-1, 1, -1, 1, -1, 1, 0, 0, 0)[index]
        row = rows // 2 if row == 0 else row_edge if row < 0 else rows - 1 - row_edge
        col = cols // 2 if col == 0 else col_edge if col < 0 else cols - 1 - col_edge
    return row * cols + col


def check_handicap(rows: int, cols: int, stones: int) -> None:
    """Raise ValueError unless the board has star points for so many stones (0 and 1: none are needed)."""
    if stones <= 1:
        return
    if min(rows, cols) < SMALLEST_BOARD:
        raise ValueError(
            f"go: rule handicap={stones} is not possible on a board of {rows} x {cols}: expected at least "
            f"{SMALLEST_BOARD} points a side"
        )
    if stones > 4 and (rows % 2 == 0 or cols % 2 == 0 or min(rows, cols) < 9):
        raise ValueError(
            f"go: rule handicap={stones} is not possible on a board of {rows} x {cols}: expected at most "
            "4 where there is no middle or a side has less than 9 points"
        )
