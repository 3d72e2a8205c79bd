"""What people look for on the pages: everything new, tags, whom to follow, what happened to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from sqlalchemy import Connection, func, select

from tumblr_sandbox.store import schema
from tumblr_sandbox.store.posts import MAX_ID, StoredPost, newest_where

P, E = schema.posts.c, schema.notifications.c
RECENT = 400
"""How many of the latest posts the lists of busy tags and blogs are drawn from."""
MANY = 99
"""Unseen things are counted up to here."""
ON_BLOGS = P.author_id.is_(None)
"""What members post into communities is in no feed."""
UNPUBLISHED = ("submission", "draft", "queued")


def everything(
    connection: Connection, before_id: int | None, *, limit: int, hidden: Collection[int] = ()
) -> list[StoredPost]:
    """Published posts of all blogs but the hidden, newest id first."""
    wanted = [ON_BLOGS, P.state == "published", P.id < (before_id or MAX_ID)]
    if hidden:
        wanted.append(P.blog_id.not_in(hidden))
    return newest_where(connection, *wanted, limit=limit)


def count_newer(connection: Connection, since_id: int, blog_ids: Collection[int] | None) -> int:
    """How many published posts are newer than an id, of these blogs or of all; counted up to 99."""
    wanted = [ON_BLOGS, P.state == "published", P.id > since_id]
    if blog_ids is not None:
        wanted.append(P.blog_id.in_(blog_ids))
    newer = select(P.id).where(*wanted).limit(MANY).subquery()
    return int(connection.execute(select(func.count()).select_from(newer)).scalar_one())


def busy_tags(connection: Connection, *, limit: int) -> list[str]:
    """The tags that stand on most of the latest posts, each as it was first met."""
    latest = select(P.tags).where(ON_BLOGS, P.state == "published").order_by(P.id.desc()).limit(RECENT)
    spelling: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for tags in connection.execute(latest).scalars():
        counts.update({tag.lower() for tag in tags})
        spelling.update((tag.lower(), tag) for tag in reversed(tags))
    return [spelling[tag] for tag, _ in counts.most_common(limit)]


def busy_blogs(connection: Connection, without: Collection[int], *, limit: int) -> list[int]:
    """The blogs that posted most among the latest posts, without some."""
    latest = select(P.blog_id).where(ON_BLOGS, P.state == "published").order_by(P.id.desc()).limit(RECENT)
    counts = Counter(blog_id for blog_id in connection.execute(latest).scalars() if blog_id not in without)
    return [blog_id for blog_id, _ in counts.most_common(limit)]


def unpublished_counts(connection: Connection, blog_id: int) -> dict[str, int]:
    """How many posts of a blog wait in the inbox, the drafts and the queue."""
    query = (
        select(P.state, func.count()).where(P.blog_id == blog_id, P.state.in_(UNPUBLISHED)).group_by(P.state)
    )
    return {state: int(number) for state, number in connection.execute(query)}


def count_events(connection: Connection, blog_id: int, after: int) -> int:
    """How much happened to a blog after a moment in microseconds; counted up to 99."""
    newer = select(E.number).where(E.blog_id == blog_id, E.moment > after).limit(MANY).subquery()
    return int(connection.execute(select(func.count()).select_from(newer)).scalar_one())


def blog_names(connection: Connection, containing: str, *, limit: int) -> list[str]:
    """The names of primary blogs that contain a text, oldest blog first."""
    blogs = schema.blogs.c
    found = select(blogs.name).where(blogs.is_primary, blogs.name.contains(containing, autoescape=True))
    return list(connection.execute(found.order_by(blogs.id).limit(limit)).scalars())


def names_of(connection: Connection, blog_ids: Collection[int]) -> dict[int, str]:
    """The names of several blogs."""
    blogs = schema.blogs.c
    rows = connection.execute(select(blogs.id, blogs.name).where(blogs.id.in_(blog_ids)))
    return {row.id: row.name for row in rows}
