"""Endpoints about the signed-in user: info, limits, dashboard, following, follow, like."""

from __future__ import annotations

from typing import Any

from flask import Response
from sqlalchemy import Connection

from tumblr_sandbox.api import envelope, links, support
from tumblr_sandbox.api.support import Route, view_options
from tumblr_sandbox.faults import FaultKind
from tumblr_sandbox.markup.content import blog_url
from tumblr_sandbox.rendering.blog import blog_info, owner_info, short_blog
from tumblr_sandbox.rendering.render import render
from tumblr_sandbox.services import interactions, limits
from tumblr_sandbox.store import accounts, posts, social, usage
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.posts import StoredPost, Timeline

DASHBOARD_LIMIT = 20
DASHBOARD_CAP = 50
"""Documented as 20; 50 is honoured."""
LIST_CAP = 20


def info() -> Response:
    """The user and their blogs."""
    user = support.signed_in()
    with support.reading() as connection:
        blogs = [_own_blog(connection, blog) for blog in accounts.blogs_of(connection, user)]
        return envelope.answer(
            {
                "user": {
                    "name": user.name,
                    "likes": social.like_count(connection, user.id),
                    "following": len(social.followed_ids(connection, user.id)),
                    "default_post_format": "html",
                    "blogs": blogs,
                }
            }
        )


def _own_blog(connection: Connection, blog: Blog) -> dict[str, Any]:
    updated = posts.newest_time(connection, [blog.id]).get(blog.id, blog.created)
    counts = posts.counts_by_state(connection, blog.id)
    return {
        **short_blog(blog, updated),
        **owner_info(connection, blog),
        "ask": blog.settings.ask,
        "ask_anon": blog.settings.ask_anon,
        "posts": counts.get("published", 0),
    }


LIMITED = {
    "blogs": ("blogs", "secondary blogs you can create per day"),
    "follows": ("follows", "blogs you can follow per day"),
    "likes": ("likes", "posts you can like per day"),
    "photos": ("images", "photos you can upload per day"),
    "posts": ("posts", "posts you can make per day"),
    "videos": ("videos", "videos you can upload per day"),
}
"""What the user's limits are called, under what kind of action they are counted, and what they mean."""


def user_limits() -> Response:
    """What the user may still do today."""
    user, now = support.signed_in(), support.now()
    figures, day = support.world().limits, limits.day_of(now)
    with support.reading() as connection:
        used = {kind: usage.used_today(connection, user.id, day, kind) for kind, _ in LIMITED.values()}
        made = [blog for blog in accounts.blogs_of(connection, user) if not blog.is_primary]
        used["blogs"] = sum(limits.day_of(blog.created) == day for blog in made)
    told = {
        name: {
            "description": f"the number of {words}",
            "limit": figures.of_day(kind),
            "remaining": max(0, figures.of_day(kind) - used[kind]),
            "reset_at": limits.day_end(now),
        }
        for name, (kind, words) in LIMITED.items()
    }
    return envelope.answer({"user": told})


def dashboard() -> Response:
    """Posts of followed blogs and the user's own, newest id first."""
    user, asked = support.signed_in(), support.parameters()
    part = Timeline(
        since_id=asked.whole("since_id") or 0, before_id=asked.place("before_id"), type=asked.text("type")
    )
    limit, offset = asked.limit(DASHBOARD_LIMIT, DASHBOARD_CAP), asked.offset()
    if support.has_fault(FaultKind.REPEATED_PAGES):
        offset = 0
    with support.reading() as connection:
        viewer = support.viewer(connection)
        followed = set(social.followed_ids(connection, user.id)) - accounts.hidden(connection)
        sources = [*followed, *viewer.own_blogs]
        found = posts.timeline(connection, sources, part, limit=limit, offset=offset)
        return envelope.answer({"posts": render(connection, found, viewer, view_options(asked))})


def following() -> Response:
    """The blogs that the user follows."""
    user = support.signed_in()
    with support.reading() as connection:
        return envelope.answer(following_page(connection, user.id, "/v2/user/following"))


