"""The rules once more, as slowly and plainly as they can be written: lists, no bits, every line looked at."""


class Reference:
    """A game of stones on a board of lists: "." empty, "x" first, "o" second player, rows from the top."""

    def __init__(self, rows: int, cols: int, connect: int, exact: bool = False):
        self.rows, self.cols, self.connect, self.exact = rows, cols, connect, exact
        self.board = [["."] * cols for _ in range(rows)]
        self.mover, self.winner = "x", None

    def lines(self) -> list[str]:
        """Return every row, column and diagonal of the board as a string, whole."""
        found: dict[tuple[str, int], str] = {}
        for row in range(self.rows):
            for col in range(self.cols):
                for line in (("row", row), ("column", col), ("falling", row - col), ("rising", row + col)):
                    found[line] = found.get(line, "") + self.board[row][col]
        return list(found.values())

    def has_line(self, stone: str) -> bool:
        """Whether a player has a winning line anywhere."""
        for line in self.lines():
            for run in "".join(cell if cell == stone else " " for cell in line).split():
                if len(run) == self.connect or (len(run) > self.connect and not self.exact):
                    return True
        return False

    def put(self, row: int, col: int) -> None:
        """Put the mover's stone and pass the turn."""
        assert self.board[row][col] == "." and not self.over()
        self.board[row][col] = self.mover
        if self.has_line(self.mover):
            self.winner = self.mover
        self.mover = "o" if self.mover == "x" else "x"

    def over(self) -> bool:
        return self.winner is not None or all("." not in row for row in self.board)

    def outcome(self) -> int:
        return {"x": 1, "o": -1, None: 0}[self.winner]

    def planes(self) -> list:
        """Return the mover's stones and the other player's, as nested lists."""
        pair = (self.mover, "o" if self.mover == "x" else "x")
        return [[[float(cell == stone) for cell in row] for row in self.board] for stone in pair]

    def text(self) -> str:
        return "/".join("".join(row) for row in self.board)


class ReferenceMNK(Reference):
    def legal(self) -> list[int]:
        cells = [cell for row in self.board for cell in row]
        return [] if self.over() else [index for index, cell in enumerate(cells) if cell == "."]

    def play(self, action: int) -> None:
        self.put(action // self.cols, action % self.cols)


class ReferenceConnectFour(Reference):
    def legal(self) -> list[int]:
        return [] if self.over() else [col for col in range(self.cols) if self.board[0][col] == "."]

    def play(self, action: int) -> None:
        self.put(max(row for row in range(self.rows) if self.board[row][action] == "."), action)
