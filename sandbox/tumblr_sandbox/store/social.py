"""Follows, likes, blocks, notifications."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from tumblr_sandbox.store import schema

F, L, B, A = schema.follows.c, schema.likes.c, schema.blocks.c, schema.notifications.c
MICROSECONDS = 1_000_000


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


def followers_page(connection: Connection, blog_id: int, *, limit: int, offset: int) -> list[int]:
    """Some of the users who follow a blog, latest first."""
    query = select(F.user_id).where(F.blog_id == blog_id).order_by(F.timestamp.desc(), F.user_id.desc())
    return list(connection.execute(query.limit(limit).offset(offset)).scalars())


def follower_count(connection: Connection, blog_id: int) -> int:
    """How many users follow a blog."""
    query = select(func.count()).select_from(schema.follows).where(F.blog_id == blog_id)
    return int(connection.execute(query).scalar_one())


def followed_since(connection: Connection, user_id: int, blog_id: int) -> int | None:
    """When a user began to follow a blog, in Unix seconds; none if they do not."""
    query = select(F.timestamp).where(F.user_id == user_id, F.blog_id == blog_id)
    found: int | None = connection.execute(query).scalar_one_or_none()
    return found


def follows(connection: Connection, user_id: int, blog_id: int) -> bool:
    """Whether a user follows a blog."""
    query = select(F.blog_id).where(F.user_id == user_id, F.blog_id == blog_id)
    return connection.execute(query).first() is not None


def free_moment(connection: Connection, moment: Column[int], owner: ColumnElement[bool], now: float) -> int:
    """A time in microseconds within this second that no other row of the same owner has."""
    wanted = int(now * MICROSECONDS)
    next_second = (wanted // MICROSECONDS + 1) * MICROSECONDS
    query = select(func.max(moment)).where(owner, moment >= wanted, moment < next_second)
    latest = connection.execute(query).scalar_one()
    return wanted if latest is None else int(latest) + 1


def like(connection: Connection, user_id: int, post_id: int, now: float) -> bool:
    """Let a user like a post; false when they did already."""
    moment = free_moment(connection, L.moment, L.user_id == user_id, now)
    row = insert(schema.likes).values(user_id=user_id, post_id=post_id, timestamp=int(now), moment=moment)
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


@dataclass(frozen=True)
class Like:
    """A post that a user likes. ``moment`` is in microseconds, and no two of a user have the same."""

    post_id: int
    moment: int

    @property
    def timestamp(self) -> int:
        """Unix seconds."""
        return self.moment // MICROSECONDS


@dataclass(frozen=True)
class Span:
    """Which part of a list that is ordered by time: moments in microseconds, exclusive."""

    before: int | None = None
    after: int | None = None

    def condition(self, moment: Column[int]) -> list[ColumnElement[bool]]:
        """The span as SQL."""
        wanted: list[ColumnElement[bool]] = []
        if self.before is not None:
            wanted.append(moment < self.before)
        if self.after is not None:
            wanted.append(moment > self.after)
        return wanted


def likes_of(connection: Connection, user_id: int, span: Span, *, limit: int, offset: int = 0) -> list[Like]:
    """Published posts that a user likes, latest like first; those in communities stand there alone."""
    shown = schema.likes.join(schema.posts, schema.posts.c.id == L.post_id)
    wanted = (schema.posts.c.state == "published", schema.posts.c.author_id.is_(None))
    query = (
        select(L.post_id, L.moment)
        .select_from(shown)
        .where(L.user_id == user_id, *wanted, *span.condition(L.moment))
        .order_by(L.moment.desc())
    )
    return [Like(row.post_id, row.moment) for row in connection.execute(query.limit(limit).offset(offset))]


def block(connection: Connection, blog_id: int, blocked_id: int) -> None:
    """Let one blog block another."""
    latest = select(func.coalesce(func.max(B.moment), 0) + 1).where(B.blog_id == blog_id)
    row = insert(schema.blocks).values(
        blog_id=blog_id, blocked_id=blocked_id, moment=latest.scalar_subquery()
    )
    connection.execute(row.on_conflict_do_nothing())


def unblock(connection: Connection, blog_id: int, blocked_id: int) -> None:
    """End a block, if there was one."""
    connection.execute(delete(schema.blocks).where(B.blog_id == blog_id, B.blocked_id == blocked_id))


def is_blocked(connection: Connection, blog_id: int, blocked_id: int) -> bool:
    """Whether a blog blocks another."""
    query = select(B.blog_id).where(B.blog_id == blog_id, B.blocked_id == blocked_id)
    return connection.execute(query).first() is not None


def blocked_by(connection: Connection, blog_id: int, *, limit: int, offset: int) -> list[int]:
    """Some of the blogs that a blog blocks, latest first."""
    query = select(B.blocked_id).where(B.blog_id == blog_id).order_by(B.moment.desc())
    return list(connection.execute(query.limit(limit).offset(offset)).scalars())


def block_asker(connection: Connection, blog_id: int, post_id: int) -> None:
    """Block whoever sent an anonymous ask."""
    row = insert(schema.blocked_asks).values(blog_id=blog_id, post_id=post_id)
    connection.execute(row.on_conflict_do_nothing())


def unblock_askers(connection: Connection, blog_id: int) -> None:
    """Block no anonymous askers any more."""
    asks = schema.blocked_asks
    connection.execute(delete(asks).where(asks.c.blog_id == blog_id))


@dataclass(frozen=True)
class Notification:
    """Something that happened to a blog. ``moment`` is in microseconds; no two of a blog have the same.

    ``data`` holds what is known of it when it happens: ``from``, ``post_id``, ``target``, texts.
    """

    number: int
    kind: str
    moment: int
    data: dict[str, Any]

    @property
    def timestamp(self) -> int:
        """Unix seconds."""
        return self.moment // MICROSECONDS


def notify(connection: Connection, blog_id: int, kind: str, now: float, data: dict[str, Any]) -> None:
    """Leave a notification for a blog."""
    moment = free_moment(connection, A.moment, A.blog_id == blog_id, now)
    row = insert(schema.notifications).values(
        blog_id=blog_id, kind=kind, timestamp=int(now), data=data, moment=moment
    )
    connection.execute(row)


def notifications_of(
    connection: Connection,
    blog_id: int,
    *,
    kinds: Collection[str] = (),
    before: int | None = None,
    limit: int = 20,
) -> list[Notification]:
    """A blog's notifications, of some kinds or all, older than a moment; newest first."""
    wanted = [A.blog_id == blog_id, *Span(before=before).condition(A.moment)]
    if kinds:
        wanted.append(A.kind.in_(kinds))
    query = select(schema.notifications).where(*wanted).order_by(A.moment.desc()).limit(limit)
    return [Notification(row.number, row.kind, row.moment, row.data) for row in connection.execute(query)]
