"""The mood of the day: each date has a base mood, drawn from the date alone.

Readers see it as the bot waking up in another mood at midnight. The draw can be repeated for ever: it uses
the legacy generator of numpy, seeded with the date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from types import MappingProxyType

import numpy as np

from mood.logits import logit
from mood.named import value_by_name


@dataclass(frozen=True)
class DailyEra:
    """From `first_day` on, a day's mood is one of `moods`, each equally likely.

    The order of the moods is part of the draw.
    """

    first_day: date
    moods: tuple[str, ...]


@dataclass(frozen=True)
class DailyRule:
    """Which moods a day may have: eras by rising first day, and days whose mood is fixed."""

    eras: tuple[DailyEra, ...]
    fixed: Mapping[date, str] = field(default_factory=lambda: MappingProxyType({}))

    def __hash__(self) -> int:
        return hash((self.eras, tuple(sorted(self.fixed.items()))))


STANDARD = DailyRule(
    eras=(
        DailyEra(date.min, ("only_non_happy", "meh", "unrestricted", "only_non_sad", "only_happy")),
        DailyEra(date(2020, 5, 27), ("only_non_happy", "meh", "only_non_sad")),
    ),
    fixed=MappingProxyType({date(2020, 5, 22): "only_non_sad"}),
)
"""The rule that the bot has lived by: five moods at first, three since May 2020."""


def daily_seed(day: date) -> int:
    """Year, month and day written one after another without padding: 6 Feb 2021 gives 202126.

    Some dates of a year share a seed (11 January and 1 November); that is how the bot has always been.
    """
    return int(f"{day.year}{day.month}{day.day}")


@cache
def daily_mood(day: date, rule: DailyRule = STANDARD) -> str:
    """The name of the base mood of a local date."""
    if day in rule.fixed:
        return rule.fixed[day]
    moods = next(era.moods for era in reversed(rule.eras) if era.first_day <= day)
    return moods[int(np.random.RandomState(daily_seed(day)).choice(len(moods)))]


@cache
def daily_offset(day: date, rule: DailyRule = STANDARD) -> float:
    """The logit of the mood value that the day's base mood stands for."""
    return logit(value_by_name(daily_mood(day, rule)))