def following_page(connection: Connection, user_id: int, path: str) -> dict[str, Any]:
    """A page of the blogs that someone follows, with the link to the next."""
    asked = support.parameters()
    limit, offset = asked.limit(LIST_CAP, LIST_CAP), asked.offset()
    followed = social.followed_ids(connection, user_id)
    page = followed[offset : offset + limit]
    found = accounts.blogs_by_id(connection, set(page))
    # Those that are gone are still counted, but not listed.
    blogs = {i: blog for i, blog in found.items() if not blog.settings.deactivated}
    updated = posts.newest_time(connection, page)
    answer: dict[str, Any] = {
        "blogs": [short_blog(blogs[i], updated.get(i, blogs[i].created)) for i in page if i in blogs],
        "total_blogs": len(followed),
    }
    return answer | next_by_offset(path, limit, offset, len(followed))


def follow() -> Response:
    """Follow a blog; once more changes nothing."""
    user = support.signed_in()
    ignored = support.has_fault(FaultKind.FOLLOW_IGNORED)
    with support.writing() as connection:
        blog = _named_by_url(connection)
        if not ignored:
            mine = accounts.primary_blog(connection, user.id)
            interactions.follow(connection, mine, blog, support.world().limits, support.now())
        view = blog_info(connection, blog, support.base_url(), user)
    return envelope.answer({"blog": {**view, "followed": True}})


def unfollow() -> Response:
    """Follow a blog no more."""
    user = support.signed_in()
    with support.writing() as connection:
        blog = _named_by_url(connection)
        interactions.unfollow(connection, accounts.primary_blog(connection, user.id), blog)
        view = blog_info(connection, blog, support.base_url(), user)
    return envelope.answer({"blog": view})


def _named_by_url(connection: Connection) -> Blog:
    """The blog that ``url`` names, or the one of the user whose name stands before the @ of ``email``."""
    asked = support.parameters()
    return support.named_blog(connection, asked.text("url") or (asked.text("email") or "").split("@")[0])


def like() -> Response:
    """Like a post, named by id and reblog key; the caller's own cannot be liked."""
    user = support.signed_in()
    with support.writing() as connection:
        post = _post_to_like(connection)
        mine = accounts.primary_blog(connection, user.id)
        interactions.like(connection, mine, post, support.world().limits, support.now())
    return envelope.answer([])


def unlike() -> Response:
    """Like a post no more."""
    user = support.signed_in()
    with support.writing() as connection:
        post = _post_to_like(connection)
        interactions.unlike(connection, accounts.primary_blog(connection, user.id), post)
    return envelope.answer([])


def _post_to_like(connection: Connection) -> StoredPost:
    asked = support.parameters()
    post = posts.get(connection, asked.whole("id") or 0)
    if post is None or post.state != "published" or post.reblog_key != asked.text("reblog_key"):
        raise envelope.not_found()
    return post


def followers_page(connection: Connection, blog: Blog, path: str) -> dict[str, Any]:
    """A page of the users who follow a blog, with the link to the next."""
    asked = support.parameters()
    limit, offset = asked.limit(LIST_CAP, LIST_CAP), asked.offset()
    total = social.follower_count(connection, blog.id)
    page = social.followers_page(connection, blog.id, limit=limit, offset=offset)
    answer: dict[str, Any] = {"total_users": total, "users": _followers(connection, blog, page)}
    return answer | next_by_offset(path, limit, offset, total)


def _followers(connection: Connection, blog: Blog, user_ids: list[int]) -> list[dict[str, Any]]:
    blogs = accounts.primary_blogs(connection, user_ids)
    updated = posts.newest_time(connection, [b.id for b in blogs])
    followed = set(social.followed_ids(connection, blog.owner_id))
    return [
        {
            "name": b.name,
            "following": b.id in followed,
            "url": blog_url(b.name),
            "updated": updated.get(b.id, b.created),
        }
        for b in blogs
    ]


def next_by_offset(path: str, limit: int, offset: int, total: int) -> dict[str, Any]:
    """The link to the next page of a list that is paged by offset; nothing on the last."""
    if offset + limit >= total:
        return {}
    return links.next_link(path, {"limit": str(limit), "offset": str(offset + limit)})


ROUTES: tuple[Route, ...] = (
    ("GET", "/user/info", info),
    ("POST", "/user/info", info),
    ("GET", "/user/limits", user_limits),
    ("GET", "/user/dashboard", dashboard),
    ("GET", "/user/following", following),
    ("POST", "/user/follow", follow),
    ("POST", "/user/unfollow", unfollow),
    ("POST", "/user/like", like),
    ("POST", "/user/unlike", unlike),
)
