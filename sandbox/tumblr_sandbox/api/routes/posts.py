"""Endpoints that read posts: published, queue, drafts, inbox, and notes."""

from __future__ import annotations

import base64
import struct
from dataclasses import replace
from typing import Any

from flask import Response
from sqlalchemy import Connection

from tumblr_sandbox.api import envelope, links, support
from tumblr_sandbox.api.communities import place_to_read
from tumblr_sandbox.api.params import Parameters
from tumblr_sandbox.api.support import Route, view_options
from tumblr_sandbox.rendering.blog import blog_info
from tumblr_sandbox.rendering.render import render
from tumblr_sandbox.store import posts
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.posts import MAX_ID, Position, Selection, StoredPost

PAGE = 20
PAGE_CAP = 50
"""Documented as 20; 50 is honoured, and both bots ask for it."""
START = Position(MAX_ID, MAX_ID)
"""Where a list begins of which only the pinned post was shown."""
POST_TYPES = frozenset({"text", "quote", "link", "answer", "video", "audio", "photo", "chat"})


def published(identifier: str, kind: str | None = None) -> Response:
    """The published posts of a blog, newest first; or the one with ``id``, in any state for its owner."""
    support.need_key()
    asked = support.parameters()
    kind = kind or asked.text("type") or None
    if kind is not None and kind not in POST_TYPES:
        raise envelope.not_found()
    with support.reading() as connection:
        blog = place_to_read(connection, identifier)
        if asked.text("id"):
            return _single(connection, blog, asked)
        return _page(connection, blog, asked, kind)


def _single(connection: Connection, blog: Blog, asked: Parameters) -> Response:
    post = posts.get(connection, asked.whole("id") or 0)
    viewer = support.viewer(connection)
    hidden = post is not None and post.state != "published" and not viewer.owns(blog.id)
    if post is None or hidden or post.blog_id != blog.id:
        raise envelope.not_found()
    return envelope.answer(_answer_with_blog(connection, blog, [post], asked, total=1))


def _page(connection: Connection, blog: Blog, asked: Parameters, kind: str | None) -> Response:
    limit, offset = asked.limit(PAGE, PAGE_CAP), asked.offset()
    selection = _selection(connection, blog, asked, kind)
    if selection.before is not None and offset:
        raise envelope.bad_parameter("before and offset do not go together")
    oldest_first = asked.text("sort") == "asc"
    pinned = None if oldest_first else _pinned(connection, blog, selection)
    if pinned is not None:
        selection = replace(selection, without=pinned.id)
    on_top = [pinned] if pinned is not None and not offset and selection.position is None else []
    found = on_top + posts.of_blog(
        connection,
        blog.id,
        selection,
        limit=limit + 1 - len(on_top),
        offset=max(0, offset - 1) if pinned is not None else offset,
        oldest_first=oldest_first,
    )
    page, more = found[:limit], len(found) > limit
    total = posts.count(connection, blog.id, replace(_everything(selection), type=kind, tags=selection.tags))
    answer = _answer_with_blog(connection, blog, page, asked, total=total)
    if more:
        last = Position(page[-1].timestamp, page[-1].id) if len(page) > len(on_top) else START
        place = {"offset": str(offset + limit)} if oldest_first else _place(last)
        chosen = links.echoed(asked, "before", "after") | ({} if kind is None else {"type": kind})
        query = {**chosen, "tumblelog": blog.name, **place}
        answer |= links.next_link(f"/v2/blog/{blog.name}.tumblr.com/posts", query)
    return envelope.answer(answer)


def _everything(selection: Selection) -> Selection:
    """The same posts without a place to begin at."""
    return Selection(states=selection.states)


def _pinned(connection: Connection, blog: Blog, selection: Selection) -> StoredPost | None:
    """The post that stands first in the whole list, if the blog has one and the whole list is wanted."""
    whole = Selection(states=selection.states, position=selection.position)
    if blog.settings.pinned_post is None or selection != whole:
        return None
    post = posts.get(connection, blog.settings.pinned_post)
    return post if post is not None and post.blog_id == blog.id and post.state == "published" else None


