"""The mood over days as a line, and what moved it: the numbers of a drawing in SVG."""

from __future__ import annotations

from dataclasses import dataclass

from operator_console.rendering import moment
from switchboard.console_talk import Live

WIDTH, HEIGHT, MARGIN = 720, 160, 8
"""Of the drawing, in its own units."""


@dataclass(frozen=True)
class Dot:
    """Something that moved the mood, at its place on the line."""

    x: float
    y: float
    label: str
    is_up: bool


@dataclass(frozen=True)
class Chart:
    """The line as the points of a polyline, and the dots on it."""

    points: str
    dots: list[Dot]
    since: str


def mood_chart(live: Live) -> Chart:
    """The drawing of the mood; the value 0 is at its foot, 1 at its head."""
    if not live.curve:
        return Chart("", [], "")
    start, end = live.curve[0].at, live.curve[-1].at
    width = max(end - start, 1.0)

    def place(at: float, value: float) -> tuple[float, float]:
        x = MARGIN + (WIDTH - 2 * MARGIN) * (at - start) / width
        return round(x, 1), round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * value, 1)

    line = [place(point.at, point.value) for point in live.curve]
    step = width / max(1, len(live.curve) - 1)
    dots = []
    for kick in live.kicks:
        nearest = live.curve[min(len(live.curve) - 1, max(0, round((kick.at - start) / step)))]
        x, y = place(kick.at, nearest.value)
        words = f"{moment(kick.at)}: {kick.kind} of {kick.who}, sentiment {kick.logit_diff:+.2f}"
        dots.append(Dot(x, y, words, kick.logit_diff > 0))
    return Chart(" ".join(f"{x},{y}" for x, y in line), dots, moment(start))
