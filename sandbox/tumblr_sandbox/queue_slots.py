"""When queued posts are published: slots spread evenly over a daily window."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MAX_DAYS_AHEAD = 1100
"""A full queue of 1000 posts at one a day still finds its slots."""


@dataclass(frozen=True)
class QueueWindow:
    """``posts_per_day`` posts between two hours of the day in a time zone; an end at or before the start
    lies on the next day."""

    posts_per_day: int
    start_hour: int = 0
    end_hour: int = 24
    timezone: str = "UTC"

    def slots(self, day: date) -> list[int]:
        """The slots of the window that starts on a day, unix seconds: start + k W / (n + 1), k = 1 ... n."""
        start = self._instant(day, self.start_hour)
        hours = self.end_hour if self.end_hour > self.start_hour else self.end_hour + 24
        width = self._instant(day, hours) - start
        return [round(start + k * width / (self.posts_per_day + 1)) for k in range(1, self.posts_per_day + 1)]

    def _instant(self, day: date, hours: int) -> float:
        days, hour = divmod(hours, 24)
        local = datetime.combine(day + timedelta(days=days), time(hour), ZoneInfo(self.timezone))
        return local.timestamp()

    def first_free(self, now: float, taken: Collection[int]) -> int:
        """The first slot after now that no queued post has."""
        today = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(self.timezone)).date()
        for days in range(-1, MAX_DAYS_AHEAD):
            for slot in self.slots(today + timedelta(days=days)):
                if slot > now and slot not in taken:
                    return slot
        raise OverflowError("no free slot in the queue within three years")
