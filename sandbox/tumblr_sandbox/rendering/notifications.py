"""Notifications as the API shows them."""

from __future__ import annotations

from typing import Any

from tumblr_sandbox.rendering.types import ORIGINAL_TYPES
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.social import Notification

TEXTS = {
    "reply": ("reply_text",),
    "mention_in_reply": ("reply_text",),
    "reblog": ("added_text",),
}
"""What was written, by kind of item."""
NAMES_A_POST = frozenset({"user_mention", "reblog", "reblog_naked", "ask", "answered_ask"})
"""Items that name the post that was made, beside the one they are about."""


def notification_json(
    item: Notification, blog: Blog, author: Blog | None, *, followed: bool
) -> dict[str, Any]:
    """One notification of ``blog``; without an author it was somebody anonymous."""
    data = item.data
    name, uuid = (data["from"] or "", data.get("from_uuid") or (author.uuid if author else ""))
    # A mention is about the post of whoever mentions; everything else is about the blog's own. Either may
    # stand in a community.
    target = (name, uuid) if item.kind in ("user_mention", "answered_ask") else (blog.name, blog.uuid)
    place = data.get("place")
    if place is not None:
        target = (place["name"], place["uuid"])
    kind = ORIGINAL_TYPES.get(data.get("type", "text"), "regular")
    view: dict[str, Any] = {
        "id": f"{item.moment}",
        "type": item.kind,
        "timestamp": item.timestamp,
        "before": item.timestamp,
        "unread": True,
        "target_post_id": data.get("target") or "",
        "target_post_summary": data.get("summary", ""),
        "target_tumblelog_name": target[0],
        "target_tumblelog_uuid": target[1],
        "from_tumblelog_name": name,
        "from_tumblelog_uuid": uuid,
        "from_tumblelog_is_adult": False,
        "followed": followed,
        "target_root_post_id": data.get("root"),
        "private_channel": False,
        "target_post_type": kind,
        "post_type": kind,
        "reblog_key": data.get("reblog_key", ""),
        "media_url": "",
        "media_url_large": "",
    }
    return view | _more(item)


def _more(item: Notification) -> dict[str, Any]:
    """What only some kinds of items have."""
    data = item.data
    more: dict[str, Any] = {name: data.get(name, "") for name in TEXTS.get(item.kind, ())}
    if item.kind in NAMES_A_POST:
        more["post_id"] = data["post_id"]
    if item.kind in ("reblog", "reblog_naked"):
        more["post_tags"] = data.get("tags", [])
    if item.kind in ("user_mention", "reply", "mention_in_reply", "reblog"):
        more["can_reply"] = True
    if item.kind == "ask" and data["from"] is None:
        more["is_anonymous"] = True
    return more
