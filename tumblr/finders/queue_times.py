"""When will the next queued post be published?

Tumblr publishes a queue at fixed times of the day: with n posts a day within a window of W hours these
are W/(n+1), 2W/(n+1), … after the window opens. A new post takes the first such time after now and
after the last queued post.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tumblr.settings import QueueConfig


def slots(day: date, zone: ZoneInfo, settings: QueueConfig) -> list[datetime]:
    """The times (UTC) at which queued posts are published on a local date."""
    opens = datetime.combine(day, time.min) + timedelta(hours=settings.start_hour)
    step = timedelta(hours=settings.end_hour - settings.start_hour) / (settings.posts_per_day + 1)
    local = (opens + k * step for k in range(1, settings.posts_per_day + 1))
    return [moment.replace(tzinfo=zone).astimezone(UTC) for moment in local]


def next_queue_time(
    scheduled: Iterable[int], now: datetime, zone: ZoneInfo, settings: QueueConfig
) -> datetime:
    """The time (UTC) at which a post that is queued now will be published.

    ``scheduled`` holds the times (unix seconds) of the posts that are in the queue.
    """
    after = max([now, *(datetime.fromtimestamp(moment, UTC) for moment in scheduled)])
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        later = [slot for slot in slots(day, zone, settings) if slot > after]
        if later:
            return later[0]
        day += timedelta(days=1)
