"""What the people of the sandbox remember, and what they look at."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from sandbox.store import schema
from sandbox.store.database import put_setting

N, S, F = schema.notifications.c, schema.settings.c, schema.follows.c

MEMORY = "person/"
"""A person's memory is the setting of this name and theirs."""


def keep_memory(connection: Connection, name: str, memory: dict[str, Any]) -> None:
    """Keep what a person remembers."""
    put_setting(connection, MEMORY + name, memory)


def memories(connection: Connection) -> dict[str, dict[str, Any]]:
    """What everybody remembers, by name."""
    query = select(S.name, S.value).where(S.name.startswith(MEMORY))
    return {row.name.removeprefix(MEMORY): row.value for row in connection.execute(query)}


def replies_heard(connection: Connection, blog_id: int, after: int) -> list[tuple[int, dict[str, Any]]]:
    """Notifications of replies to a blog's posts after a number, oldest first, with their numbers."""
    query = (
        select(N.number, N.data)
        .where(N.blog_id == blog_id, N.number > after, N.kind == "reply")
        .order_by(N.number)
    )
    return [(row.number, row.data) for row in connection.execute(query)]


def last_notification(connection: Connection) -> int:
    """The highest number of a notification."""
    return int(connection.execute(select(func.max(N.number))).scalar_one() or 0)


def all_follows(connection: Connection) -> dict[int, set[int]]:
    """Who follows whom: blog ids by user id."""
    found: dict[int, set[int]] = {}
    for user_id, blog_id in connection.execute(select(F.user_id, F.blog_id)):
        found.setdefault(user_id, set()).add(blog_id)
    return found
