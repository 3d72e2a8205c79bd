"""The time that a prompt names, and how it differs for the three readers of an answer.

In the later formats the generator reads the whole thread, in a drawn year, for it was trained on the posts
of many years and should not take the present for the last of them. The selector reads what was said since
the bot's turn before, the reviewer that turn as well; both are told the present year.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal

TimeStyle = Literal["v8", "v10"]

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
"""Not from strftime: prompts are in English whatever the machine's language is."""

TRAINING_YEARS: Mapping[int, float] = MappingProxyType(dict.fromkeys(range(2012, 2022), 1.0))
"""The years of the posts that the model of 2022 was trained on, with their weights."""

COMPARED_YEARS = (2019, 2020, 2021)
LEFT_OUT = ("October",)  # as in the list that the bot of 2021 had

_YEAR = re.compile(r"\b\d{4}$")
_DATED = re.compile(r"(\d+ [AP]M) [A-Z][a-z]+ \d{4}")


def format_time(moment: datetime, style: TimeStyle) -> str:
    """A local time as prompts give it: ``3:07 PM`` (v8) or ``3 PM January 2021`` (v10)."""
    hour = moment.hour % 12 or 12
    half = "AM" if moment.hour < 12 else "PM"
    if style == "v8":
        return f"{hour}:{moment.minute:02} {half}"
    return f"{hour} {half} {MONTHS[moment.month - 1]} {moment.year}"


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
