"""A post in the NPF form: blocks and layout, and a trail that holds its ancestors but not itself."""

from __future__ import annotations

from typing import Any

from sandbox.markup.content import Content, PostRef, TrailItem, blog_url
from sandbox.markup.npf_from_html import Block, Mentioned, NpfContent
from sandbox.store.posts import StoredPost
from sandbox.views.blog import THEME, avatars
from sandbox.views.context import Surroundings
from sandbox.views.post import asking_fields, head_fields, tail_fields

ORIGINAL_TYPES = {
    "text": "regular",
    "answer": "note",
    "quote": "quote",
    "link": "link",
    "chat": "conversation",
}


def npf_post(post: StoredPost, around: Surroundings) -> dict[str, Any]:
    """The whole post. ``content``, ``layout`` and ``trail`` are always there, also inside the trail."""
    content, layout = _own_blocks(post, around.mentioned)
    view = {
        **head_fields(post, around, "blocks"),
        "original_type": ORIGINAL_TYPES[post.type],
        "content": content,
        "layout": layout,
        "trail": [_entry(item, post, around) for item in post.trail if _shows(item, post)],
        **tail_fields(post, around),
    }
    if post.type == "answer":
        view |= asking_fields(post, around.options.base_url)
    return view


def _shows(item: TrailItem, post: StoredPost) -> bool:
    return not item.content.is_empty() or (item.is_root and bool(_root_blocks(post)))


def _own_blocks(post: StoredPost, mentioned: Mentioned) -> tuple[list[Block], list[Block]]:
    own = post.content.as_npf(mentioned)
    return _with_layout([], own, None) if post.is_reblog else _root_form(post, own)


def _entry(item: TrailItem, post: StoredPost, around: Surroundings) -> dict[str, Any]:
    own = item.content.as_npf(around.mentioned)
    content, layout = _root_form(post, own) if item.is_root else _with_layout([], own, None)
    return {
        "post": {"id": str(item.post.id), "timestamp": item.timestamp, "is_commercial": False},
        "blog": _trail_blog(item.post, item.timestamp, around.options.base_url),
        "content": content,
        "layout": layout,
    }


def _trail_blog(ref: PostRef, updated: int, base_url: str) -> dict[str, Any]:
    return {
        "name": ref.blog_name,
        "title": ref.blog_title,
        "description": "",
        "url": blog_url(ref.blog_name),
        "uuid": ref.blog_uuid,
        "updated": updated,
        "avatar": avatars(base_url, ref.blog_name),
        "theme": THEME,
    }


def _root_form(post: StoredPost, own: NpfContent) -> tuple[list[Block], list[Block]]:
    """Blocks and layout of a tree's root: the blocks of its type come before its text.

    A reblog carries the root's type fields, so they can be read off the shown post.
    """
    if post.type != "answer":
        return _with_layout(_root_blocks(post), own, None)
    question = Content.from_json(post.details["question"]).as_npf().blocks
    ask: Block = {"type": "ask", "blocks": list(range(len(question)))}
    asker = post.details["asker"]
    if asker is not None:
        ask["attribution"] = {
            "type": "blog",
            "url": blog_url(asker["name"]).rstrip("/"),
            "blog": {
                "name": asker["name"],
                "title": asker["title"],
                "description": "",
                "url": blog_url(asker["name"]),
                "uuid": asker["uuid"],
                "updated": 0,
            },
        }
    return _with_layout(question, own, ask)


def _root_blocks(post: StoredPost) -> list[Block]:
    """The blocks that stand for a type's own fields."""
    details = post.details
    match post.type:
        case "quote":
            return [{"type": "text", "text": details["text"], "subtype": "quote"}]
        case "link":
            title = details.get("title") or details["url"]
            return [{"type": "link", "url": details["url"], "title": title}]
        case "answer":
            return Content.from_json(details["question"]).as_npf().blocks
        case _ if post.title:
            return [{"type": "text", "text": post.title, "subtype": "heading1"}]
    return []


def _with_layout(before: list[Block], own: NpfContent, ask: Block | None) -> tuple[list[Block], list[Block]]:
    """All blocks, and the layouts they need: the ask, and rows when there is something to say about them."""
    layout: list[Block] = [] if ask is None else [ask]
    own_indices = range(len(before), len(before) + len(own.blocks))
    rows = own_indices if ask is not None else range(own_indices.stop)
    if ask is not None or own.truncate_after is not None:
        row_layout: Block = {"type": "rows", "display": [{"blocks": [index]} for index in rows]}
        if own.truncate_after is not None:
            row_layout["truncate_after"] = own.truncate_after + len(before)
        if rows:
            layout.append(row_layout)
    return [*before, *own.blocks], layout
