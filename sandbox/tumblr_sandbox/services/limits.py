"""How much is allowed: calls by consumer, actions by user and day; the control face may change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from tumblr_sandbox.store import usage
from tumblr_sandbox.store.usage import Window

SECOND, MINUTE_SECONDS = 1, 60
HOUR_SECONDS = 3600
DAY_SECONDS = 86400
RESET_ZONE = ZoneInfo("America/New_York")
"""A user's day ends at midnight here."""


@dataclass
class Limits:
    """The figures; calls are counted by consumer, the rest by user and day, the queue by blog.

    How many blogs a user makes in a day is told, but not held: nothing here makes blogs by the API.
    ``followed_blogs`` is how many one follows at a time.
    """

    per_hour: int = 1000
    per_day: int = 5000
    posts_per_day: int = 250
    follows_per_day: int = 200
    likes_per_day: int = 1000
    images_per_day: int = 250
    videos_per_day: int = 20
    blogs_per_day: int = 10
    followed_blogs: int = 5000
    queued_posts: int = 1000
    blocks_per_minute: int = 60
    invitations_per_day: int = 250
    invitations_per_second: int = 1
    """Into communities, by who invites; 0 does not count them by the second."""
    per_address_minute: int = 0
    """0 does not count them: tumblr's 300 would hold up every test on one machine."""

    def of_day(self, kind: str) -> int:
        """The daily limit of a kind of action: posts, follows, likes, images, videos, blogs,
        invitations."""
        return int(getattr(self, f"{kind}_per_day"))


@dataclass(frozen=True)
class RateState:
    """What a consumer has left, after counting the present call."""

    hour: Window
    day: Window

    @property
    def exceeded(self) -> bool:
        """Whether the present call must be refused."""
        return self.hour.exceeded or self.day.exceeded

    def headers(self) -> dict[str, str]:
        """The rate limit headers. Reset is in seconds from now, never 0."""
        return {
            f"X-Ratelimit-{name}-{part}": str(value)
            for name, window in (("Perhour", self.hour), ("Perday", self.day))
            for part, value in (
                ("Limit", window.limit),
                ("Remaining", window.remaining),
                ("Reset", window.reset),
            )
        }


def count_call(connection: Connection, consumer_key: str, limits: Limits, now: float) -> RateState:
    """Count one API call of a consumer."""
    return RateState(
        hour=usage.count_call(connection, consumer_key, HOUR_SECONDS, limits.per_hour, now),
        day=usage.count_call(connection, consumer_key, DAY_SECONDS, limits.per_day, now),
    )


def is_throttled(
    connection: Connection, counted: str, limit: int, now: float, *, length: int = MINUTE_SECONDS
) -> bool:
    """Count one call of a minute, or another length, under any name; say whether it is one too many."""
    return usage.count_call(connection, counted, length, limit, now).exceeded


def day_of(now: float) -> str:
    """The day on which a user's actions count."""
    return datetime.fromtimestamp(now, UTC).astimezone(RESET_ZONE).date().isoformat()


def day_end(now: float) -> int:
    """When that day ends, in unix seconds."""
    local = datetime.fromtimestamp(now, UTC).astimezone(RESET_ZONE)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return int(midnight.timestamp())


def spend(
    connection: Connection, user_id: int, kind: str, limits: Limits, now: float, *, times: int = 1
) -> bool:
    """Count a user's actions of today; false, and nothing counted, when they are more than one may do."""
    day = day_of(now)
    if usage.used_today(connection, user_id, day, kind) + times > limits.of_day(kind):
        return False
    usage.use(connection, user_id, day, kind, times)
    return True
