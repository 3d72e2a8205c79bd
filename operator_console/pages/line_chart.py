"""Lines as the numbers of a drawing in SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 320, 120, 6
"""Of the drawing, in its own units."""

Point = tuple[float, float]


@dataclass(frozen=True)
class LineChart:
    """Lines by name, as the points of polylines on one scale, with its lowest and highest value."""

    lines: dict[str, str]
    low: float
    high: float


def line_chart(lines: Mapping[str, Sequence[Point]], *, unit: bool = False) -> LineChart | None:
    """The drawing of some lines; None where none has two points.

    ``unit``: both axes go from 0 to 1, as probabilities do; otherwise they reach as far as the points.
    """
    drawn = {name: line for name, line in lines.items() if len(line) > 1}
    if not drawn:
        return None
    points = [point for line in drawn.values() for point in line]
    (left, right), (low, high) = _bounds([x for x, _ in points]), _bounds([y for _, y in points])
    if unit:
        left, right, low, high = 0.0, 1.0, 0.0, 1.0

    def place(x: float, y: float) -> str:
        across = MARGIN + (WIDTH - 2 * MARGIN) * (x - left) / (right - left)
        up = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (y - low) / (high - low)
        return f"{across:.1f},{up:.1f}"

    placed = {name: " ".join(place(x, y) for x, y in line) for name, line in drawn.items()}
    return LineChart(placed, low, high)


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)
