"""The endpoint that lists what happened to a blog."""

from __future__ import annotations

from typing import Any

from flask import Response
from sqlalchemy import Connection

from tumblr_sandbox.api import envelope, links, support
from tumblr_sandbox.api.params import Parameters
from tumblr_sandbox.api.support import Route
from tumblr_sandbox.rendering.notifications import notification_json
from tumblr_sandbox.store import accounts, social
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.social import Notification

PAGE = 20
ITEM_TYPES = {
    "like": "like",
    "reply": "reply",
    "follow": "follower",
    "mention_in_reply": "mention_in_reply",
    "mention_in_post": "user_mention",
    "reblog_naked": "reblog_naked",
    "reblog_with_content": "reblog",
    "ask": "ask",
    "answered_ask": "answered_ask",
    "new_group_blog_member": "new_group_blog_member",
    "post_attribution": "post_attribution",
    "post_flagged": "post_flagged",
    "post_appeal_accepted": "post_appeal_accepted",
    "post_appeal_rejected": "post_appeal_rejected",
    "what_you_missed": "what_you_missed",
    "conversational_note": "conversational_note",
    "spam_reported": "spam_reported",
}
"""What a filter is called, and what the items it lets through are called."""


def list_notifications(identifier: str) -> Response:
    """What happened to the caller's blog, newest first; similar items are never rolled up into one."""
    support.signed_in()
    asked = support.parameters()
    kinds = [_item_type(name) for name in asked.array("types")]
    omitted = set(asked.array("omit_post_ids"))
    before = links.read_moment("before", asked.text("before"))
    with support.reading() as connection:
        blog = support.own_blog(connection, identifier)
        found = social.notifications_of(connection, blog.id, kinds=kinds, before=before, limit=PAGE + 1)
        page = [one for one in found[:PAGE] if one.data.get("target") not in omitted]
        answer: dict[str, Any] = {"notifications": _views(connection, blog, page)}
    if len(found) > PAGE:
        answer |= _next_page(blog, asked, links.place_between(found[PAGE - 1].moment, found[PAGE].moment))
    return envelope.answer(answer)


def _item_type(name: str) -> str:
    if name not in ITEM_TYPES:
        raise envelope.bad_parameter(f"unknown notification type {name}")
    return ITEM_TYPES[name]


def _next_page(blog: Blog, asked: Parameters, before: str) -> dict[str, Any]:
    query = {
        f"{name}[{index}]": value
        for name in ("types", "omit_post_ids")
        for index, value in enumerate(asked.array(name))
    }
    if asked.text("rollups"):
        query["rollups"] = str(asked.text("rollups"))
    return links.next_link(f"/v2/blog/{blog.name}/notifications", {**query, "before": before})


def _views(connection: Connection, blog: Blog, page: list[Notification]) -> list[dict[str, Any]]:
    followed = set(social.followed_ids(connection, blog.owner_id))
    authors = accounts.blogs_by_name(connection, {one.data["from"] for one in page if one.data["from"]})
    return [
        notification_json(one, blog, author, followed=author is not None and author.id in followed)
        for one in page
        for author in (authors.get(one.data["from"] or ""),)
    ]


ROUTES: tuple[Route, ...] = (("GET", "/blog/<identifier>/notifications", list_notifications),)
