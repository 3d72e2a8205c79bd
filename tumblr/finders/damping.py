"""Keeping the bot from talking to another bot for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tumblr.api.models import ANONYMOUS

HOUR, DAY = 3600.0, 86400.0
"""Seconds."""


@dataclass(frozen=True)
class Damping:
    """How much the bot talks with one blog. 0 is without limit."""

    automated: frozenset[str] = frozenset()
    """Blogs, in lower case, that are known to be run by a program. They get no answers."""

    longest_exchange: int = 0
    """Answers to one blog in one thread without anybody else joining in."""

    per_hour: int = 0
    per_day: int = 0
    """Answers to one blog, of all kinds."""


def why_not_talk(who: str, exchanges: int, own: frozenset[str], damping: Damping) -> str | None:
    """No answer to oneself, to a known program, or in a thread that has gone to and fro long enough."""
    name = who.lower()
    if name in own:
        return "it is the bot's own"
    if name in damping.automated:
        return f"{who} is a known automated account"
    if damping.longest_exchange and exchanges >= damping.longest_exchange:
        return f"the bot and {who} have gone to and fro {exchanges} times"
    return None


@dataclass(frozen=True)
class Talked:
    """How often each blog, in lower case, was answered of late."""

    last_hour: Mapping[str, int]
    last_day: Mapping[str, int]

    def has_room(self, who: str, damping: Damping) -> bool:
        """Whether one more answer now keeps to the rates. Who is anonymous is not one person."""
        name = who.lower()
        if who == ANONYMOUS:
            return True
        by_hour = not damping.per_hour or self.last_hour.get(name, 0) < damping.per_hour
        return by_hour and (not damping.per_day or self.last_day.get(name, 0) < damping.per_day)
