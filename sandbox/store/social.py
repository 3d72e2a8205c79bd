"""Follows, likes, blocks, notifications."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from sandbox.store import schema

F, L, B = schema.follows.c, schema.likes.c, schema.blocks.c


def follow(connection: Connection, user_id: int, blog_id: int, now: int) -> bool:
    """Let a user follow a blog; false when they did already."""
    row = insert(schema.follows).values(user_id=user_id, blog_id=blog_id, timestamp=now)
    return connection.execute(row.on_conflict_do_nothing()).rowcount > 0


def unfollow(connection: Connection, user_id: int, blog_id: int) -> None:
    """End a follow, if there was one."""
    connection.execute(delete(schema.follows).where(F.user_id == user_id, F.blog_id == blog_id))


def followed_ids(connection: Connection, user_id: int) -> list[int]:
    """The blogs a user follows, latest first."""
    query = select(F.blog_id).where(F.user_id == user_id).order_by(F.timestamp.desc(), F.blog_id.desc())
    return list(connection.execute(query).scalars())


def follower_ids(connection: Connection, blog_id: int) -> list[int]:
    """The users who follow a blog, latest first."""
    query = select(F.user_id).where(F.blog_id == blog_id).order_by(F.timestamp.desc(), F.user_id.desc())
    return list(connection.execute(query).scalars())


def like(connection: Connection, user_id: int, post_id: int, now: int) -> bool:
    """Let a user like a post; false when they did already."""
    row = insert(schema.likes).values(user_id=user_id, post_id=post_id, timestamp=now)
    return connection.execute(row.on_conflict_do_nothing()).rowcount > 0


def unlike(connection: Connection, user_id: int, post_id: int) -> bool:
    """End a like; false when there was none."""
    query = delete(schema.likes).where(L.user_id == user_id, L.post_id == post_id)
    return connection.execute(query).rowcount > 0


def liked_among(connection: Connection, user_id: int, post_ids: Collection[int]) -> set[int]:
    """Which of these posts a user likes."""
    query = select(L.post_id).where(L.user_id == user_id, L.post_id.in_(post_ids))
    return set(connection.execute(query).scalars())


def like_count(connection: Connection, user_id: int) -> int:
    """How many posts a user likes."""
    query = select(func.count()).select_from(schema.likes).where(L.user_id == user_id)
    return int(connection.execute(query).scalar_one())


def block(connection: Connection, blog_id: int, blocked_id: int) -> None:
    """Let one blog block another."""
    row = insert(schema.blocks).values(blog_id=blog_id, blocked_id=blocked_id)
    connection.execute(row.on_conflict_do_nothing())


def unblock(connection: Connection, blog_id: int, blocked_id: int) -> None:
    """End a block, if there was one."""
    connection.execute(delete(schema.blocks).where(B.blog_id == blog_id, B.blocked_id == blocked_id))


def is_blocked(connection: Connection, blog_id: int, blocked_id: int) -> bool:
    """Whether a blog blocks another."""
    query = select(B.blog_id).where(B.blog_id == blog_id, B.blocked_id == blocked_id)
    return connection.execute(query).first() is not None


def notify(connection: Connection, blog_id: int, kind: str, now: int, data: dict[str, Any]) -> None:
    """Leave a notification for a blog."""
    row = insert(schema.notifications).values(blog_id=blog_id, kind=kind, timestamp=now, data=data)
    connection.execute(row)


def notifications_of(connection: Connection, blog_id: int) -> list[tuple[str, int, dict[str, Any]]]:
    """A blog's notifications as (kind, unix seconds, data), newest first."""
    table = schema.notifications.c
    query = (
        select(table.kind, table.timestamp, table.data)
        .where(table.blog_id == blog_id)
        .order_by(table.timestamp.desc(), table.number.desc())
    )
    return [(row.kind, row.timestamp, row.data) for row in connection.execute(query)]
