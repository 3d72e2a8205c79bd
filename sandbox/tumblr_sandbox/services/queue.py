"""The queue: slots spread evenly over a daily window, and new orders of what waits for them.

In a new order the times stay and the posts change places; scheduled posts do not move. ``move`` and
``shuffle`` work inside their caller's transaction.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from tumblr_sandbox.store import posts
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.posts import StoredPost

WHOLE_QUEUE = 1_000_000
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


def move(connection: Connection, blog: Blog, post_id: int, after_id: int) -> bool:
    """Put a queued post behind another, or first with ``after_id`` 0; false when either is not queued."""
    queue = _movable(connection, blog)
    moved = next((post for post in queue if post.id == post_id), None)
    rest = [post for post in queue if post.id != post_id]
    place = 0 if after_id == 0 else next((n for n, post in enumerate(rest, 1) if post.id == after_id), None)
    if moved is None or place is None:
        return False
    _deal(connection, queue, [*rest[:place], moved, *rest[place:]])
    return True


def shuffle(connection: Connection, blog: Blog, rng: random.Random) -> None:
    """Put a blog's queue into a random order."""
    queue = _movable(connection, blog)
    _deal(connection, queue, rng.sample(queue, len(queue)))


def _movable(connection: Connection, blog: Blog) -> list[StoredPost]:
    queue = posts.queue_of(connection, blog.id, limit=WHOLE_QUEUE)
    return [post for post in queue if post.queued_state != "scheduled"]


def _deal(connection: Connection, before: Sequence[StoredPost], after: Sequence[StoredPost]) -> None:
    for slot, post in zip((post.scheduled for post in before), after, strict=True):
        if post.scheduled != slot:
            posts.save(connection, replace(post, scheduled=slot))
