"""What people look for on the pages: everything new, tags, whom to follow, what happened to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from sandbox.store import schema
from sandbox.store.posts import MAX_ID, StoredPost, has_tag, newest_where

P, F, E = schema.posts.c, schema.follows.c, schema.notifications.c
RECENT = 400
"""How many of the latest posts the lists of busy tags and blogs are drawn from."""
MANY = 99
"""Unseen things are counted up to here."""
UNPUBLISHED = ("submission", "draft", "queued")


def everything(connection: Connection, before_id: int | None, *, limit: int) -> list[StoredPost]:
    """Published posts of all blogs, newest id first."""
    return newest_where(connection, P.state == "published", P.id < (before_id or MAX_ID), limit=limit)


def tagged(connection: Connection, tag: str, before_id: int | None, *, limit: int) -> list[StoredPost]:
    """Published posts of all blogs with a tag (in any case), newest id first."""
    return newest_where(
        connection, P.state == "published", P.id < (before_id or MAX_ID), has_tag(tag), limit=limit
    )


def count_newer(connection: Connection, since_id: int, blog_ids: Collection[int] | None) -> int:
    """How many published posts are newer than an id, of these blogs or of all; counted up to 99."""
    wanted = [P.state == "published", P.id > since_id]
    if blog_ids is not None:
        wanted.append(P.blog_id.in_(blog_ids))
    newer = select(P.id).where(*wanted).limit(MANY).subquery()
    return int(connection.execute(select(func.count()).select_from(newer)).scalar_one())


def busy_tags(connection: Connection, *, limit: int) -> list[str]:
    """The tags that stand on most of the latest posts, each as it was first met."""
    latest = select(P.tags).where(P.state == "published").order_by(P.id.desc()).limit(RECENT)
    spelling: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for tags in connection.execute(latest).scalars():
        counts.update({tag.lower() for tag in tags})
        spelling.update((tag.lower(), tag) for tag in reversed(tags))
    return [spelling[tag] for tag, _ in counts.most_common(limit)]


def busy_blogs(connection: Connection, without: Collection[int], *, limit: int) -> list[int]:
    """The blogs that posted most among the latest posts, without some."""
    latest = select(P.blog_id).where(P.state == "published").order_by(P.id.desc()).limit(RECENT)
    counts = Counter(blog_id for blog_id in connection.execute(latest).scalars() if blog_id not in without)
    return [blog_id for blog_id, _ in counts.most_common(limit)]


def unpublished_counts(connection: Connection, blog_id: int) -> dict[str, int]:
    """How many posts of a blog wait in the inbox, the drafts and the queue."""
    query = (
        select(P.state, func.count()).where(P.blog_id == blog_id, P.state.in_(UNPUBLISHED)).group_by(P.state)
    )
    return {state: int(number) for state, number in connection.execute(query)}


def follower_count(connection: Connection, blog_id: int) -> int:
    """How many users follow a blog."""
    query = select(func.count()).select_from(schema.follows).where(F.blog_id == blog_id)
    return int(connection.execute(query).scalar_one())


def follows(connection: Connection, user_id: int, blog_id: int) -> bool:
    """Whether a user follows a blog."""
    query = select(F.blog_id).where(F.user_id == user_id, F.blog_id == blog_id)
    return connection.execute(query).first() is not None


@dataclass(frozen=True)
class Event:
    """Something that happened to a blog; ``data`` depends on the kind."""

    number: int
    kind: str
    timestamp: int
    data: dict[str, Any]


def events(
    connection: Connection, blog_id: int, kinds: Collection[str], before: int | None, *, limit: int
) -> list[Event]:
    """What happened to a blog, newest first; of some kinds (none named: all), below a number."""
    wanted = [E.blog_id == blog_id, E.number < (before or MAX_ID)]
    if kinds:
        wanted.append(E.kind.in_(kinds))
    query = select(E.number, E.kind, E.timestamp, E.data).where(*wanted)
    rows = connection.execute(query.order_by(E.number.desc()).limit(limit))
    return [Event(row.number, row.kind, row.timestamp, row.data) for row in rows]


def count_events(connection: Connection, blog_id: int, after: int) -> int:
    """How much happened to a blog after a time in unix seconds; counted up to 99."""
    newer = select(E.number).where(E.blog_id == blog_id, E.timestamp > after).limit(MANY).subquery()
    return int(connection.execute(select(func.count()).select_from(newer)).scalar_one())


def blog_names(connection: Connection, containing: str, *, limit: int) -> list[str]:
    """The names of primary blogs that contain a text, oldest blog first."""
    blogs = schema.blogs.c
    found = select(blogs.name).where(blogs.is_primary, blogs.name.contains(containing, autoescape=True))
    return list(connection.execute(found.order_by(blogs.id).limit(limit)).scalars())
