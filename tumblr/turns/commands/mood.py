"""``!mood``: the bot shows how it felt over the last day; to the operator over as many days as they like."""

from __future__ import annotations

import re

from tumblr.turns.commands.base import Command, Invalid, Order
from tumblr.turns.inputs import ShowMoodInput

MOST_DAYS = 366.0
"""The longest stretch of the mood that the operator can ask for."""

_DAYS = re.compile(r"!mood (\d{1,3}(?:\.\d{1,3})?)")


class MoodCommand(Command, names=("mood",)):
    """Answered by a picture; see ``responding/handlers/mood.py``."""

    usage = "!mood"
    about = "a picture of my mood over the last day"

    def read(self, order: Order) -> ShowMoodInput | Invalid | None:
        """``!mood DAYS`` is the operator's."""
        if order.summary == "!mood":
            return ShowMoodInput(timestamp=order.timestamp, days=1.0)
        days = _DAYS.fullmatch(order.summary) if order.is_operator else None
        if days is None:
            return None
        wanted = float(days[1])
        if not 0 < wanted <= MOST_DAYS:
            return Invalid(f"not a number of days: {days[1]}")
        return ShowMoodInput(timestamp=order.timestamp, days=wanted)
