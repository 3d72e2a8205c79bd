"""Other months for a prompt's time: how the selector would like a text, had it been written then."""

from __future__ import annotations

import re

from munging.prompts.formats import MONTHS

YEARS = (2019, 2020, 2021)
LEFT_OUT = ("October",)  # as in the list that the bot of 2021 had

_DATED = re.compile(r"(\d+ [AP]M) [A-Z][a-z]+ \d{4}")


def other_months(written: str | None) -> dict[str, str]:
    """``3 PM January 2021`` in each of the months, its own among them; the keys are like ``2021-01``.

    There are none for a time that names no month, or for no time.
    """
    dated = _DATED.fullmatch(written or "")
    if dated is None:
        return {}
    return {
        f"{year}-{number:02}": f"{dated[1]} {month} {year}"
        for year in YEARS
        for number, month in enumerate(MONTHS, 1)
        if month not in LEFT_OUT
    }
