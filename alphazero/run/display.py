"""What a training run shows: one line a generation, and on a terminal a bar with the phase and the time left."""

import sys
from typing import Any

from tqdm import tqdm

HEADER = (
    f"{'gen':>4} {'min':>6} {'games':>7} {'positions':>9} {'pos/s':>6} {'net':>4} {'policy':>7} {'value':>6} "
    f"{'length':>6}  Elo"
)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 generation", "3 generations"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


class Display:
    """Progress on the terminal: a bar over the minutes or the generations of a run, and a table above it."""

    def __init__(self, minutes: float, generations: int, done_minutes: float, done_generations: int):
        self.by_minutes = minutes > 0
        total: float | None = minutes if self.by_minutes else (generations or None)
        unit, form = (
            ("min", "{n:.1f}/{total:.0f} min") if self.by_minutes else ("gen", "{n_fmt}/{total_fmt} gen")
        )
        self.total = minutes
        self.bar = tqdm(
            total=total,
            disable=not sys.stderr.isatty(),
            initial=done_minutes if self.by_minutes else done_generations,
            unit=unit,
            dynamic_ncols=True,
            smoothing=0.0,
            bar_format="{desc} {percentage:3.0f}%|{bar}| " + form + ", {remaining} left {postfix}"
            if total
            else None,
        )
        self.facts: dict[str, str] = {}
        self.bar.write(HEADER)

    def phase(self, generation: int, text: str, minutes: float, games: int) -> None:
        """Show what the run is doing now, the games so far, and what the last generation measured."""
        self.bar.set_description_str(f"generation {generation}: {text}", refresh=False)
        self.bar.set_postfix({"games": games, **self.facts}, refresh=False)
        if self.by_minutes:
            self.bar.n = min(minutes, self.total)
        self.bar.refresh()

    def generation(self, row: dict[str, Any], elo: str) -> None:
        """Write the table's line of a finished generation."""
        self.facts = {
            "pos/s": f"{row['positions_per_second']:.0f}",
            "net": f"{row['network_share']:.0%}",
            "loss": f"{row['policy_loss']:.2f}+{row['value_loss']:.2f}",
            "Elo": elo or "-",
        }
        self.bar.write(
            f"{row['generation']:>4} {row['minutes']:>6.1f} {row['games']:>7} {row['positions']:>9} "
            f"{row['positions_per_second']:>6.0f} {row['network_share']:>4.0%} {row['policy_loss']:>7.3f} "
            f"{row['value_loss']:>6.3f} {row['game_length_mean']:>6.1f}  {elo}"
        )
        if not self.by_minutes:
            self.bar.update(1)

    def write(self, text: str) -> None:
        """Write a line above the bar."""
        self.bar.write(text)

    def close(self) -> None:
        """Take the bar away."""
        self.bar.close()
