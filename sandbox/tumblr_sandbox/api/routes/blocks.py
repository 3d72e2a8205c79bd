"""The endpoints about whom a blog blocks."""

from __future__ import annotations

from typing import Any

from flask import Response
from sqlalchemy import Connection

from tumblr_sandbox.api import envelope, links, support
from tumblr_sandbox.api.envelope import ApiError
from tumblr_sandbox.api.support import Route
from tumblr_sandbox.markup.text import blog_name_of
from tumblr_sandbox.rendering.blog import short_blog
from tumblr_sandbox.services import interactions
from tumblr_sandbox.store import accounts, posts, social
from tumblr_sandbox.store.accounts import Blog

PAGE = 20
NOTHING_NAMED = 5008


def list_blocks(identifier: str) -> Response:
    """The blogs that the caller's blog blocks, latest first."""
    support.signed_in()
    asked = support.parameters()
    limit, offset = asked.limit(PAGE, PAGE), asked.offset()
    with support.reading() as connection:
        blog = support.own_blog(connection, identifier)
        found = social.blocked_by(connection, blog.id, limit=limit + 1, offset=offset)
        answer: dict[str, Any] = {"blocked_tumblelogs": _views(connection, found[:limit])}
    if len(found) > limit:
        query = {"limit": str(limit), "offset": str(offset + limit)}
        answer |= links.next_link(f"/v2/blog/{identifier}/blocks", query)
    return envelope.answer(answer)


def _views(connection: Connection, blog_ids: list[int]) -> list[dict[str, Any]]:
    blogs = accounts.blogs_by_id(connection, set(blog_ids))
    updated = posts.newest_time(connection, blog_ids)
    return [short_blog(blogs[i], updated.get(i, blogs[i].created)) for i in blog_ids]


def add_block(identifier: str) -> Response:
    """Block a blog, or whoever sent an anonymous ask."""
    support.signed_in()
    asked = support.parameters()
    with support.writing() as connection:
        blog = support.own_blog(connection, identifier)
        post_id = asked.whole("post_id")
        if post_id is not None:
            _block_asker(connection, blog, post_id)
        else:
            interactions.block(connection, blog, _named(connection, blog))
    return envelope.answer([], 201)


def _block_asker(connection: Connection, blog: Blog, post_id: int) -> None:
    post = posts.get(connection, post_id)
    if post is None or post.blog_id != blog.id or not post.is_ask:
        raise envelope.not_found()
    social.block_asker(connection, blog.id, post_id)


def _named(connection: Connection, blog: Blog) -> Blog:
    """The other blog that the caller names, else 404."""
    other = support.named_blog(connection, support.parameters().text("blocked_tumblelog") or "")
    if other.id == blog.id:
        raise envelope.not_found()
    return other


def remove_block(identifier: str) -> Response:
    """Block a blog no more, or no anonymous askers."""
    support.signed_in()
    asked = support.parameters()
    with support.writing() as connection:
        blog = support.own_blog(connection, identifier)
        if asked.flag("anonymous_only"):
            social.unblock_askers(connection, blog.id)
        else:
            social.unblock(connection, blog.id, _named(connection, blog).id)
    return envelope.answer([])


def add_several(identifier: str) -> Response:
    """Block every blog in a comma list; unknown names are passed over."""
    support.signed_in()
    names = support.parameters().array("blocked_tumblelogs")
    with support.writing() as connection:
        blog = support.own_blog(connection, identifier)
        if not names:
            detail = "blocked_tumblelogs is missing"
            raise ApiError(400, envelope.errors("Bad Request", NOTHING_NAMED, detail))
        for name in names:
            other = accounts.find_blog(connection, blog_name_of(name))
            if other is not None and other.id != blog.id:
                interactions.block(connection, blog, other)
    return envelope.answer([])


ROUTES: tuple[Route, ...] = (
    ("GET", "/blog/<identifier>/blocks", list_blocks),
    ("POST", "/blog/<identifier>/blocks", add_block),
    ("DELETE", "/blog/<identifier>/blocks", remove_block),
    ("POST", "/blog/<identifier>/blocks/bulk", add_several),
)
