"""Named moods: which sentiment a text may have while the bot feels so.

Besides the six base moods there are mixtures of two of them, whose name carries the weights:
`interp_only_sad__only_non_happy__0.25__0.75`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal, TypeAlias

from mood.logits import CLIP, LATER_CLIP, logit, pos_sent


class UnknownMood(ValueError):  # noqa: N818 - named for what is wrong
    """No mood has this name; `name` holds it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no mood is called {name!r}: use one of {', '.join(BASE_MOODS)}, or a mixture")
        self.name = name


@dataclass(frozen=True)
class Mood:
    """A mood and the sentiment it accepts.

    A text fits when its score lies in [`min_allowed_score`, `max_allowed_score`], both ends included.
    With `score_fn` "logit_diff" the score is the sentiment logit difference; with "pos_sent" it would be
    the probability that the text is positive.
    """

    name: str
    min_allowed_score: float
    max_allowed_score: float
    score_fn: str = "logit_diff"

    @property
    def restricts(self) -> bool:
        """Whether this mood screens anything at all: "unrestricted" does not."""
        return self.name != UNRESTRICTED.name


@dataclass(frozen=True)
class BaseMood:
    """A mood with a name of its own: its bounds on the probability of being positive, and its mood value."""

    lowest: float
    highest: float
    value: float


BASE_MOODS: dict[str, BaseMood] = {
    "only_sad": BaseMood(0.0, 0.1, 0.094),
    "only_non_happy": BaseMood(0.0, 0.2, 0.37),
    "meh": BaseMood(0.02, 0.6, 0.7),
    "only_non_sad": BaseMood(0.15, 1.0, 0.9),
    "only_happy": BaseMood(0.4, 1.0, 0.99),
    "unrestricted": BaseMood(0.0, 1.0, 0.7),
}

LATER_BASE_MOODS: dict[str, BaseMood] = {
    "only_sad": BaseMood(0.0, 0.2593, 0.094),
    "only_non_happy": BaseMood(0.0, 0.462, 0.37),
    "meh": BaseMood(0.0128, 0.7031, 0.7),
    "only_non_sad": BaseMood(0.0483, 1.0, 0.9),
    "only_happy": BaseMood(0.1192, 1.0, 0.99),
    "unrestricted": BaseMood(0.0, 1.0, 0.7),
}

Ranges: TypeAlias = Literal["2021", "2023"]
"""Which bounds the base moods have. Those of 2021 are mixed as logits, the wider ones of 2023 as
probabilities."""

RANGES: dict[Ranges, dict[str, BaseMood]] = {"2021": BASE_MOODS, "2023": LATER_BASE_MOODS}

CLIPS: dict[Ranges, float] = {"2021": CLIP, "2023": LATER_CLIP}
"""How near to certainty a bound may be."""

LADDER = ("only_sad", "only_non_happy", "meh", "only_non_sad", "only_happy")
"""The base moods between which a mood value is interpolated, by rising value ("meh" stands for 0.7)."""

MIXTURE_PREFIX = "interp_"
WEIGHT_SLACK = 0.02
"""Weights are carried with two decimals, so that a pair may miss 1 by rounding."""


@cache
def mood_by_name(name: str, ranges: Ranges = "2021") -> Mood:
    """The mood called so, a base mood or a mixture; raises UnknownMood."""
    if name.startswith(MIXTURE_PREFIX):
        return _mixture_by_name(name, ranges)
    base = _base(name, ranges)
    clip = CLIPS[ranges]
    return Mood(name, logit(base.lowest, clip), logit(base.highest, clip))


@cache
def value_by_name(name: str) -> float:
    """The mood value in (0, 1) that a named mood stands for; a mixture's is the weighted mean.

    Raises UnknownMood.
    """
    if not name.startswith(MIXTURE_PREFIX):
        return _base(name).value
    lower, upper, share = _parse_mixture(name)
    return (1 - share) * _base(lower).value + share * _base(upper).value


