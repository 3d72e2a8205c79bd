"""Notes as the API shows them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any

from tumblr_sandbox.markup.content import blog_url
from tumblr_sandbox.markup.npf_from_html import Mentioned
from tumblr_sandbox.rendering.blog import avatar_url
from tumblr_sandbox.services.events import MENTION
from tumblr_sandbox.store.accounts import Byline
from tumblr_sandbox.store.notes import Note


def note_author(blog: Byline, *, followed: bool, base_url: str) -> dict[str, Any]:
    """What every note of a blog says of it."""
    return {
        "blog_name": blog.name,
        "blog_uuid": blog.uuid,
        "blog_url": blog_url(blog.name),
        "followed": followed,
        "avatar_shape": "square",
        "avatar_url": {str(size): avatar_url(base_url, blog.name, size) for size in (64, 128)},
    }


def note_json(
    note: Note, author: Mapping[str, Any], mentioned: Mentioned, *, with_tags: bool = False
) -> dict[str, Any]:
    """One note, whose ``author`` is told by ``note_author``. Replies name no post; what a reblog added is
    plain text."""
    view: dict[str, Any] = {"type": note.kind, "timestamp": note.timestamp, **author}
    if note.kind == "reblog":
        view |= _reblog_fields(note, with_tags=with_tags)
    elif note.kind == "reply":
        view |= {"reply_text": note.text, "formatting": _mentions(note.text, mentioned), "can_block": False}
    return view


Authors = Callable[[int], Mapping[str, Any]]
"""What every note of a blog says of it, by the blog's number."""


def note_authors(blogs: Mapping[int, Byline], *, followed: Collection[int], base_url: str) -> Authors:
    """Tells of each blog once, however many notes it has."""

    @cache
    def author(blog_id: int) -> dict[str, Any]:
        return note_author(blogs[blog_id], followed=blog_id in followed, base_url=base_url)

    return author


def _mentions(text: str, mentioned: Mentioned) -> list[dict[str, Any]]:
    """Where a reply names existing blogs, in code points."""
    found = ((match.span(), mentioned(match.group(1).lower())) for match in MENTION.finditer(text))
    return [
        {"start": start, "end": end, "type": "mention", "blog": blog}
        for (start, end), blog in found
        if blog is not None
    ]


def _reblog_fields(note: Note, *, with_tags: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {"post_id": str(note.post_id), "reblog_parent_blog_name": note.parent_blog}
    if note.text:
        fields["added_text"] = note.text
    if with_tags:
        fields["tags"] = list(note.tags)
    return fields
