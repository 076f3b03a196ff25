"""Go once more, as slowly and plainly as it can be written: dictionaries, whole boards compared for superko."""

OTHER = {"x": "o", "o": "x"}
Point = tuple[int, int]


class ReferenceGo:
    """Stones on points (row, col) from the top left; "x" is Black, who begins."""

    def __init__(
        self, rows: int, cols: int, komi: float, superko: str, suicide: bool, history: int, longest: int
    ):
        self.rows, self.cols, self.komi = rows, cols, komi
        self.superko, self.suicide, self.history, self.longest = superko, suicide, history, longest
        self.stones: dict[Point, str] = {}
        self.mover, self.passes = "x", 0
        self.past: list[tuple[dict[Point, str], str]] = [
            ({}, "x")
        ]  # every position and who was to move in it
        self.ko: Point | None = None
        self.actions: list[int] = []

    def around(self, point: Point) -> list[Point]:
        row, col = point
        near = [(row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1)]
        return [(r, c) for r, c in near if 0 <= r < self.rows and 0 <= c < self.cols]

    def connected(self, stones: dict[Point, str], point: Point) -> set[Point]:
        """Return all points of the same content that are connected to one."""
        found, waiting = {point}, [point]
        while waiting:
            for near in self.around(waiting.pop()):
                if near not in found and stones.get(near) == stones.get(point):
                    found.add(near)
                    waiting.append(near)
        return found

    def liberties(self, stones: dict[Point, str], point: Point) -> set[Point]:
        return {
            near
            for stone in self.connected(stones, point)
            for near in self.around(stone)
            if near not in stones
        }

    def after(self, point: Point) -> tuple[dict[Point, str], set[Point]]:
        """Return the stones after a move and the other's stones that it took."""
        stones = {**self.stones, point: self.mover}
        taken: set[Point] = set()
        for near in self.around(point):
            if stones.get(near) == OTHER[self.mover] and not self.liberties(stones, near):
                taken |= self.connected(stones, near)
        stones = {where: stone for where, stone in stones.items() if where not in taken}
        if not self.liberties(stones, point):
            own = self.connected(stones, point)
            stones = {where: stone for where, stone in stones.items() if where not in own}
        return stones, taken

    def allowed(self, point: Point) -> bool:
        if point in self.stones or (self.superko == "simple" and point == self.ko):
            return False
        stones, _ = self.after(point)
        if point not in stones and not self.suicide:
            return False
        if self.superko == "positional":
            return all(stones != before for before, _ in self.past)
        if self.superko == "situational":
            return (stones, OTHER[self.mover]) not in self.past
        return stones != self.stones

    def over(self) -> bool:
        return self.passes == 2 or len(self.past) > self.longest

    def legal(self) -> list[int]:
        if self.over():
            return []
        points = [(row, col) for row in range(self.rows) for col in range(self.cols)]
        return [row * self.cols + col for row, col in points if self.allowed((row, col))] + [
            self.rows * self.cols
        ]

    def play(self, action: int) -> None:
        ko = None
        if action == self.rows * self.cols:
            self.passes += 1
        else:
            self.passes, point = 0, divmod(action, self.cols)
            self.stones, taken = self.after(point)
            alone = point in self.stones and self.connected(self.stones, point) == {point}
            if len(taken) == 1 and alone and len(self.liberties(self.stones, point)) == 1:
                (ko,) = taken
        self.actions.append(action)
        self.ko, self.mover = ko, OTHER[self.mover]
        self.past.append((self.stones, self.mover))

    def score(self) -> float:
        """Return Black's area less White's less komi."""
        lead = -self.komi
        for point in ((row, col) for row in range(self.rows) for col in range(self.cols)):
            owners = {self.stones.get(point)}
            if owners == {None}:
                region = self.connected(self.stones, point)
                owners = {
                    self.stones[near]
                    for empty in region
                    for near in self.around(empty)
                    if near in self.stones
                }
            lead += {frozenset("x"): 1, frozenset("o"): -1}.get(frozenset(owners), 0)
        return lead

    def outcome(self) -> int:
        return (self.score() > 0) - (self.score() < 0) if self.over() else 0

    def planes(self) -> list:
        found = []
        for back in range(self.history):
            stones = self.past[-1 - back][0] if back < len(self.past) else {}
            for stone in (self.mover, OTHER[self.mover]):
                found.append(
                    [
                        [float(stones.get((row, col)) == stone) for col in range(self.cols)]
                        for row in range(self.rows)
                    ]
                )
        return [*found, [[float(self.mover == "x")] * self.cols for _ in range(self.rows)]]

    def features(self) -> list:
        """Return the planes of liberties (own, other's), of points that repetition alone forbids, of last moves."""
        planes = [[[0.0] * self.cols for _ in range(self.rows)] for _ in range(11)]
        for back, action in enumerate(self.actions[:-5:-1]):
            if action < self.rows * self.cols:
                planes[7 + back][action // self.cols][action % self.cols] = 1.0
        for row in range(self.rows):
            for col in range(self.cols):
                owner = self.stones.get((row, col))
                if owner is not None:
                    count = min(len(self.liberties(self.stones, (row, col))), 3)
                    planes[count - 1 + 3 * (owner != self.mover)][row][col] = 1.0
                elif not self.allowed((row, col)):
                    stones, _ = self.after((row, col))
                    stays = (row, col) in stones or self.suicide
                    planes[6][row][col] = float(stays and (self.superko != "simple" or (row, col) == self.ko))
        return planes

    def text(self) -> str:
        lines = (
            "".join(self.stones.get((row, col), ".") for col in range(self.cols)) for row in range(self.rows)
        )
        words = ["/".join(lines), self.mover]
        if self.ko and self.superko == "simple":
            words += ["ko", f"{'abcdefghjklmnopqrst'[self.ko[1]]}{self.rows - self.ko[0]}"]
        return " ".join(words + ["pass"] * self.passes)
