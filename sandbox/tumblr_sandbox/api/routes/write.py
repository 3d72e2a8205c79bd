"""Endpoints that write posts in the legacy form: create, edit (and answer), reblog, delete."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from sqlalchemy import Connection

from tumblr_sandbox.api import envelope, legacy_form, support, upload_forms
from tumblr_sandbox.api.communities import post_to_delete
from tumblr_sandbox.api.params import Parameters
from tumblr_sandbox.api.support import Route
from tumblr_sandbox.services.uploads import Handed
from tumblr_sandbox.store import posts
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.posts import StoredPost


def create(identifier: str) -> Response:
    """Write a new post."""
    user = support.signed_in()
    asked, world, now = support.parameters(), support.world(), support.now()
    kind = asked.text("type") or "text"
    if kind not in legacy_form.TEXT_FIELD or kind == "answer":
        raise envelope.legacy_refusal(400, f"Unknown type - {kind}")
    handed = _handed(asked, kind)
    with support.writing() as connection:
        blog = support.own_blog(connection, identifier)
        given = handed.keep(connection, user, world.limits, now)
        written = legacy_form.read_written(asked, kind, given)
        post = world.writer.create(connection, blog, written, now)
    return envelope.answer(created(blog, post), 201)


def _handed(asked: Parameters, kind: str) -> Handed:
    if kind == "photo":
        return upload_forms.pictures(request, asked)
    return upload_forms.recording(request) if kind in ("audio", "video") else Handed()


def reblog(identifier: str) -> Response:
    """Reblog the post with this id and reblog key onto a blog."""
    support.signed_in()
    asked = support.parameters()
    with support.writing() as connection:
        blog = support.own_blog(connection, identifier)
        parent = posts.get(connection, asked.whole("id") or 0)
        if parent is None or parent.reblog_key != asked.text("reblog_key"):
            raise envelope.wrong_key()
        written = legacy_form.read_reblog(asked)
        post = support.world().writer.reblog(connection, blog, parent, written, support.now())
    return envelope.answer(created(blog, post), 201)


def edit(identifier: str) -> Response:
    """Change a post; what is not named stays. Publishing gives it a new id, which is in the answer."""
    support.signed_in()
    asked = support.parameters()
    with support.writing() as connection:
        blog, post = _own_post(connection, identifier, asked)
        changes = legacy_form.read_changes(asked, post)
        post = support.world().writer.edit(connection, blog, post, changes, support.now())
    return envelope.answer({"id": post.id, "id_string": str(post.id)})


def delete(identifier: str) -> Response:
    """Delete a post in any state."""
    support.signed_in()
    with support.writing() as connection:
        post = post_to_delete(connection, identifier, support.parameters().whole("id") or 0)
        support.world().writer.delete(connection, post)
    return envelope.answer({"id": post.id})


def _own_post(connection: Connection, identifier: str, asked: Parameters) -> tuple[Blog, StoredPost]:
    blog = support.own_blog(connection, identifier)
    post = posts.get(connection, asked.whole("id") or 0)
    if post is None or post.blog_id != blog.id:
        raise envelope.not_found()
    return blog, post


def created(blog: Blog, post: StoredPost) -> dict[str, Any]:
    """What the author of a new post is told."""
    verb = {"published": "Posted to", "queued": "Added to the queue of", "draft": "Saved as a draft on"}
    return {
        "id": post.id,
        "id_string": str(post.id),
        "state": post.state,
        "display_text": f"{verb.get(post.state, 'Saved on')} {blog.name}",
    }


ROUTES: tuple[Route, ...] = (
    ("POST", "/blog/<identifier>/post", create),
    ("POST", "/blog/<identifier>/post/edit", edit),
    ("POST", "/blog/<identifier>/post/reblog", reblog),
    ("POST", "/blog/<identifier>/post/delete", delete),
)