def mood_for_value(value: float, ranges: Ranges = "2021") -> Mood:
    """The mood for a mood value in (0, 1).

    Below the lowest base value it is "only_sad", from the highest on "only_happy"; in between
    the bounds of the two neighbours are averaged, with weights rounded to the two decimals that the name
    shows. The name does not depend on the ranges.
    """
    if not 0 < value < 1:  # also refuses NaN
        raise ValueError(f"a mood value lies between 0 and 1, not {value!r}")
    if value < BASE_MOODS[LADDER[0]].value:
        return mood_by_name(LADDER[0], ranges)
    for lower, upper in pairwise(LADDER):
        low, high = BASE_MOODS[lower].value, BASE_MOODS[upper].value
        if value < high:
            share = (value - low) / (high - low)
            name = f"{MIXTURE_PREFIX}{lower}__{upper}__{1 - share:.2f}__{share:.2f}"
            return mood_by_name(name, ranges)
    return mood_by_name(LADDER[-1], ranges)


def _base(name: str, ranges: Ranges = "2021") -> BaseMood:
    try:
        return RANGES[ranges][name]
    except KeyError:
        raise UnknownMood(name) from None


def _mixture_by_name(name: str, ranges: Ranges) -> Mood:
    lower, upper, share = _parse_mixture(name)
    a, b = _base(lower, ranges), _base(upper, ranges)
    mix = _mixed_as_logits if ranges == "2021" else _mixed_as_probabilities
    return Mood(name, mix(a.lowest, b.lowest, share), mix(a.highest, b.highest, share))


def _mixed_as_logits(first: float, second: float, share: float) -> float:
    return (1 - share) * logit(first) + share * logit(second)


def _mixed_as_probabilities(first: float, second: float, share: float) -> float:
    return logit((1 - share) * first + share * second, LATER_CLIP)


def _parse_mixture(name: str) -> tuple[str, str, float]:
    """The two base moods in a mixture's name and the share of the second."""
    parts = name.removeprefix(MIXTURE_PREFIX).split("__")
    try:
        lower, upper, first, second = parts
        weights = float(first), float(second)
    except ValueError:
        raise UnknownMood(name) from None
    total = sum(weights)
    if {lower, upper} - BASE_MOODS.keys() or not all(0 <= w <= 1 for w in weights):
        raise UnknownMood(name)
    if not math.isclose(total, 1, abs_tol=WEIGHT_SLACK):
        raise UnknownMood(name)
    return lower, upper, weights[1] / total


UNRESTRICTED = mood_by_name("unrestricted")


LARGEST_GROWTH = 4
"""Never ask for more than this many times the number of candidates that was wanted at first."""

FALLBACK_SAMPLE: tuple[float, ...] = (
    *(-4.055, -0.483, -5.576, -2.096, -5.473, -2.132, -1.503, -5.712, 2.182, -1.419, -2.548),
    *(-2.114, 0.071, -3.568, -1.11, 0.379, -1.584, -0.045, -9.21, -2.885, -9.21, 9.807),
)
"""Sentiment logit differences of candidates, for a bot that has not written enough of its own yet."""


def accepts(mood: Mood, logit_difference: float) -> bool:
    """Whether a text with this sentiment logit difference lies inside the mood's bounds."""
    score = pos_sent(logit_difference) if mood.score_fn == "pos_sent" else logit_difference
    return mood.min_allowed_score <= score <= mood.max_allowed_score


def expected_rejection(mood: Mood, sample: Sequence[float] = FALLBACK_SAMPLE) -> float:
    """The share of a sample of sentiment logit differences that the mood rejects; 0 for an empty sample."""
    if not sample:
        return 0.0
    return sum(not accepts(mood, score) for score in sample) / len(sample)


def candidates_wanted(base: int, rejected_share: float, discount: float = 0.5, decimals: int = 0) -> int:
    """How many candidates to write when `base` were wanted and this share will be rejected.

    The full number that would leave `base` is base / (1 - share), rounded to so many `decimals`; of the extra
    over `base` only the part `discount` is written. The full number is capped at four times `base`. Halves
    round to even.
    """
    if not 0 <= rejected_share <= 1:
        raise ValueError(f"a share lies between 0 and 1, not {rejected_share!r}")
    cap = LARGEST_GROWTH * base
    full = cap if rejected_share == 1 else min(cap, round(base / (1 - rejected_share), decimals))
    return base + round(discount * (full - base))