def _selection(connection: Connection, blog: Blog, asked: Parameters, kind: str | None) -> Selection:
    owner = support.viewer(connection).owns(blog.id)
    token = asked.text("page_number")
    return Selection(
        states=("published", "private") if owner else ("published",),
        type=kind,
        tags=tuple(asked.array("tag")),
        before=asked.place("before"),
        after=asked.place("after"),
        before_id=asked.place("before_id"),
        position=None if not token else _read_position(token),
    )


def _answer_with_blog(
    connection: Connection, blog: Blog, found: list[StoredPost], asked: Parameters, *, total: int
) -> dict[str, Any]:
    viewer = support.viewer(connection)
    return {
        "blog": blog_info(connection, blog, support.base_url(), viewer.user),
        "posts": render(connection, found, viewer, view_options(asked)),
        "total_posts": total,
    }


def _place(last: Position) -> dict[str, str]:
    """What names the place after a post, alone: some clients forward nothing else."""
    packed = struct.pack(">qq", last.timestamp, last.id)
    return {"page_number": base64.urlsafe_b64encode(packed).decode().rstrip("=")}


def _read_position(token: str) -> Position:
    try:
        padded = token + "=" * (-len(token) % 4)
        timestamp, post_id = struct.unpack(">qq", base64.urlsafe_b64decode(padded))
        return Position(timestamp, post_id)
    except (ValueError, struct.error):
        raise envelope.bad_parameter("page_number is not one that was given out") from None


def queue(identifier: str) -> Response:
    """One's queue, soonest first."""
    support.signed_in()
    asked = support.parameters()
    limit, offset = asked.limit(PAGE, PAGE_CAP), asked.offset()
    with support.reading() as connection:
        blog = support.own_blog(connection, identifier)
        found = posts.queue_of(connection, blog.id, limit=limit + 1, offset=offset)
        return _private_list(connection, found, "queue", identifier, limit, {"offset": str(offset + limit)})


def drafts(identifier: str) -> Response:
    """One's drafts, newest first."""
    support.signed_in()
    asked = support.parameters()
    limit = asked.limit(PAGE, PAGE_CAP)
    before_id = asked.place("before_id")
    with support.reading() as connection:
        blog = support.own_blog(connection, identifier)
        found = posts.by_newest_id(connection, blog.id, "draft", limit=limit + 1, before_id=before_id)
        position = {"before_id": str(found[limit - 1].id)} if len(found) > limit else {}
        return _private_list(connection, found, "draft", identifier, limit, position)


def inbox(identifier: str) -> Response:
    """One's inbox, newest first."""
    support.signed_in()
    asked = support.parameters()
    limit, offset = asked.limit(PAGE, PAGE_CAP), asked.offset()
    with support.reading() as connection:
        blog = support.own_blog(connection, identifier)
        found = posts.by_newest_id(connection, blog.id, "submission", limit=limit + 1, offset=offset)
        position = {"offset": str(offset + limit)}
        return _private_list(connection, found, "submission", identifier, limit, position)


def _private_list(
    connection: Connection,
    found: list[StoredPost],
    name: str,
    identifier: str,
    limit: int,
    position: dict[str, str],
) -> Response:
    viewer = support.viewer(connection)
    asked = support.parameters()
    options = view_options(asked)
    answer: dict[str, Any] = {"posts": render(connection, found[:limit], viewer, options)}
    if len(found) > limit:
        query = {**links.echoed(asked), "limit": str(limit), **position}
        answer |= links.next_link(f"/v2/blog/{identifier}/posts/{name}", query)
    return envelope.answer(answer)


ROUTES: tuple[Route, ...] = (
    ("GET", "/blog/<identifier>/posts/queue", queue),
    ("GET", "/blog/<identifier>/posts/draft", drafts),
    ("GET", "/blog/<identifier>/posts/submission", inbox),
    ("GET", "/blog/<identifier>/posts", published),
    ("GET", "/blog/<identifier>/posts/<kind>", published),
)
