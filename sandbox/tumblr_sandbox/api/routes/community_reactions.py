"""The endpoints of reactions to posts of communities."""

from __future__ import annotations

from flask import Response

from tumblr_sandbox.api import communities as api
from tumblr_sandbox.api import envelope, support
from tumblr_sandbox.api.support import Route
from tumblr_sandbox.services import community_rules as rules
from tumblr_sandbox.services import reacting


def react(handle: str, post_id: int) -> Response:
    """React to a post with an emoji, named by its ``slug`` or given as a ``grapheme``."""
    user = support.signed_in()
    asked = support.parameters()
    slug, grapheme = asked.text("slug"), asked.text("grapheme")
    with support.writing() as connection:
        visit = api.visit(connection, handle)
        rules.check_member(visit.who)
        post = api.post_of(connection, visit, post_id)
        if not slug and not grapheme:
            raise envelope.bad_parameter("slug or grapheme is missing")
        emoji = reacting.named(slug) if slug else reacting.checked(grapheme or "")
        reacting.react(connection, post, user.id, emoji)
    return envelope.answer([])


def take_back(handle: str, post_id: int, reaction: str) -> Response:
    """Take one's own reaction back, named by its id or its emoji."""
    user = support.signed_in()
    with support.writing() as connection:
        visit = api.visit(connection, handle)
        rules.check_member(visit.who)
        if not reacting.take_back(connection, api.post_of(connection, visit, post_id), user.id, reaction):
            raise envelope.not_found()
    return envelope.answer([])


ROUTES: tuple[Route, ...] = (
    ("PUT", "/communities/<handle>/posts/<int:post_id>/reactions", react),
    ("DELETE", "/communities/<handle>/posts/<int:post_id>/reactions/<reaction>", take_back),
)
