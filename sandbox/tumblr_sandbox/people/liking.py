"""Likes by the dozen: what ``acts.like`` does for one post, for all that somebody likes on a visit."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from tumblr_sandbox import announce
from tumblr_sandbox.limits import Limits, day_of
from tumblr_sandbox.store import ledger, liking, social
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.posts import StoredPost


def like_all(
    connection: Connection, blog: Blog, wanted: Sequence[StoredPost], limits: Limits, now: float
) -> list[StoredPost]:
    """Let the owner of ``blog`` like posts; gives those that were not liked yet and may be."""
    user, day = blog.owner_id, day_of(now)
    left = max(0, limits.likes_per_day - ledger.used_today(connection, user, day, "likes"))
    liked = social.liked_among(connection, user, [post.id for post in wanted])
    closed = liking.unlikable(connection, user, blog.id)
    new = {post.id: post for post in wanted if post.id not in liked and post.blog_id not in closed}
    found = list(new.values())[:left]
    if not found:
        return []
    liking.add_likes(connection, user, [post.id for post in found], now)
    ledger.use(connection, user, day, "likes", len(found))
    liking.add_notes(connection, blog.id, [(post.tree_id, post.id) for post in found], now)
    told = [(post.blog_id, announce.like_news(blog, post, now)) for post in found]
    news = [(blog_id, data) for blog_id, data in told if data is not None]
    if news:
        liking.add_notifications(connection, news, now)
    return found
