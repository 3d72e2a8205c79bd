"""The endpoint that lists posts with a tag."""

from __future__ import annotations

from flask import Response

from tumblr_sandbox.api import envelope, support
from tumblr_sandbox.api.support import Route, view_options
from tumblr_sandbox.rendering.render import render
from tumblr_sandbox.store import accounts, posts

PAGE = 20


def list_tagged() -> Response:
    """Original posts of all blogs with a tag, newest first. The answer is a bare list."""
    support.need_key()
    asked = support.parameters()
    tag = (asked.text("tag") or "").strip()
    if not tag:
        raise envelope.bad_parameter("tag is missing")
    with support.reading() as connection:
        viewer = support.viewer(connection)
        hidden = accounts.hidden(connection) - viewer.own_blogs
        limit, before = asked.limit(PAGE, PAGE), asked.place("before")
        found = posts.tagged(connection, tag, before=before, limit=limit, hidden=hidden)
        return envelope.answer(render(connection, found, viewer, view_options(asked)))


ROUTES: tuple[Route, ...] = (("GET", "/tagged", list_tagged),)
