"""The mood over a stretch of time, as graphs and the tuning tool need it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from mood.daily import daily_offset
from mood.dynamics import MoodCurve
from mood.system import DAY, Dated, Floats, MoodInput, MoodSystem, kicks

LEAD_SECONDS = 2.5 * DAY
"""A stretch is computed from inputs that reach this far before its start."""

T = TypeVar("T")


@dataclass(frozen=True)
class Stretch:
    """A stretch of time, cut into points: from `start` (time zone aware) to `end`, both included."""

    start: datetime
    end: datetime
    timezone: ZoneInfo
    every_seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None or not self.start < self.end:
            raise ValueError("a stretch needs a start before its end, both with a time zone")

    @property
    def moments(self) -> Floats:
        """The points, in unix seconds."""
        first, last = self.start.timestamp(), self.end.timestamp()
        return np.linspace(first, last, 1 + math.ceil((last - first) / self.every_seconds))

    def counts(self, moment: float) -> bool:
        """Whether an input of this moment has a say in the stretch."""
        return self.start.timestamp() - LEAD_SECONDS <= moment <= self.end.timestamp()


@dataclass(frozen=True)
class Series:
    """The mood at the points of a stretch, in logits: what people did to it, and the daily base below."""

    moments: Floats
    offsets: Floats
    bases: Floats

    @property
    def logits(self) -> Floats:
        """The mood itself."""
        total: Floats = self.offsets + self.bases
        return total


def mood_series(inputs: Iterable[MoodInput], stretch: Stretch, system: MoodSystem) -> Series:
    """The mood along a stretch; every input from its lead on acts to the end."""
    curve = MoodCurve(system, window_seconds=math.inf)
    curve.add_inputs([i for i in inputs if stretch.counts(i.moment)])
    moments = stretch.moments
    offsets = np.array([curve.offset(moment) for moment in moments.tolist()])
    return Series(moments, offsets, bases_at(moments, stretch.timezone, system))


def bases_at(moments: Floats, timezone: ZoneInfo, system: MoodSystem) -> Floats:
    """The daily base at each moment, in logits."""
    days = (datetime.fromtimestamp(moment, timezone).date() for moment in moments.tolist())
    return np.array([daily_offset(day, system.daily) for day in days])


def with_trial(
    system: MoodSystem, stretch: Stretch, centre: float | None = None, scale: float | None = None
) -> MoodSystem:
    """The system as if centre or scale had been this since the lead of a stretch, without any update."""
    since = stretch.start.timestamp() - LEAD_SECONDS
    return replace(
        system,
        centre=system.centre if centre is None else _from(system.centre, since, centre),
        scale=system.scale if scale is None else _from(system.scale, since, scale),
    )


def _from(dated: Dated[float], since: float, value: float) -> Dated[float]:
    return Dated(dated.initial, (*(u for u in dated.updates if u[0] < since), (since, value)))


def strongest_kicks(
    inputs: Sequence[tuple[MoodInput, T]], stretch: Stretch, system: MoodSystem, count: int = 5
) -> tuple[list[tuple[float, T]], list[tuple[float, T]]]:
    """The inputs inside a stretch that moved the mood most, up and down, the strongest first.

    Each input comes with whatever the caller knows it by, and goes out with the size of its kick.
    """
    first, last = stretch.start.timestamp(), stretch.end.timestamp()
    inside = [(i, known) for i, known in inputs if first <= i.moment <= last]
    _, sizes = kicks([i for i, _ in inside], system)
    ranked = sorted(zip(sizes.tolist(), (known for _, known in inside), strict=True), key=lambda k: -k[0])
    raised = [k for k in ranked if k[0] > 0]
    lowered = [k for k in reversed(ranked) if k[0] < 0]
    return raised[:count], lowered[:count]
