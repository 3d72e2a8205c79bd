"""What the people of the sandbox remember, and what they look at."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, func, select

from tumblr_sandbox.store import schema
from tumblr_sandbox.store.database import put_setting

N, S, F, P = schema.notifications.c, schema.settings.c, schema.follows.c, schema.posts.c

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


def waiting(connection: Connection, blog_id: int, *, limit: int) -> int:
    """How many asks wait in a blog's inbox, counted up to a limit."""
    asks = select(P.id).where(P.blog_id == blog_id, P.state == "submission").limit(limit)
    return len(connection.execute(asks).all())


def all_follows(connection: Connection) -> dict[int, set[int]]:
    """Who follows whom: blog ids by user id."""
    found: dict[int, set[int]] = {}
    for user_id, blog_id in connection.execute(select(F.user_id, F.blog_id)):
        found.setdefault(user_id, set()).add(blog_id)
    return found


def likers(connection: Connection, post_ids: Collection[int]) -> dict[int, set[str]]:
    """The names of the users who like posts, by post."""
    joined = schema.likes.join(schema.users, schema.likes.c.user_id == schema.users.c.id)
    query = select(schema.likes.c.post_id, schema.users.c.name).select_from(joined)
    wanted, found = set(post_ids), dict[int, set[str]]()
    for post_id, name in connection.execute(query):
        if post_id in wanted:
            found.setdefault(post_id, set()).add(name)
    return found
