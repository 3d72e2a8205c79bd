"""oEmbed (https://oembed.com): how other sites show a post that they know the address of."""

from __future__ import annotations

import html
import re
from typing import Any

from flask import Blueprint, Response, jsonify
from sqlalchemy import Connection

from tumblr_sandbox.api import support
from tumblr_sandbox.api.envelope import phrase_of
from tumblr_sandbox.api.params import Parameters
from tumblr_sandbox.markup.content import blog_url, post_url
from tumblr_sandbox.store import accounts, posts
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.posts import StoredPost

WIDTH = 540
"""The width of a post on tumblr; the height depends on what is in it."""
CACHE_SECONDS = 86_400
LONGEST_URL = 2000
_ADDRESSES = (
    re.compile(r"https?://([a-z0-9-]+)\.tumblr\.com/post/(\d{1,19})(?:[/?#].*)?", re.IGNORECASE),
    re.compile(r"https?://[^/?#]+/blog/([a-z0-9-]+)/post/(\d{1,19})(?:[/?#].*)?", re.IGNORECASE),
    re.compile(r"https?://www\.tumblr\.com/([a-z0-9-]+)/(\d{1,19})(?:[/?#].*)?", re.IGNORECASE),
)
"""Posts on the hosts of their blogs, in the pages here, and where tumblr's own pages show them."""


def oembed_blueprint() -> Blueprint:
    """The endpoint, to be mounted at the root."""
    blueprint = Blueprint("oembed", __name__)
    blueprint.get("/oembed")(oembed)
    return blueprint


def oembed() -> Response:
    """What stands for the post at ``url``: 404 if it is none, 401 if not everybody may see it."""
    asked = support.parameters()
    if (asked.text("format") or "json") != "json":
        return _refused(501)
    with support.reading() as connection:
        found = _post_at(connection, asked.text("url") or "")
        if found is None:
            return _refused(404)
        blog, post = found
        if not _is_public(blog, post):
            return _refused(401)
        return jsonify(_embed(blog, post, _most(asked, "maxwidth")))


def _refused(status: int) -> Response:
    said = jsonify(error=phrase_of(status))
    said.status_code = status
    return said


def _post_at(connection: Connection, url: str) -> tuple[Blog, StoredPost] | None:
    matches = (one.fullmatch(url.strip()) for one in _ADDRESSES if len(url) <= LONGEST_URL)
    match = next((found for found in matches if found is not None), None)
    if match is None:
        return None
    blog = accounts.find_blog(connection, match.group(1).lower())
    post = posts.get(connection, int(match.group(2)))
    if blog is None or blog.settings.deactivated or post is None or post.blog_id != blog.id:
        return None
    return (blog, post) if post.state in ("published", "private") else None


def _is_public(blog: Blog, post: StoredPost) -> bool:
    hidden = blog.settings.password_protected or blog.settings.dashboard_only
    return post.state == "published" and not hidden


def _most(asked: Parameters, name: str) -> int | None:
    """A largest size in pixels; one that cannot be read is none."""
    text = asked.text(name) or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None


def _embed(blog: Blog, post: StoredPost, most_width: int | None) -> dict[str, Any]:
    address = post_url(blog.name, post.id, post.slug)
    return {
        "version": "1.0",
        "type": "rich",
        "provider_name": "Tumblr",
        "provider_url": "https://www.tumblr.com",
        "author_name": blog.name,
        "author_url": blog_url(blog.name),
        "title": post.summary,
        "url": address,
        "html": _markup(blog, post, address),
        "width": WIDTH if most_width is None else min(WIDTH, most_width),
        "height": None,
        "cache_age": CACHE_SECONDS,
    }


def _markup(blog: Blog, post: StoredPost, address: str) -> str:
    """A link to the post that a script of tumblr's makes a frame of. What the author wrote is text in it."""
    home = f"https://embed.tumblr.com/embed/post/{blog.uuid}/{post.id}"
    said = html.escape(post.summary or address)
    return (
        f'<div class="tumblr-post" data-href="{home}">'
        f'<a href="{html.escape(address)}">{said}</a></div>'
        '<script async src="https://assets.tumblr.com/post.js"></script>'
    )
