"""A post in the NPF form: blocks and layout, and a trail that holds its ancestors but not itself."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

from tumblr_sandbox.markup.content import PostRef, TrailItem, blog_url
from tumblr_sandbox.markup.npf_from_html import Block, Mentioned, NpfContent
from tumblr_sandbox.rendering.blog import THEME, avatars
from tumblr_sandbox.rendering.context import Surroundings
from tumblr_sandbox.rendering.post import head_fields, tail_fields
from tumblr_sandbox.rendering.types import asking_fields, original_type, photoset_layout, type_blocks
from tumblr_sandbox.store.posts import StoredPost


def npf_post(post: StoredPost, around: Surroundings) -> dict[str, Any]:
    """The whole post. ``content``, ``layout`` and ``trail`` are always there, also inside the trail."""
    content, layout = _own_blocks(post, around.mentioned)
    view = {
        **head_fields(post, around, "blocks"),
        "original_type": original_type(post),
        "content": content,
        "layout": layout,
        "trail": [_entry(item, post, around) for item in post.trail if _shows(item, post)],
        **tail_fields(post, around),
    }
    if post.type == "answer":
        view |= asking_fields(post, around.options.base_url)
    return view


def _shows(item: TrailItem, post: StoredPost) -> bool:
    return not item.content.is_empty() or (item.is_root and bool(type_blocks(post)))


def _own_blocks(post: StoredPost, mentioned: Mentioned) -> tuple[list[Block], list[Block]]:
    own = post.content.as_npf(mentioned)
    return _with_layout([], own) if post.is_reblog else _root_form(post, own)


def _entry(item: TrailItem, post: StoredPost, around: Surroundings) -> dict[str, Any]:
    own = item.content.as_npf(around.mentioned)
    content, layout = _root_form(post, own) if item.is_root else _with_layout([], own)
    if item.post.blog_uuid in around.gone:
        return {
            "broken_blog_name": item.post.blog_name,
            "post": {"timestamp": item.timestamp, "is_commercial": False},
            "content": content,
            "layout": layout,
        }
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
    if post.type == "chat":
        own = replace(own, blocks=[{**block, "subtype": "chat"} for block in own.blocks])
    if post.type != "answer":
        return _with_layout(type_blocks(post), own, first_rows=_photo_rows(post))
    question = type_blocks(post)
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


def _photo_rows(post: StoredPost) -> list[Block] | None:
    """The rows of a photo set, when any of them has more than one picture."""
    if post.type != "photo" or not post.details.get("layout"):
        return None
    ends = list(accumulate(map(int, photoset_layout(post)), initial=0))
    return [{"blocks": list(range(start, end))} for start, end in pairwise(ends)]


def _with_layout(
    before: list[Block], own: NpfContent, ask: Block | None = None, first_rows: list[Block] | None = None
) -> tuple[list[Block], list[Block]]:
    """All blocks, and the layouts they need: the ask, and rows when there is something to say about them.

    With an ask the rows are those of the answer; ``first_rows`` are those of the blocks before.
    """
    layout: list[Block] = [] if ask is None else [ask]
    start, end = len(before), len(before) + len(own.blocks)
    rows = (
        [{**row, "blocks": [index + start for index in row["blocks"]]} for row in own.rows]
        if own.rows is not None
        else [{"blocks": [index]} for index in range(start, end)]
    )
    if ask is None:
        rows = (first_rows or [{"blocks": [index]} for index in range(start)]) + rows
    arranged = own.rows is not None or first_rows is not None
    if rows and (ask is not None or arranged or own.truncate_after is not None):
        row_layout: Block = {"type": "rows", "display": rows}
        if own.truncate_after is not None:
            row_layout["truncate_after"] = own.truncate_after + start
        layout.append(row_layout)
    return [*before, *own.blocks], layout
