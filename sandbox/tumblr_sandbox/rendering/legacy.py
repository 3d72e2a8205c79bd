"""A post in the legacy form: type fields, the chain as nested blockquotes, a trail with everyone in it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tumblr_sandbox.markup.content import Content, TrailItem, blog_url, contributors, quoted_chain
from tumblr_sandbox.markup.html import render_content
from tumblr_sandbox.markup.text import plain_text
from tumblr_sandbox.rendering.blog import GONE_BLOG, THEME
from tumblr_sandbox.rendering.context import Surroundings
from tumblr_sandbox.rendering.post import head_fields, tail_fields
from tumblr_sandbox.rendering.types import legacy_fields
from tumblr_sandbox.services.posting import reference
from tumblr_sandbox.store.posts import StoredPost


def legacy_post(post: StoredPost, around: Surroundings) -> dict[str, Any]:
    own = post.content.as_html()
    quoted = quoted_chain(post.trail, around.gone, root_speaks=_root_speaks(post))
    text = quoted + own
    view = {
        **head_fields(post, around, post.type),
        "format": "html",
        **legacy_fields(post, plain_text(text) if around.options.plain else text, around.options.base_url),
        "reblog": {"comment": _boxed(post.content, own), "tree_html": quoted},
        "trail": _trail(post, around),
        **tail_fields(post, around),
    }
    if post.type == "photo":
        view["image_permalink"] = f"{blog_url(view['blog_name'])}image/{post.id}"
    return view


def _root_speaks(post: StoredPost) -> bool:
    """Whether the root said something although it has no text: who quotes is named, also without a source."""
    return post.type == "quote"


def _boxed(content: Content, html: str) -> str:
    """What was made in NPF stands in one more paragraph wherever a single contribution is shown."""
    return f"<p>{html}</p>" if content.made_in_npf and html else html


def _trail(post: StoredPost, around: Surroundings) -> list[dict[str, Any]]:
    """One entry for each contributor, root first, the shown post last if it added anything.

    For an ask the entry holds the answer, so an unanswered one has none.
    """
    entries = [_entry(item, around.gone) for item in contributors(post.trail, root_speaks=_root_speaks(post))]
    if not post.content.is_empty():
        ref = reference(post, around.blogs[post.blog_id])
        shown = TrailItem(ref, post.timestamp, post.content, post.title, is_root=not post.is_reblog)
        entries.append({**_entry(shown, ()), "is_current_item": True})
    return entries


def _entry(item: TrailItem, gone: Collection[str]) -> dict[str, Any]:
    html = _boxed(item.content, item.own_html())
    there = {"name": item.post.blog_name, "active": True, "theme": THEME, "can_be_followed": True}
    entry: dict[str, Any] = {
        "blog": GONE_BLOG if item.post.blog_uuid in gone else {**GONE_BLOG, **there},
        "post": {"id": str(item.post.id)},
        "content_raw": html,
        "content": render_content(html),
    }
    if item.is_root:
        entry["is_root_item"] = True
    return entry
