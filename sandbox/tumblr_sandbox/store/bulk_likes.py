"""Rows for many likes of one user at once, in a few statements however many there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, func, insert, select

from tumblr_sandbox.store import schema
from tumblr_sandbox.store.notes import MICROSECONDS

N, L, A, B, O = (  # noqa: E741
    schema.notes.c,
    schema.likes.c,
    schema.notifications.c,
    schema.blocks.c,
    schema.blogs.c,
)


def unlikable(connection: Connection, user_id: int, blog_id: int) -> set[int]:
    """The blogs whose posts a user cannot like: their own, and those that block them."""
    blocking = select(B.blog_id).where(B.blocked_id == blog_id)
    own = select(O.id).where(O.owner_id == user_id)
    return {*connection.execute(blocking).scalars(), *connection.execute(own).scalars()}


def add_likes(connection: Connection, user_id: int, post_ids: Sequence[int], now: float) -> None:
    """Let a user like posts that they do not like yet."""
    first = _free_moment(connection, L.moment, L.user_id == user_id, now)
    rows = [
        {"user_id": user_id, "post_id": post_id, "timestamp": int(now), "moment": first + step}
        for step, post_id in enumerate(post_ids)
    ]
    connection.execute(insert(schema.likes), rows)


def add_notes(connection: Connection, blog_id: int, posts: Sequence[tuple[int, int]], now: float) -> None:
    """Put likes on trees: (tree, post) each."""
    trees = {tree_id for tree_id, _ in posts}
    moments = select(N.tree_id, func.max(N.moment).label("moment")).group_by(N.tree_id)
    latest = {row.tree_id: int(row.moment) for row in connection.execute(moments.where(N.tree_id.in_(trees)))}
    rows: list[dict[str, Any]] = []
    for tree_id, post_id in posts:
        latest[tree_id] = max(int(now * MICROSECONDS), latest.get(tree_id, 0) + 1)
        row = {"tree_id": tree_id, "post_id": post_id, "blog_id": blog_id, "moment": latest[tree_id]}
        rows.append({**row, "kind": "like", "text": "", "tags": [], "parent_blog": None})
    connection.execute(insert(schema.notes), rows)


def add_notifications(connection: Connection, told: Sequence[tuple[int, dict[str, Any]]], now: float) -> None:
    """Leave notifications of likes: (blog, what is known of it) each."""
    blogs = {blog_id for blog_id, _ in told}
    latest = _latest_moments(connection, blogs, now)
    rows: list[dict[str, Any]] = []
    for blog_id, data in told:
        latest[blog_id] = latest.get(blog_id, int(now * MICROSECONDS) - 1) + 1
        row = {"blog_id": blog_id, "kind": "like", "timestamp": int(now), "moment": latest[blog_id]}
        rows.append({**row, "data": data})
    connection.execute(insert(schema.notifications), rows)


def _latest_moments(connection: Connection, blogs: Collection[int], now: float) -> dict[int, int]:
    """The latest moments of blogs' notifications within this second, from now on."""
    query = (
        select(A.blog_id, func.max(A.moment))
        .where(A.blog_id.in_(blogs), *_within(A.moment, now))
        .group_by(A.blog_id)
    )
    return {blog_id: int(moment) for blog_id, moment in connection.execute(query)}


def _free_moment(connection: Connection, moment: Column[int], owner: ColumnElement[bool], now: float) -> int:
    """The first moment after those of this owner within this second."""
    latest = connection.execute(select(func.max(moment)).where(owner, *_within(moment, now))).scalar_one()
    return int(now * MICROSECONDS) if latest is None else int(latest) + 1


def _within(moment: Column[int], now: float) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    wanted = int(now * MICROSECONDS)
    return moment >= wanted, moment < (wanted // MICROSECONDS + 1) * MICROSECONDS
