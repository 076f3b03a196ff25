"""Othello, Hex and Breakthrough once more, as slowly and plainly as they can be written: dictionaries of squares."""

from collections.abc import Iterator

OTHER = {"x": "o", "o": "x"}


class Board:
    """Stones on squares (row, col) from the top left; "x" is the first player, "o" the second."""

    def __init__(self, rows: int, cols: int):
        self.rows, self.cols = rows, cols
        self.stones: dict[tuple[int, int], str] = {}
        self.mover = "x"

    def inside(self, row: int, col: int) -> bool:
        return 0 <= row < self.rows and 0 <= col < self.cols

    def squares(self) -> list[tuple[int, int]]:
        return [(row, col) for row in range(self.rows) for col in range(self.cols)]

    def planes(self) -> list:
        return [self.plane(self.mover), self.plane(OTHER[self.mover])]

    def plane(self, stone: str) -> list:
        return [
            [float(self.stones.get((row, col)) == stone) for col in range(self.cols)]
            for row in range(self.rows)
        ]

    def text(self) -> str:
        lines = (
            "".join(self.stones.get((row, col), ".") for col in range(self.cols)) for row in range(self.rows)
        )
        return f"{'/'.join(lines)} {self.mover}"

    def outcome(self) -> int:
        return {"x": 1, "o": -1, None: 0}[self.winner()] if self.over() else 0

    def winner(self) -> str | None:
        raise NotImplementedError

    def over(self) -> bool:
        return self.winner() is not None


class ReferenceOthello(Board):
    def __init__(self, size: int):
        super().__init__(size, size)
        half = size // 2
        self.stones = {
            (half - 1, half - 1): "o",
            (half, half): "o",
            (half - 1, half): "x",
            (half, half - 1): "x",
        }

    def turned(self, square: tuple[int, int], stone: str) -> list[tuple[int, int]]:
        """Return the squares whose discs turn when `stone` is put on a square; none when that is not possible."""
        if square in self.stones:
            return []
        found = []
        for row_step in (-1, 0, 1):
            for col_step in (-1, 0, 1):
                line = []
                row, col = square[0] + row_step, square[1] + col_step
                while self.stones.get((row, col)) == OTHER[stone]:
                    line.append((row, col))
                    row, col = row + row_step, col + col_step
                if self.stones.get((row, col)) == stone:
                    found += line
        return found

    def can_put(self, stone: str) -> list[tuple[int, int]]:
        return [square for square in self.squares() if self.turned(square, stone)]

    def over(self) -> bool:
        return not self.can_put("x") and not self.can_put("o")

    def winner(self) -> str | None:
        lead = list(self.stones.values()).count("x") - list(self.stones.values()).count("o")
        return "x" if lead > 0 else "o" if lead < 0 else None

    def legal(self) -> list[int]:
        if self.over():
            return []
        return [row * self.cols + col for row, col in self.can_put(self.mover)] or [self.rows * self.cols]

    def play(self, action: int) -> None:
        if action < self.rows * self.cols:
            square = divmod(action, self.cols)
            for turned in self.turned(square, self.mover):
                self.stones[turned] = self.mover
            self.stones[square] = self.mover
        self.mover = OTHER[self.mover]


class ReferenceHex(Board):
    def __init__(self, size: int, swap: int):
        super().__init__(size, size)
        self.swap, self.plies = swap, 0

    def around(self, square: tuple[int, int]) -> Iterator[tuple[int, int]]:
        """Yield the cells that touch one: those next to it in its row and column, and on one diagonal."""
        for row, col in self.squares():
            down, right = row - square[0], col - square[1]
            if (abs(down) + abs(right) == 1) or (down + right == 0 and abs(down) == 1):
                yield row, col

    def winner(self) -> str | None:
        for stone in "xo":
            side = 0 if stone == "x" else 1
            reached = {
                square for square, owner in self.stones.items() if owner == stone and square[side] == 0
            }
            grown: set[tuple[int, int]] = set()
            while grown != reached:
                grown = set(reached)
                for square in grown:
                    reached |= {other for other in self.around(square) if self.stones.get(other) == stone}
            if any(square[side] == self.rows - 1 for square in reached):
                return stone
        return None

    def legal(self) -> list[int]:
        if self.over():
            return []
        free = [row * self.cols + col for row, col in self.squares() if (row, col) not in self.stones]
        return free + [self.rows * self.cols] * (self.plies == 1 and self.swap)

    def play(self, action: int) -> None:
        if action == self.rows * self.cols:
            ((row, col),) = self.stones
            self.stones = {(col, row): "o"}
        else:
            self.stones[divmod(action, self.cols)] = self.mover
        self.mover = OTHER[self.mover]
        self.plies += 1

    def planes(self) -> list:
        return [*super().planes(), [[float(self.mover == "x")] * self.cols for _ in range(self.rows)]]


class ReferenceBreakthrough(Board):
    def __init__(self, rows: int, cols: int):
        super().__init__(rows, cols)
        for col in range(cols):
            self.stones |= {(0, col): "o", (1, col): "o", (rows - 1, col): "x", (rows - 2, col): "x"}

    def winner(self) -> str | None:
        for stone, last in (("x", 0), ("o", self.rows - 1)):
            if any(owner == stone and row == last for (row, _), owner in self.stones.items()):
                return stone
            if OTHER[stone] not in self.stones.values():
                return stone
        return None

    def moves(self) -> dict[int, tuple[tuple[int, int], tuple[int, int]]]:
        """Return from and to of every action, by the action's number."""
        ahead = -1 if self.mover == "x" else 1
        found = {}
        for (row, col), owner in self.stones.items():
            for direction in (-1, 0, 1):
                to = (row + ahead, col + direction)
                there = self.stones.get(to)
                if (
                    owner == self.mover
                    and self.inside(*to)
                    and (there is None or (there != self.mover and direction != 0))
                ):
                    seen = row if self.mover == "x" else self.rows - 1 - row
                    found[((direction + 1) * self.rows + seen) * self.cols + col] = ((row, col), to)
        return found

    def legal(self) -> list[int]:
        return [] if self.over() else sorted(self.moves())

    def play(self, action: int) -> None:
        from_, to = self.moves()[action]
        self.stones[to] = self.stones.pop(from_)
        self.mover = OTHER[self.mover]

    def planes(self) -> list:
        return [plane if self.mover == "x" else plane[::-1] for plane in super().planes()]
