"""Samples of several sides, and the row of a results file that they become."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

RATIOS = {
    "less": lambda values: values[0] / values[-1],
    "of": lambda values: values[-1] / values[0],
    "more": lambda values: values[-1] / values[0],
}


@dataclass
class Row:
    """The samples of one case, one list per side; ours is the last."""

    name: str
    samples: list[list[float]]
    target: float | None = None
    limit: float | None = None

    def medians(self) -> list[float | None]:
        return [statistics.median(side) if side else None for side in self.samples]

    def spread(self) -> float:
        """Half the distance of the quartiles as a part of the median, of the side where it is widest."""
        widest = 0.0
        for side in self.samples:
            if len(side) > 2:
                low, middle, high = statistics.quantiles(side, n=4)
                widest = max(widest, (high - low) / 2 / middle if middle else 0.0)
        return widest

    def as_json(self, digits: int) -> dict[str, object]:
        """The row of a results file."""
        values = [None if value is None else round(value, digits) for value in self.medians()]
        row: dict[str, object] = {"name": self.name, "values": values, "spread": round(self.spread(), 3)}
        for name in ("target", "limit"):
            if getattr(self, name) is not None:
                row[name] = getattr(self, name)
        return row

    def line(self, sides: list[str], unit: str) -> str:
        """The row for the screen."""
        medians = self.medians()
        shown = "  ".join(
            f"{side} {'–' if value is None else f'{value:,.2f} {unit}':>14}"
            for side, value in zip(sides, medians, strict=True)
        )
        known = len(medians) > 1 and medians[0] and medians[-1]
        ratio = f"  {RATIOS['less'](medians):6.1f}x" if known else ""
        return f"{self.name:<44} {shown}{ratio}  ±{self.spread():.0%}"
