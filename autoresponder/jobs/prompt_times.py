"""The time that a prompt names: for the generator in a year drawn anew, for the selector in other months too.

How the three readers of an answer differ in the later formats: the generator reads the whole thread, in a
drawn year, for it was trained on the posts of many years and should not take the present for the last of
them. The selector reads what was said since the bot's turn before, the reviewer that turn as well; both are
told the present year.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from types import MappingProxyType

from munging.prompts.formats import MONTHS

TRAINING_YEARS: Mapping[int, float] = MappingProxyType(dict.fromkeys(range(2012, 2022), 1.0))
"""The years of the posts that the model of 2022 was trained on, with their weights."""

COMPARED_YEARS = (2019, 2020, 2021)
LEFT_OUT = ("October",)  # as in the list that the bot of 2021 had

_YEAR = re.compile(r"\b\d{4}$")
_DATED = re.compile(r"(\d+ [AP]M) [A-Z][a-z]+ \d{4}")


def in_drawn_year(written: str, years: Mapping[int, float], rng: random.Random) -> str:
    """A prompt's time, such as "3 PM January 2021", in a year drawn by its weight; as it is if it names none.

    Prompts name no day, so every year has the date.
    """
    (year,) = rng.choices(list(years), list(years.values()))
    return _YEAR.sub(str(year), written)


def other_months(written: str | None) -> dict[str, str]:
    """``3 PM January 2021`` in each of the months, its own among them; the keys are like ``2021-01``.

    There are none for a time that names no month, or for no time. The selector's scores in them say how a
    text would have been liked, had it been written then.
    """
    dated = _DATED.fullmatch(written or "")
    if dated is None:
        return {}
    return {
        f"{year}-{number:02}": f"{dated[1]} {month} {year}"
        for year in COMPARED_YEARS
        for number, month in enumerate(MONTHS, 1)
        if month not in LEFT_OUT
    }
