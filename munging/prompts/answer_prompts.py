"""How the three readers of an answer differ in the later formats: the generator, the selector, the reviewer.

The generator reads the whole thread, in a year drawn anew, for it was trained on the posts of many years
and should not take the present for the last of them. The selector reads what was said since the bot's
turn before, the reviewer that turn as well; both are told the present year.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from types import MappingProxyType

TRAINING_YEARS: Mapping[int, float] = MappingProxyType(dict.fromkeys(range(2012, 2022), 1.0))
"""The years of the posts that the model of 2022 was trained on, with their weights."""

_YEAR = re.compile(r"\b\d{4}$")


def in_drawn_year(written: str, years: Mapping[int, float], rng: random.Random) -> str:
    """A prompt's time, such as "3 PM January 2021", in a year drawn by its weight; as it is if it names none.

    Prompts name no day, so every year has the date.
    """
    (year,) = rng.choices(list(years), list(years.values()))
    return _YEAR.sub(str(year), written)
