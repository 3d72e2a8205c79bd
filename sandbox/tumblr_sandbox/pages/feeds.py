"""What a blog's own host serves beside its front page: posts by id, tags, and a feed."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from typing import Any
from xml.etree import ElementTree as ET

from flask import Response, abort, request

from tumblr_sandbox.markup.content import blog_url, post_url, quoted_chain
from tumblr_sandbox.media import to_served
from tumblr_sandbox.pages import layout, reading
from tumblr_sandbox.store import posts
from tumblr_sandbox.store.posts import Selection, StoredPost
from tumblr_sandbox.world import this_world

FEED_POSTS = 20


def rss(name: str) -> Response:
    """A blog's newest posts as RSS 2.0."""
    with this_world().database.read() as connection:
        blog = layout.blog_named(connection, name)
        if blog.settings.password_protected or blog.settings.dashboard_only:
            abort(404)
        found = posts.of_blog(connection, blog.id, Selection(), limit=FEED_POSTS)
    feed = ET.Element("rss", version="2.0")
    channel = ET.SubElement(feed, "channel")
    _say(channel, title=blog.title or blog.name, description=blog.settings.description, link=blog_url(name))
    for post in found:
        _item(ET.SubElement(channel, "item"), post, blog.name)
    body = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return Response(body, content_type="application/rss+xml; charset=utf-8")


def _item(item: ET.Element, post: StoredPost, name: str) -> None:
    address = post_url(name, post.id, post.slug)
    words = quoted_chain(post.trail) + post.content.as_html()
    _say(
        item,
        title=post.title or post.summary or post.type.title(),
        description=to_served(words, request.host_url.rstrip("/")),
        link=address,
        guid=address,
        pubDate=formatdate(post.timestamp, usegmt=True),
    )
    for tag in post.tags:
        _say(item, category=tag)


def _say(parent: ET.Element, **values: str) -> None:
    for name, value in values.items():
        ET.SubElement(parent, name).text = "".join(filter(_is_xml, value))


def _is_xml(character: str) -> bool:
    """Whether XML 1.0 has the character."""
    return character in "\t\n\r" or (character >= " " and character not in "\ufffe\uffff")


def _by_host(page: Callable[..., Any]) -> Callable[..., Any]:
    """A page of a blog that is named by the host; nothing on other hosts."""

    def shown(**parts: Any) -> Any:
        name = reading.blog_of_host()
        if name is None:
            abort(404)
        return page(name, **parts)

    shown.__name__ = f"own_{page.__name__}"
    return shown


OF_A_BLOGS_HOST = {
    "/rss": _by_host(rss),
    "/post/<int:post_id>": (_post := _by_host(reading.post_page)),
    "/post/<int:post_id>/<slug>": _post,
}
"""What is served at ``NAME.tumblr.com`` beside ``/``."""
