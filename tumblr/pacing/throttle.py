"""How fast the bot may post: tumblr allows 250 posts a day, and a bot that nears them slows down. Pure.

The day ends at midnight in the US East, 21:00 in the West. The rate of the last two hours is compared with
the rate at which what is left would last until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

RESET_ZONE = ZoneInfo("US/Eastern")
RATE_WINDOW = 7200.0
"""Seconds over which the bot's own rate is taken."""

HIGHEST_RATIO = 100.0
HARD_STOP = -999
"""With no more posts left than this nothing is posted at all."""


UNCAPPED = 5
"""Answers that a pass without a cap counts as having, when the pace is lowered."""


@dataclass(frozen=True)
class Throttle:
    """How fast the bot may go: it slows down when the day's posts run out."""

    posts_factor: float = 1.0
    """Of the answers begun in one pass."""

    cost_modifier: float = 0.0
    """Added to the cost above which nothing is answered."""

    def most(self, cap: int) -> int | None:
        """How many answers may be begun in one pass; 0 is no cap, None none either."""
        if self.posts_factor >= 1.0 and not cap:
            return None
        return int((cap or UNCAPPED) * self.posts_factor)


@dataclass(frozen=True)
class ThrottleLevel:
    """How much the bot holds back."""

    name: str
    most_ratio: float
    """It applies while the bot posts no more than so many times as fast as it may."""

    least_remaining: int
    """It applies while more posts than this are left."""

    sleep_factor: float
    posts_factor: float
    cost_limit: float
    """Added to the cost above which an invitation to a conversation is left alone."""

    queue_first: bool


BASE = ThrottleLevel("base", 1.0, 40, 1.0, 1.0, 0.0, queue_first=False)
SLOWEST = ThrottleLevel("slowest", 1000.0, 0, 10.0, 1.1 / 5, -3.0, queue_first=True)
LEVELS = (
    BASE,
    ThrottleLevel("slower", 1.5, 25, 2.5, 3.1 / 5, -1.5, queue_first=False),
    ThrottleLevel("slower2", 2.0, 5, 5.0, 2.1 / 5, -3.0, queue_first=True),
    SLOWEST,
)
STOPPED = ThrottleLevel("hardstop", 0.0, HARD_STOP, 10.0, 0.0, -3.0, queue_first=True)


@dataclass(frozen=True)
class PostCount:
    """How many posts there were, and how many are left, at a moment."""

    remaining: int
    """Posts left until the reset, those counted as gone that the queue will publish by then."""

    ratio: float
    """The bot's rate over the last two hours, divided by the rate that is allowed until the reset."""


def last_reset(now: float) -> float:
    """The moment at which the count of today's posts began (all moments in unix seconds)."""
    local = datetime.fromtimestamp(now, UTC).astimezone(RESET_ZONE)
    return datetime.combine(local.date(), time.min, RESET_ZONE).timestamp()


def next_reset(now: float) -> float:
    """The moment at which the count begins anew."""
    local = datetime.fromtimestamp(now, UTC).astimezone(RESET_ZONE)
    return datetime.combine(local.date() + timedelta(days=1), time.min, RESET_ZONE).timestamp()


def count_posts(published: Iterable[float], queued: Iterable[float], now: float, limit: int) -> PostCount:
    """Count posts by the moments at which they were published, or will be."""
    start, end = last_reset(now), next_reset(now)
    moments = list(published)
    gone = sum(1 for moment in moments if start <= moment <= now)
    due = sum(1 for moment in queued if moment < end)
    remaining = limit - gone - due
    rate = sum(1 for moment in moments if now - RATE_WINDOW <= moment <= now) / RATE_WINDOW
    allowed = max(0, remaining) / (end - now)
    ratio = HIGHEST_RATIO if rate > 0 and allowed <= 0 else rate / allowed if allowed > 0 else 0.0
    return PostCount(remaining, min(HIGHEST_RATIO, ratio))


def level_for(count: PostCount) -> ThrottleLevel:
    """The first level that applies; the slowest when none does."""
    if count.remaining <= HARD_STOP:
        return STOPPED
    fitting = (
        level
        for level in LEVELS
        if count.ratio <= level.most_ratio and count.remaining > level.least_remaining
    )
    return next(fitting, SLOWEST)
