"""Interactions with posts and blogs: like, follow, reply, block.

Every function works inside its caller's transaction. Refusals are ``PostingError``s, and nothing is
changed by them. Doing a thing twice is the same as doing it once, but for replies.
"""

from __future__ import annotations

from sqlalchemy import Connection

from tumblr_sandbox.errors import BlockedError, DayLimitError, OwnPostError, TooManyFollowedError
from tumblr_sandbox.services import communities, events, limits
from tumblr_sandbox.services.limits import Limits
from tumblr_sandbox.store import social
from tumblr_sandbox.store.accounts import Blog, blogs_by_id
from tumblr_sandbox.store.posts import StoredPost


def like(connection: Connection, blog: Blog, post: StoredPost, figures: Limits, now: float) -> bool:
    """Let the owner of ``blog`` like a post; false when they did already."""
    author = blogs_by_id(connection, {events.whose(post)})[events.whose(post)]
    if author.owner_id == blog.owner_id:
        raise OwnPostError
    _check_lets(connection, blog, post, "like")
    if social.liked_among(connection, blog.owner_id, [post.id]):
        return False
    if not limits.spend(connection, blog.owner_id, "likes", figures, now):
        raise DayLimitError("likes")
    social.like(connection, blog.owner_id, post.id, now)
    events.liked(connection, blog, post, now)
    return True


def unlike(connection: Connection, blog: Blog, post: StoredPost) -> bool:
    """Let the owner of ``blog`` like a post no more; false when they did not."""
    if not social.unlike(connection, blog.owner_id, post.id):
        return False
    events.unliked(connection, blog, post)
    return True


def follow(connection: Connection, blog: Blog, followed: Blog, figures: Limits, now: float) -> bool:
    """Let the owner of ``blog`` follow another blog; false when they did already."""
    if social.follows(connection, blog.owner_id, followed.id):
        return False
    if len(social.followed_ids(connection, blog.owner_id)) >= figures.followed_blogs:
        raise TooManyFollowedError
    if not limits.spend(connection, blog.owner_id, "follows", figures, now):
        raise DayLimitError("follows")
    social.follow(connection, blog.owner_id, followed.id, int(now))
    events.followed(connection, followed, blog, now)
    return True


def unfollow(connection: Connection, blog: Blog, followed: Blog) -> None:
    """Let the owner of ``blog`` follow another blog no more."""
    social.unfollow(connection, blog.owner_id, followed.id)


def reply(connection: Connection, blog: Blog, post: StoredPost, text: str, now: float) -> None:
    """Let a blog reply to a post, in plain text."""
    _check_lets(connection, blog, post, "reply to")
    events.replied(connection, blog, post, text, now)


def _check_lets(connection: Connection, blog: Blog, post: StoredPost, action: str) -> None:
    """The author of a post must not block the blog, which must be a member where only members may do this."""
    if social.is_blocked(connection, events.whose(post), blog.id):
        raise BlockedError(action)
    if not communities.is_member_where(connection, post, blog.owner_id):
        raise BlockedError(action)


def block(connection: Connection, blog: Blog, blocked: Blog) -> None:
    """Let a blog block another: it may not see, reblog, like, reply or ask any more, nor follow."""
    social.block(connection, blog.id, blocked.id)
    social.unfollow(connection, blocked.owner_id, blog.id)
