"""Pictures of the mood: the graph that readers ask for, and the operator's comparison of settings.

Drawn without any window system and without global state; the PNG's background is opaque, so that it reads the
same on a light and on a dark page.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mood.logits import logit
from mood.named import value_by_name
from mood.series import Series
from mood.settings import DatedNote

SIZE_INCHES = (8.0, 6.0)
PIXELS_PER_INCH = 100
FONT = "monospace"
FACE: dict[str, Any] = {"fontfamily": FONT, "fontsize": 22, "fontweight": "bold", "va": "center"}
MARGIN = 1.5
LOWEST, HIGHEST = logit(value_by_name("only_sad")) - MARGIN, logit(value_by_name("only_happy")) + MARGIN

LEVELS = (
    ("only_happy", "#000080", ":D"),
    ("only_non_sad", "#8888FF", ":)"),
    ("only_non_happy", "#FF6666", ":|"),
    ("only_sad", "#800000", ":("),
)
"""The base moods that are drawn as lines: name, colour, and the face that stands beside the line."""

TRIAL_COLOURS = ("#E69F00", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#56B4E9", "#999999")
SEVERAL_DAYS = timedelta(days=2)
MOST_MARKS = 13


@dataclass(frozen=True)
class Trial:
    """One curve of a comparison. Style: "-" another centre, "--" another scale, "-." both."""

    label: str
    series: Series
    style: str = "-"


def trial_label(centre: float | None, scale: float | None) -> str:
    """How a trial is called in the legend."""
    parts = [] if centre is None else [f"centre {centre:g}"]
    return ", ".join([*parts, *([] if scale is None else [f"scale {scale:g}x"])])


def trial_style(centre: float | None, scale: float | None) -> str:
    """Solid for another centre, dashed for another scale, dash-dot for both."""
    return {(True, False): "-", (False, True): "--"}.get((centre is not None, scale is not None), "-.")


def graph_name(moment: datetime) -> str:
    """A file name for the graph of a moment: its date and time."""
    return moment.strftime("%Y-%m-%d-%H-%M-%S.png")


def time_marks(start: datetime, end: datetime, timezone: ZoneInfo) -> list[tuple[float, str]]:
    """The marks of the time axis, as unix seconds and text.

    They are hours under a graph of up to two days, dates under a longer one; never so many that they could
    not be read on a narrow screen.
    """
    hourly = end - start <= SEVERAL_DAYS
    local = start.astimezone(timezone)
    mark = datetime.combine(local, time(), timezone)
    marks = []
    while mark.timestamp() <= end.timestamp():
        if mark.timestamp() >= start.timestamp():
            marks.append((mark.timestamp(), mark.strftime("%-I %p" if hourly else "%b %-d")))
        mark += timedelta(hours=1) if hourly else timedelta(days=1)
    return marks[:: 1 + len(marks) // MOST_MARKS]


def caption_of_axis(start: datetime, end: datetime) -> str:
    """The days that a graph spans, and whose time its marks are: "Nov 2 to Nov 3, 2021 (PDT)"."""
    first = f"{start:%b %-d}" if start.year == end.year else f"{start:%b %-d, %Y}"
    days = f"{end:%b %-d, %Y}" if start.date() == end.date() else f"{first} to {end:%b %-d, %Y}"
    return f"{days} ({end:%Z})"


def draw_mood(series: Series, timezone: ZoneInfo, notes: Sequence[DatedNote] = ()) -> bytes:
    """The graph of the mood as a PNG: the mood in black, on the day's base in grey, between dashed levels.

    Notes that apply at its end stand below it.
    """
    figure, axes = _canvas(series, timezone)
    axes.plot(series.moments, series.bases, color="#CCCCCC", linewidth=6, label="Base of the day", zorder=1)
    axes.plot(series.moments, series.logits, color="black", linewidth=2.5, label="Mood", zorder=3)
    # Where the curve ends is how the bot feels now.
    axes.plot(series.moments[-1:], series.logits[-1:], "o", color="black", markersize=11, clip_on=False)
    _fit_height(axes, [series])
    end = datetime.fromtimestamp(float(series.moments[-1]), timezone)
    applying = "\n".join(note.text for note in notes if note.applies(end))
    if applying:
        figure.text(0.5, -0.1, applying, ha="center", va="top", wrap=True, fontsize=12, fontfamily=FONT)
    return _finished(figure, axes, legend_size=16)


def draw_trials(
    actual: Series, trials: Sequence[Trial], timezone: ZoneInfo, *, milestones: Sequence[datetime] = ()
) -> bytes:
    """A comparison as a PNG: the actual mood, and what it would have been under other settings."""
    figure, axes = _canvas(actual, timezone)
    axes.plot(actual.moments, actual.logits, color="black", linewidth=2.5, label="actual", zorder=4)
    for number, trial in enumerate(trials):
        colour = TRIAL_COLOURS[number % len(TRIAL_COLOURS)]
        shown = trial.series
        axes.plot(
            shown.moments,
            shown.logits,
            trial.style,
            color=colour,
            linewidth=2,
            alpha=0.667,
            label=trial.label,
        )
    for milestone in milestones:
        axes.axvline(milestone.timestamp(), color="#555555", linewidth=1.0, linestyle=":")
    _fit_height(axes, [actual, *(trial.series for trial in trials)])
    return _finished(figure, axes, legend_size=12)


def _canvas(series: Series, timezone: ZoneInfo) -> tuple[Figure, Axes]:
    """An empty graph with its levels and its time axis, which counts unix seconds."""
    figure = Figure(figsize=SIZE_INCHES, dpi=PIXELS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name, colour, face in LEVELS:
        level = logit(value_by_name(name))
        axes.axhline(level, color=colour, linestyle="--", linewidth=2)
        axes.annotate(face, (1.02, level), xycoords=("axes fraction", "data"), color=colour, **FACE)
    first, last = float(series.moments[0]), float(series.moments[-1])
    start, end = (datetime.fromtimestamp(moment, timezone) for moment in (first, last))
    marks = time_marks(start, end, timezone)
    axes.set_xticks([moment for moment, _ in marks], [text for _, text in marks])
    rotation = 70 if end - start <= SEVERAL_DAYS else 30
    axes.tick_params(axis="x", rotation=rotation, labelsize=14, labelfontfamily=FONT)
    axes.set_xlabel(caption_of_axis(start, end), fontsize=14, fontfamily=FONT, color="#555555", labelpad=8)
    axes.set_xlim(first, last)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.8)
    axes.set_yticks([])
    return figure, axes


def _fit_height(axes: Axes, shown: Sequence[Series]) -> None:
    lowest = min(float(series.logits.min()) for series in shown)
    highest = max(float(series.logits.max()) for series in shown)
    axes.set_ylim(min(LOWEST, lowest - MARGIN), max(HIGHEST, highest + MARGIN))


def _finished(figure: Figure, axes: Axes, *, legend_size: int) -> bytes:
    font = {"family": FONT, "size": legend_size}
    axes.legend(prop=font, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    return buffer.getvalue()
