"""Book-keeping: calls by consumer, nonces seen, what a user did today."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from tumblr_sandbox.store import schema

W, U = schema.rate_windows.c, schema.usage.c


@dataclass(frozen=True)
class Window:
    """What is left of a consumer's calls in a window, and in how many whole seconds the window ends."""

    limit: int
    count: int
    reset: int

    @property
    def remaining(self) -> int:
        """Calls left, never below zero."""
        return max(0, self.limit - self.count)

    @property
    def exceeded(self) -> bool:
        """Whether the call just counted was one too many."""
        return self.count > self.limit


def count_call(connection: Connection, consumer_key: str, length: int, limit: int, now: float) -> Window:
    """Count one call in the consumer's window of ``length`` seconds, starting a new one if it ended.

    A window starts with the first call after the one before ended. Reset is at least 1 second.
    """
    row = connection.execute(
        select(W.started, W["count"]).where(W.consumer_key == consumer_key, W.length == length)
    ).one_or_none()
    started, count = (now, 0) if row is None else row
    if not started <= now < started + length:
        started, count = now, 0
    count += 1
    values = {"started": started, "count": count}
    connection.execute(
        insert(schema.rate_windows)
        .values(consumer_key=consumer_key, length=length, **values)
        .on_conflict_do_update(index_elements=["consumer_key", "length"], set_=values)
    )
    return Window(limit, count, max(1, math.ceil(started + length - now)))


def use_nonce(connection: Connection, consumer_key: str, token: str, timestamp: int, nonce: str) -> bool:
    """Remember a nonce; false when it was seen before with this consumer, token and time."""
    row = insert(schema.nonces).values(
        consumer_key=consumer_key, token=token, timestamp=timestamp, nonce=nonce
    )
    return connection.execute(row.on_conflict_do_nothing()).rowcount > 0


def forget_nonces(connection: Connection, before: int) -> None:
    """Drop nonces whose time stamps would be refused anyway."""
    connection.execute(delete(schema.nonces).where(schema.nonces.c.timestamp < before))


def used_today(connection: Connection, user_id: int, day: str, kind: str) -> int:
    """How often a user did something on a day."""
    query = select(U["count"]).where(U.user_id == user_id, U.day == day, U.kind == kind)
    return int(connection.execute(query).scalar_one_or_none() or 0)


def use(connection: Connection, user_id: int, day: str, kind: str, times: int = 1) -> None:
    """Count something a user did on a day."""
    row = insert(schema.usage).values(user_id=user_id, day=day, kind=kind, count=times)
    connection.execute(
        row.on_conflict_do_update(
            index_elements=["user_id", "day", "kind"], set_={"count": U["count"] + times}
        )
    )
