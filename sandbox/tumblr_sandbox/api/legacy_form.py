"""What the parameters of the legacy writing endpoints mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tumblr_sandbox import media
from tumblr_sandbox.api import envelope
from tumblr_sandbox.api.params import Parameters
from tumblr_sandbox.clock import parse_date
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.markup.html import MAX_TEXT_BYTES, markdown, paragraphs, sanitise
from tumblr_sandbox.markup.text import make_slug, plain_text, split_tags
from tumblr_sandbox.media import Medium
from tumblr_sandbox.services.posting import Changes, Written
from tumblr_sandbox.store.posts import StoredPost

STATES = {
    "published": "published",
    "queue": "queued",
    "draft": "draft",
    "private": "private",
}
EDIT_STATES = {**STATES, "queued": "queued", "submission": "submission"}
CREATE_STATES = {**STATES, "queued": "published"}
"""Creating with ``queued`` (not ``queue``) published at once."""

TEXT_FIELD = {
    "text": "body",
    "quote": "source",
    "link": "description",
    "answer": "answer",
    "chat": "conversation",
    "photo": "caption",
    "audio": "caption",
    "video": "caption",
}
"""Which parameter holds a type's own text."""
DETAILS: dict[str, dict[str, str]] = {
    "quote": {"quote": "text"},
    "link": {
        "url": "url",
        "title": "title",
        "author": "author",
        "excerpt": "excerpt",
        "thumbnail": "thumbnail",
    },
    "photo": {"link": "link", "photoset_layout": "layout"},
    "audio": {"external_url": "url"},
    "video": {"embed": "url"},
}
"""Which other parameters a type has, and under what names they are kept."""
ADDRESSES = frozenset({"url", "link", "thumbnail"})
"""Details that are addresses."""
TITLED = ("text", "chat")
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+")


def read_written(asked: Parameters, kind: str, given: Sequence[Medium]) -> Written:
    """A new post of a type; ``given`` are the files that came with it."""
    details = _details(asked, kind) | _media_details(kind, given)
    text = asked.text(TEXT_FIELD[kind])
    if _lacks_what_it_needs(kind, text, details):
        raise envelope.empty_post()
    return Written(
        type=kind,
        title=asked.text("title") if kind in TITLED else None,
        content=_content(asked, kind, text or ""),
        details=details,
        **_common(asked),
    )


def read_reblog(asked: Parameters) -> Written:
    """A reblog with the author's comment, if there is one."""
    return Written(content=Content(html=html(asked, asked.text("comment") or "")), **_common(asked))


def read_changes(asked: Parameters, post: StoredPost) -> Changes:
    """What is named of a post; the rest stays."""
    kind = asked.text("type")
    if kind and kind != post.type:
        raise envelope.legacy_refusal(400, "The type of a post cannot be changed.")
    tags, slug = asked.text("tags"), asked.text("slug")
    return Changes(
        content=_changed_content(asked, post),
        state=_state(asked, EDIT_STATES),
        title=asked.text("title") if post.type in TITLED else None,
        details=None if post.is_reblog else _details(asked, post.type),
        tags=None if tags is None else tuple(split_tags(tags)),
        slug=slug or None,
        date=_date(asked),
    )


def _changed_content(asked: Parameters, post: StoredPost) -> Content | None:
    """The new own words, if any are named; of a reblog they come as ``comment`` or as the type's text."""
    if post.is_reblog and asked.text("comment") is not None:
        return Content(html=html(asked, asked.text("comment") or ""))
    text = asked.text(TEXT_FIELD[post.type])
    return None if text is None else _content(asked, post.type, text)


def _content(asked: Parameters, kind: str, text: str) -> Content:
    if kind == "chat":
        return Content(html=sanitise(paragraphs(text.replace("\n", "\n\n"))))
    return Content(html=html(asked, text))


def html(asked: Parameters, text: str) -> str:
    """What is kept of posted text: sanitised HTML."""
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise envelope.legacy_refusal(400, "Post is too long.")
    return sanitise(media.to_stored(markdown(text) if asked.text("format") == "markdown" else text))


def _details(asked: Parameters, kind: str) -> dict[str, Any]:
    given = ((kept, asked.text(name)) for name, kept in DETAILS.get(kind, {}).items())
    return {kept: _detail(asked, kept, value) for kept, value in given if value}


def _detail(asked: Parameters, name: str, value: str) -> str:
    if name == "text":
        return plain_text(html(asked, value))
    if name not in ADDRESSES:
        return value
    # Embedded players come as HTML, of which only the address is kept.
    found = _ADDRESS.search(value)
    if found is None:
        raise envelope.legacy_refusal(400, "Invalid URL")
    return media.to_stored(found.group())


def _media_details(kind: str, given: Sequence[Medium]) -> dict[str, Any]:
    if not given:
        return {}
    if kind == "photo":
        return {"photos": [dict(vars(medium)) for medium in given]}
    return {"medium": dict(vars(given[0])), "url": given[0].url}


def _lacks_what_it_needs(kind: str, text: str | None, details: Mapping[str, Any]) -> bool:
    needed = {"quote": "text", "link": "url", "photo": "photos", "audio": "url", "video": "url"}
    if kind in needed:
        return not details.get(needed[kind])
    return not text or not text.strip()


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


def _common(asked: Parameters) -> dict[str, Any]:
    slug = asked.text("slug")
    return {
        "state": _state(asked, CREATE_STATES) or "published",
        "tags": tuple(split_tags(asked.text("tags") or "")),
        "slug": make_slug(slug) if slug else None,
        "date": _date(asked),
    }
