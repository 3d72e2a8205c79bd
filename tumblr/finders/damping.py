"""Whom the bot talks to: not to itself, not to bots for ever, at its end only to those on a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tumblr.api.models import ANONYMOUS
from tumblr.bot_settings import BotSettings
from tumblr.settings import DampingConfig, UserListConfig

HOUR, DAY = 3600.0, 86400.0
"""Seconds."""


def why_not_talk(who: str, exchanges: int, settings: BotSettings) -> str | None:
    """No answer to oneself, to a known program, or in a thread that has gone back and forth long enough."""
    name, damping = who.lower(), settings.damping
    if settings.is_bot(who):
        return "it is the bot's own"
    if name in map(str.lower, damping.automated_accounts):
        return f"{who} is a known automated account"
    if damping.longest_exchange and exchanges >= damping.longest_exchange:
        return f"the bot and {who} have gone back and forth {exchanges} times"
    return None


def why_not_listed(who: str, user_list: UserListConfig) -> str | None:
    """At the end of its life the bot answers those who are on a list, and nobody else."""
    if not user_list.on or who.lower() in map(str.lower, user_list.blogs):
        return None
    return f"{who} is not on the list of those who are answered"


@dataclass(frozen=True)
class Talked:
    """How often each blog, in lower case, was answered recently."""

    last_hour: Mapping[str, int]
    last_day: Mapping[str, int]

    def has_room(self, who: str, damping: DampingConfig) -> bool:
        """Whether one more answer now keeps to the rates. Who is anonymous is not one person."""
        name = who.lower()
        if who == ANONYMOUS:
            return True
        by_hour = not damping.per_hour or self.last_hour.get(name, 0) < damping.per_hour
        return by_hour and (not damping.per_day or self.last_day.get(name, 0) < damping.per_day)
