"""Endpoints that write posts in the legacy form: create, edit (and answer), reblog, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response
from sqlalchemy import Connection

from sandbox.api import envelope, support
from sandbox.api.params import Parameters
from sandbox.api.support import Route
from sandbox.clock import parse_date
from sandbox.markup.content import Content
from sandbox.markup.html import MAX_TEXT_BYTES, markdown, paragraphs, sanitise
from sandbox.markup.text import make_slug, plain_text, split_tags
from sandbox.posting import Changes, Written
from sandbox.store import posts
from sandbox.store.accounts import Blog
from sandbox.store.posts import StoredPost

STATES = {
    "published": "published",
    "queue": "queued",
    "draft": "draft",
    "private": "private",
}
EDIT_STATES = {**STATES, "queued": "queued", "submission": "submission"}
CREATE_STATES = {**STATES, "queued": "published"}
"""Creating with ``queued`` (not ``queue``) published at once."""

TEXT_FIELD = {"text": "body", "quote": "source", "link": "description", "answer": "answer"}
"""Which parameter holds a type's own text."""
MEDIA_TYPES = frozenset({"photo", "audio", "video"})


def create(identifier: str) -> Response:
    """Write a new post."""
    support.signed_in()
    asked = support.parameters()
    with support.writing() as connection:
        blog = support.own_blog(connection, identifier)
        written = _read_written(asked)
        post = support.world().writer.create(connection, blog, written, support.now())
    return envelope.answer(_created(blog, post), 201)


def reblog(identifier: str) -> Response:
    """Reblog the post with this id and reblog key onto a blog."""
    support.signed_in()
    asked = support.parameters()
    with support.writing() as connection:
        blog = support.own_blog(connection, identifier)
        parent = posts.get(connection, asked.whole("id") or 0)
        if parent is None or parent.reblog_key != asked.text("reblog_key"):
            raise envelope.wrong_key()
        written = Written(
            content=Content(html=_html(asked, asked.text("comment") or "")), **_common(asked, CREATE_STATES)
        )
        post = support.world().writer.reblog(connection, blog, parent, written, support.now())
    return envelope.answer(_created(blog, post), 201)


def edit(identifier: str) -> Response:
    """Change a post; what is not named stays. Publishing gives it a new id, which is in the answer."""
    support.signed_in()
    asked = support.parameters()
    with support.writing() as connection:
        blog, post = _own_post(connection, identifier, asked)
        changes = _read_changes(asked, post)
        post = support.world().writer.edit(connection, blog, post, changes, support.now())
    return envelope.answer({"id": post.id, "id_string": str(post.id)})


def delete(identifier: str) -> Response:
    """Delete a post in any state."""
    support.signed_in()
    with support.writing() as connection:
        _, post = _own_post(connection, identifier, support.parameters())
        support.world().writer.delete(connection, post)
    return envelope.answer({"id": post.id})


def _own_post(connection: Connection, identifier: str, asked: Parameters) -> tuple[Blog, StoredPost]:
    blog = support.own_blog(connection, identifier)
    post = posts.get(connection, asked.whole("id") or 0)
    if post is None or post.blog_id != blog.id:
        raise envelope.not_found()
    return blog, post


def _created(blog: Blog, post: StoredPost) -> dict[str, Any]:
    verb = {"published": "Posted to", "queued": "Added to the queue of", "draft": "Saved as a draft on"}
    return {
        "id": post.id,
        "id_string": str(post.id),
        "state": post.state,
        "display_text": f"{verb.get(post.state, 'Saved on')} {blog.name}",
    }


def _html(asked: Parameters, text: str) -> str:
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise envelope.legacy_refusal(400, "Post is too long.")
    return sanitise(markdown(text) if asked.text("format") == "markdown" else text)


def _state(asked: Parameters, states: dict[str, str]) -> str | None:
    name = asked.text("state")
    if not name:
        return None
    if name not in states:
        raise envelope.legacy_refusal(400, f"Unknown state - {name}")
    return states[name]


