"""The parameters of the dynamic mood: what an input weighs, and how fast the mood answers and forgets.

Centres, scales and time constants may change at given moments. The changes are an operator's data (see
`mood.updates`); here they are plain values. Moments are unix seconds throughout.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from mood.daily import STANDARD, DailyRule

Floats = NDArray[np.float64]
T = TypeVar("T")

DAY = 86_400.0
HOUR = 3_600
RESPONSE_BASE = 0.15
"""The scale at which a kick counts once; a scale acts as the factor scale / 0.15."""

WEIGHTED_FROM = datetime(2021, 1, 4, 9, 10, tzinfo=ZoneInfo("US/Pacific")).timestamp()
"""Since then both sides count, the person's text and the bot's candidates; before only the candidates did."""


@dataclass(frozen=True)
class Dated(Generic[T]):
    """A value that changes at given moments.

    It is `initial` at first, and the value of each of `updates` (moment, value) from its moment on.
    """

    initial: T
    updates: tuple[tuple[float, T], ...] = ()
    moments: tuple[float, ...] = field(init=False, repr=False, compare=False)
    values: tuple[T, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if any(later <= earlier for (earlier, _), (later, _) in pairwise(self.updates)):
            raise ValueError("dated updates must be in rising order of time")
        object.__setattr__(self, "moments", tuple(moment for moment, _ in self.updates))
        object.__setattr__(self, "values", (self.initial, *(value for _, value in self.updates)))

    def at(self, moment: float) -> T:
        """The value in force: that of the last update at or before this moment."""
        return self.values[bisect_right(self.moments, moment)]


def along(steps: Dated[float], moments: Floats) -> Floats:
    """The values in force at many moments at once."""
    chosen: Floats = np.asarray(steps.values)[np.searchsorted(steps.moments, moments, side="right")]
    return chosen


@dataclass(frozen=True)
class TimeConstants:
    """How fast the mood forgets (`tau_seconds`) and how fast it takes up a kick (`rise_seconds`)."""

    tau_seconds: float = 12 * 3600.0
    rise_seconds: float = 3600.0

    def __post_init__(self) -> None:
        if not (self.tau_seconds > 0 and self.rise_seconds > 0):
            raise ValueError("time constants must be positive")


@dataclass(frozen=True)
class MoodSystem:
    """Everything that decides how inputs move the mood; the default is the bot of February 2021.

    An input's *determiner* is compared with the centre in force at its time, and the difference is weighed
    by the scale in force. Time goes in steps of `step_seconds`, which divide the hour, so that a step begins
    at every midnight (steps that divide a quarter of an hour do so in every time zone).
    """

    centre: Dated[float] = Dated(0.0)
    scale: Dated[float] = Dated(0.1)
    time_constants: Dated[TimeConstants] = Dated(TimeConstants())
    step_seconds: int = 30
    response_base: float = RESPONSE_BASE
    window_seconds: float = 2.5 * DAY
    weighted_from: float = WEIGHTED_FROM
    daily: DailyRule = STANDARD

    def __post_init__(self) -> None:
        if self.step_seconds < 1 or HOUR % self.step_seconds:
            raise ValueError(f"the time step must divide {HOUR} seconds, not {self.step_seconds}")

    def bin_of(self, moment: float) -> int:
        """The number of the step that holds a moment."""
        return int(moment // self.step_seconds)

    def point_of(self, moment: float) -> int:
        """The number of the step whose start is nearest to a moment; halves go to the even one."""
        return round(moment / self.step_seconds)


@dataclass(frozen=True)
class MoodInput:
    """What someone said to the bot, as the mood sees it.

    `time` is when the bot answered (time zone aware), `logit_diff` the sentiment logit difference of the
    person's text, `generated_p75` the 75th percentile of those of the bot's candidates (None: not known).
    `moment` is the time in unix seconds.
    """

    time: datetime
    logit_diff: float
    generated_p75: float | None = None
    moment: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.time.tzinfo is None:
            raise ValueError("the time of a mood input needs a time zone")
        if not all(math.isfinite(number) for number in (self.logit_diff, self.generated_p75 or 0.0)):
            raise ValueError("the sentiment of a mood input must be a finite number")
        object.__setattr__(self, "moment", self.time.timestamp())


def p75(logit_differences: Sequence[float]) -> float | None:
    """The 75th percentile (linear interpolation) of the candidates' sentiment; None without candidates."""
    return float(np.percentile(logit_differences, 75)) if len(logit_differences) else None


def determiners(moments: Floats, logit_diffs: Floats, p75s: Floats, weighted_from: float) -> Floats:
    """How happy each input makes the bot, before centring; `p75s` holds NaN where nothing was generated.

    With candidates it is a straight line through the mean of the person's sentiment and the candidates'
    (before `weighted_from` another line through the candidates' alone); both lines were fitted so that the
    results are on the scale of the person's sentiment. Without candidates it is the person's sentiment.
    """
    both = 0.61029747 * (0.5 * logit_diffs + 0.5 * p75s) + 0.4252486735525668
    candidates_only = 1.24462721 * p75s - 1.4965600283833032
    known = np.where(moments >= weighted_from, both, candidates_only)
    return np.where(np.isnan(p75s), logit_diffs, known)


def pushes(inputs: Sequence[MoodInput], system: MoodSystem) -> tuple[Floats, Floats]:
    """The moments of inputs (unix seconds) and their determiners, in the order given."""
    moments = np.array([i.moment for i in inputs])
    diffs = np.array([i.logit_diff for i in inputs])
    p75s = np.array([np.nan if i.generated_p75 is None else i.generated_p75 for i in inputs])
    return moments, determiners(moments, diffs, p75s, system.weighted_from)


def kicks(inputs: Sequence[MoodInput], system: MoodSystem) -> tuple[Floats, Floats]:
    """The moments of inputs (unix seconds) and how hard each kicks the mood, in the order given."""
    moments, determined = pushes(inputs, system)
    multipliers = along(system.scale, moments) / system.response_base
    return moments, multipliers * (determined - along(system.centre, moments))
