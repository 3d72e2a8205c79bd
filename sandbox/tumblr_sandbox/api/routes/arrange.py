"""Endpoints about posts one has: the editor's view, the order of the queue, muting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response
from sqlalchemy import Connection

from tumblr_sandbox.api import envelope, support
from tumblr_sandbox.api.support import Route, view_options
from tumblr_sandbox.clock import gmt_date, iso_date
from tumblr_sandbox.rendering.context import Surroundings, gather
from tumblr_sandbox.rendering.legacy import legacy_post
from tumblr_sandbox.rendering.npf import npf_post
from tumblr_sandbox.rendering.post import interactability
from tumblr_sandbox.services import queue
from tumblr_sandbox.store import posts
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.posts import StoredPost

FOR_EVER = 0


def editors_view(identifier: str, post_id: int) -> Response:
    """A post as an editor needs it, in NPF or, with ``post_format=legacy``, in the legacy form.

    One's own in any state; of other blogs what they have published.
    """
    support.signed_in()
    asked = support.parameters()
    form = asked.text("post_format") or "npf"
    if form not in ("npf", "legacy"):
        raise envelope.bad_parameter("post_format must be npf or legacy")
    with support.reading() as connection:
        post = _post_in_sight(connection, identifier, post_id)
        around = gather(connection, [post], support.viewer(connection), view_options(asked))
        return envelope.answer(_edit_view(post, around) if form == "npf" else legacy_post(post, around))


def _edit_view(post: StoredPost, around: Surroundings) -> dict[str, Any]:
    """The post in NPF for an editor. Ids are strings here."""
    shown = npf_post(post, around)
    scheduled = post.scheduled if post.queued_state == "scheduled" else None
    return {
        "object_type": "post",
        "type": "blocks",
        "id": str(post.id),
        "tumblelog_uuid": around.blogs[post.blog_id].uuid,
        "parent_post_id": None if post.parent is None else str(post.parent.id),
        "parent_tumblelog_uuid": None if post.parent is None else post.parent.blog_uuid,
        "reblog_key": post.reblog_key,
        "trail": shown["trail"],
        "content": shown["content"],
        "layout": shown["layout"],
        "state": post.state,
        "tags": list(post.tags),
        "date": gmt_date(post.timestamp),
        "slug": post.slug,
        "queued_state": post.queued_state,
        "scheduled_publish_time": post.scheduled,
        "publish_on": None if scheduled is None else iso_date(scheduled),
        "interactability_reblog": interactability(post),
    }


def _post_in_sight(connection: Connection, identifier: str, post_id: int) -> StoredPost:
    blog, post = support.visible_blog(connection, identifier), posts.get(connection, post_id)
    own = support.viewer(connection).owns(blog.id)
    if post is None or post.blog_id != blog.id or not (own or post.state == "published"):
        raise envelope.not_found()
    return post


def _own_post(connection: Connection, identifier: str, post_id: int) -> tuple[Blog, StoredPost]:
    blog = support.own_blog(connection, identifier)
    post = posts.get(connection, post_id)
    if post is None or post.blog_id != blog.id:
        raise envelope.not_found()
    return blog, post


def reorder(identifier: str) -> Response:
    """Move a queued post behind the one that ``insert_after`` names, or to the front with 0."""
    support.signed_in()
    asked = support.parameters()
    with support.writing() as connection:
        blog = support.own_blog(connection, identifier)
        post_id, after = asked.whole("post_id"), asked.whole("insert_after")
        if not queue.move(connection, blog, post_id or 0, after or 0):
            raise envelope.not_found()
    return envelope.answer([])


def shuffle(identifier: str) -> Response:
    """Put the queue into a random order."""
    support.signed_in()
    with support.writing() as connection:
        queue.shuffle(connection, support.own_blog(connection, identifier), support.world().rng)
    return envelope.answer([])


def mute(identifier: str, post_id: int) -> Response:
    """Hear no more of a post, for ``mute_length_seconds`` or for ever."""
    support.signed_in()
    seconds = support.parameters().whole("mute_length_seconds") or 0
    if seconds < 0:
        raise envelope.bad_parameter("mute_length_seconds must not be negative")
    return _set_muted(identifier, post_id, int(support.now()) + seconds if seconds else FOR_EVER)


def unmute(identifier: str, post_id: int) -> Response:
    """Hear of a post again."""
    support.signed_in()
    return _set_muted(identifier, post_id, None)


def _set_muted(identifier: str, post_id: int, until: int | None) -> Response:
    with support.writing() as connection:
        _, post = _own_post(connection, identifier, post_id)
        posts.save(connection, replace(post, muted_until=until))
    return envelope.answer([])


ROUTES: tuple[Route, ...] = (
    ("GET", "/blog/<identifier>/posts/<int:post_id>", editors_view),
    ("POST", "/blog/<identifier>/posts/queue/reorder", reorder),
    ("POST", "/blog/<identifier>/posts/queue/shuffle", shuffle),
    ("POST", "/blog/<identifier>/posts/<int:post_id>/mute", mute),
    ("DELETE", "/blog/<identifier>/posts/<int:post_id>/mute", unmute),
)