def _date(asked: Parameters) -> int | None:
    text = asked.text("publish_on") or asked.text("date")
    if not text:
        return None
    date = parse_date(text)
    if date is None:
        raise envelope.legacy_refusal(400, "Invalid date")
    return date


def _common(asked: Parameters, states: dict[str, str]) -> dict[str, Any]:
    slug = asked.text("slug")
    return {
        "state": _state(asked, states) or "published",
        "tags": tuple(split_tags(asked.text("tags") or "")),
        "slug": make_slug(slug) if slug else None,
        "date": _date(asked),
    }


def _read_written(asked: Parameters) -> Written:
    kind = asked.text("type") or "text"
    if kind in MEDIA_TYPES:
        raise envelope.legacy_refusal(400, f"This sandbox does not take {kind} posts yet.")
    if kind not in _READERS:
        raise envelope.legacy_refusal(400, f"Unknown type - {kind}")
    return Written(type=kind, **_READERS[kind](asked), **_common(asked, CREATE_STATES))


def _needed(asked: Parameters, name: str) -> str:
    value = asked.text(name)
    if not value or not value.strip():
        raise envelope.empty_post()
    return value


def _text(asked: Parameters) -> dict[str, Any]:
    return {
        "title": asked.text("title"),
        "content": Content(html=_html(asked, _needed(asked, "body"))),
    }


def _quote(asked: Parameters) -> dict[str, Any]:
    text = plain_text(_html(asked, _needed(asked, "quote")))
    return {"details": {"text": text}, "content": Content(html=_html(asked, asked.text("source") or ""))}


def _link(asked: Parameters) -> dict[str, Any]:
    details = {"url": _needed(asked, "url")}
    for name in ("title", "author", "excerpt"):
        if asked.text(name):
            details[name] = str(asked.text(name))
    content = Content(html=_html(asked, asked.text("description") or ""))
    return {"details": details, "content": content}


def _chat(asked: Parameters) -> dict[str, Any]:
    lines = paragraphs(_needed(asked, "conversation").replace("\n", "\n\n"))
    return {"title": asked.text("title"), "content": Content(html=sanitise(lines))}


_READERS: dict[str, Callable[[Parameters], dict[str, Any]]] = {
    "text": _text,
    "quote": _quote,
    "link": _link,
    "chat": _chat,
}


def _read_changes(asked: Parameters, post: StoredPost) -> Changes:
    kind = asked.text("type")
    if kind and kind != post.type:
        raise envelope.legacy_refusal(400, "The type of a post cannot be changed.")
    tags, slug = asked.text("tags"), asked.text("slug")
    return Changes(
        content=_changed_content(asked, post),
        state=_state(asked, EDIT_STATES),
        title=asked.text("title") if post.type in ("text", "chat") else None,
        tags=None if tags is None else tuple(split_tags(tags)),
        slug=slug or None,
        date=_date(asked),
    )


def _changed_content(asked: Parameters, post: StoredPost) -> Content | None:
    """The new own words, if any are named; of a reblog they come as ``comment`` or as the type's text."""
    if post.is_reblog and asked.text("comment") is not None:
        return Content(html=_html(asked, asked.text("comment") or ""))
    if post.type == "chat":
        lines = asked.text("conversation")
        return None if lines is None else Content(html=sanitise(paragraphs(lines.replace("\n", "\n\n"))))
    text = asked.text(TEXT_FIELD[post.type])
    return None if text is None else Content(html=_html(asked, text))


ROUTES: tuple[Route, ...] = (
    ("POST", "/blog/<identifier>/post", create),
    ("POST", "/blog/<identifier>/post/edit", edit),
    ("POST", "/blog/<identifier>/post/reblog", reblog),
    ("POST", "/blog/<identifier>/post/delete", delete),
)
