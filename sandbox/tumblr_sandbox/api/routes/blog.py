"""Endpoints about a blog: info, avatar, following, followers."""

from __future__ import annotations

from flask import Response

from tumblr_sandbox.api import envelope, support
from tumblr_sandbox.api.routes import user as api_user
from tumblr_sandbox.api.support import Route
from tumblr_sandbox.markup.text import blog_name_of
from tumblr_sandbox.rendering.blog import AVATAR_SIZES, avatar_url, blog_info
from tumblr_sandbox.store import accounts, social

DEFAULT_AVATAR = 64


def info(identifier: str) -> Response:
    """All about a blog."""
    support.need_key()
    with support.reading() as connection:
        blog = support.visible_blog(connection, identifier)
        user = support.caller().user
        return envelope.answer({"blog": blog_info(connection, blog, support.base_url(), user)})


def avatar(identifier: str, size: str = str(DEFAULT_AVATAR)) -> Response:
    """A blog's picture: a redirect to it, with its address in the answer; clients follow either."""
    with support.reading() as connection:
        blog = support.named_blog(connection, identifier)
    if not size.isdecimal() or int(size) not in AVATAR_SIZES:
        raise envelope.not_found()
    url = avatar_url(support.base_url(), blog.name, int(size))
    found = envelope.answer({"avatar_url": url}, 302)
    found.headers["Location"] = url
    return found


def following(identifier: str) -> Response:
    """The blogs that a blog's owner follows, if that is shared."""
    user = support.signed_in()
    with support.reading() as connection:
        blog = support.visible_blog(connection, identifier)
        if blog.owner_id != user.id and not blog.settings.share_following:
            raise envelope.not_shared()
        path = f"/v2/blog/{identifier}/following"
        return envelope.answer(api_user.following_page(connection, blog.owner_id, path))


def followers(identifier: str) -> Response:
    """The users who follow the caller's blog."""
    support.signed_in()
    with support.reading() as connection:
        blog = support.own_blog(connection, identifier)
        return envelope.answer(api_user.followers_page(connection, blog, f"/v2/blog/{identifier}/followers"))


def followed_by(identifier: str) -> Response:
    """Whether the blog named in ``query`` follows another."""
    support.signed_in()
    name = support.parameters().text("query") or ""
    with support.reading() as connection:
        blog = support.visible_blog(connection, identifier)
        other = accounts.find_blog(connection, blog_name_of(name))
        follows = other is not None and social.follows(connection, other.owner_id, blog.id)
        return envelope.answer({"followed_by": follows})


ROUTES: tuple[Route, ...] = (
    ("GET", "/blog/<identifier>/info", info),
    ("GET", "/blog/<identifier>/avatar", avatar),
    ("GET", "/blog/<identifier>/avatar/<size>", avatar),
    ("GET", "/blog/<identifier>/following", following),
    ("GET", "/blog/<identifier>/followers", followers),
    ("GET", "/blog/<identifier>/followed_by", followed_by),
)
