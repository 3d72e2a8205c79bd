"""The endpoint that lists posts with a tag."""

from __future__ import annotations

from flask import Response

from sandbox.api import envelope, support
from sandbox.api.posts import view_options
from sandbox.api.support import Route
from sandbox.store import posts
from sandbox.views.render import render

PAGE = 20


def list_tagged() -> Response:
    """Original posts of all blogs with a tag, newest first. The answer is a bare list."""
    support.need_key()
    asked = support.parameters()
    tag = (asked.text("tag") or "").strip()
    if not tag:
        raise envelope.bad_parameter("tag is missing")
    with support.reading() as connection:
        found = posts.tagged(connection, tag, before=asked.whole("before"), limit=asked.limit(PAGE, PAGE))
        return envelope.answer(render(connection, found, support.viewer(connection), view_options(asked)))


ROUTES: tuple[Route, ...] = (("GET", "/tagged", list_tagged),)
