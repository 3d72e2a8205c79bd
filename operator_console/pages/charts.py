"""The numbers of drawings in SVG: the mood over days with what moved it, and lines of any kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from operator_console.rendering import moment
from switchboard.console_talk import Live

MOOD_WIDTH, MOOD_HEIGHT, MOOD_MARGIN = 720, 160, 8
"""Of the drawing of the mood, in its own units."""

LINES_WIDTH, LINES_HEIGHT, LINES_MARGIN = 320, 120, 6
"""Of a drawing of other lines."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Dot:
    """Something that moved the mood, at its place on the line."""

    x: float
    y: float
    label: str
    is_up: bool


@dataclass(frozen=True)
class MoodChart:
    """The line as the points of a polyline, and the dots on it."""

    points: str
    dots: list[Dot]
    since: str


def mood_chart(live: Live) -> MoodChart:
    """The drawing of the mood; the value 0 is at its foot, 1 at its head."""
    if not live.curve:
        return MoodChart("", [], "")
    start, end = live.curve[0].at, live.curve[-1].at
    width = max(end - start, 1.0)

    def place(at: float, value: float) -> tuple[float, float]:
        x = MOOD_MARGIN + (MOOD_WIDTH - 2 * MOOD_MARGIN) * (at - start) / width
        return round(x, 1), round(MOOD_HEIGHT - MOOD_MARGIN - (MOOD_HEIGHT - 2 * MOOD_MARGIN) * value, 1)

    line = [place(point.at, point.value) for point in live.curve]
    step = width / max(1, len(live.curve) - 1)
    dots = []
    for kick in live.kicks:
        nearest = live.curve[min(len(live.curve) - 1, max(0, round((kick.at - start) / step)))]
        x, y = place(kick.at, nearest.value)
        words = f"{moment(kick.at)}: {kick.kind} of {kick.who}, sentiment {kick.logit_diff:+.2f}"
        dots.append(Dot(x, y, words, kick.logit_diff > 0))
    return MoodChart(" ".join(f"{x},{y}" for x, y in line), dots, moment(start))


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
        across = LINES_MARGIN + (LINES_WIDTH - 2 * LINES_MARGIN) * (x - left) / (right - left)
        up = LINES_HEIGHT - LINES_MARGIN - (LINES_HEIGHT - 2 * LINES_MARGIN) * (y - low) / (high - low)
        return f"{across:.1f},{up:.1f}"

    placed = {name: " ".join(place(x, y) for x, y in line) for name, line in drawn.items()}
    return LineChart(placed, low, high)


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)
