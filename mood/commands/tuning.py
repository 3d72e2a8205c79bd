"""The operator's tool for keeping the mood in balance.

The mood's offset is a straight line in the centre, and proportional to the scale: with constant centre c and
scale s it is  s/0.15 (A - c B),  where A is the motion under the inputs' determiners and B the one under a
kick of one for each input. So two runs over the history give every trial at once.

Balance is judged apart from the luck of the draw: at each moment as if each of the daily base moods had been
drawn equally often.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mood.dynamics import MoodCurve
from mood.logits import logit, pos_sent
from mood.named import LADDER, value_by_name
from mood.series import Series, Stretch, bases_at
from mood.system import Floats, MoodInput, MoodSystem, pushes

LEVELS = np.array([logit(value_by_name(name)) for name in LADDER])
BORDERS = np.array([(low + high) / 2 for low, high in pairwise(LEVELS)])
"""A mood counts as the base mood whose value, in logits, is nearest."""

SMALLEST_SCALE, LARGEST_SCALE = 0.01, 0.5
SEARCH_STEPS = 40
TINY = 1e-6


class NothingToTune(ValueError):  # noqa: N818 - named for what is wrong
    """The history holds no input in the stretch, so that every setting does the same."""


@dataclass(frozen=True)
class Summary:
    """How the mood behaved over a stretch: mood values in (0, 1), and shares of time by base mood."""

    lowest: float
    highest: float
    middle: float
    shares: dict[str, float]


def summarize(series: Series) -> Summary:
    """Extremes, median, and the time spent nearest to each base mood."""
    logits = series.logits
    nearest = np.bincount(np.searchsorted(BORDERS, logits), minlength=len(LADDER)) / len(logits)
    lowest, middle, highest = (pos_sent(float(x)) for x in np.percentile(logits, [0, 50, 100]))
    return Summary(lowest, highest, middle, dict(zip(LADDER, nearest.tolist(), strict=True)))


@dataclass(frozen=True)
class Balance:
    """Shares of time, averaged over the daily base moods: low, high, and at either end of the ladder."""

    low: float
    high: float
    extreme: float


class Responses:
    """A history over a stretch, ready for trials of centre and scale."""

    def __init__(self, inputs: Sequence[MoodInput], stretch: Stretch, system: MoodSystem) -> None:
        counting = [i for i in inputs if stretch.counts(i.moment)]
        if not counting:
            raise NothingToTune("the history holds no answered input in these weeks")
        moments, determined = pushes(counting, system)
        self._moments = stretch.moments
        self._told = _motion(moments, determined, self._moments, system)
        self._met = _motion(moments, np.ones(len(moments)), self._moments, system)
        self._bases = bases_at(self._moments, stretch.timezone, system)
        self._draws = np.array([logit(value_by_name(name)) for name in system.daily.eras[-1].moods])
        self._response_base = system.response_base

    def offsets(self, centre: float, scale: float) -> Floats:
        """What people would have done to the mood under a constant centre and scale, in logits."""
        return scale / self._response_base * (self._told - centre * self._met)

    def series(self, centre: float, scale: float) -> Series:
        """The mood as it would have been."""
        return Series(self._moments, self.offsets(centre, scale), self._bases)

    def balance(self, centre: float, scale: float) -> Balance:
        """The shares of low, high and extreme moods under a constant centre and scale."""
        moods = self.offsets(centre, scale)[:, None] + self._draws  # (points, base moods)
        return Balance(
            low=float(np.mean(moods < BORDERS[1])),
            high=float(np.mean(moods >= BORDERS[2])),
            extreme=float(np.mean((moods < BORDERS[0]) | (moods >= BORDERS[3]))),
        )

    def balanced_centre(self, scale: float) -> float:
        """The centre at which low and high moods take the same share of time.

        A higher centre lowers the mood, so the difference of the shares only grows with it. Where it is zero
        over a range, which happens when little was said, the centre of that range is taken that comes
        nearest to leaving the mood alone on average.
        """
        reach = 1 + float(np.max(np.abs(self._told))) / max(float(np.median(self._met)), TINY)

        def surplus(centre: float) -> float:
            balance = self.balance(centre, scale)
            return balance.low - balance.high

        first = _crossing(lambda c: surplus(c) >= 0, -reach, reach)
        last = _crossing(lambda c: surplus(c) > 0, -reach, reach)
        neutral = float(np.mean(self._told)) / max(float(np.mean(self._met)), TINY)
        return min(max(neutral, first), last)

    def scale_for(self, extreme: float) -> float:
        """The largest scale at which extreme moods take up to this share of time, with balanced centre."""

        def too_much(scale: float) -> bool:
            return self.balance(self.balanced_centre(scale), scale).extreme > extreme

        return _crossing(too_much, SMALLEST_SCALE, LARGEST_SCALE)


def _motion(moments: Floats, sizes: Floats, asked: Floats, system: MoodSystem) -> Floats:
    curve = MoodCurve(system, window_seconds=math.inf)
    for moment, size in sorted(zip(moments.tolist(), sizes.tolist(), strict=True)):
        curve.add(moment, size)
    return np.array([curve.offset(moment) for moment in asked.tolist()])


def _crossing(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Where a condition that stays true once it holds begins to hold, between two bounds."""
    for _ in range(SEARCH_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return (low + high) / 2
