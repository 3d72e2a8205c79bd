"""What one does to posts and blogs with a click: like, reply, follow."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from tumblr_sandbox.errors import PostingError
from tumblr_sandbox.pages import layout, session
from tumblr_sandbox.services import interactions
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.world import this_world

MAX_REPLY = 475
"""Characters, as on tumblr."""

Action = Callable[[Connection, Blog], object]


def like(post_id: int) -> Response:
    """Like a post; once more changes nothing."""
    world = this_world()
    return _do(
        lambda connection, mine: interactions.like(
            connection, mine, layout.post_numbered(connection, post_id), world.limits, world.clock.now()
        ),
        f"#post-{post_id}",
    )


def unlike(post_id: int) -> Response:
    """Like a post no more."""
    return _do(
        lambda connection, mine: interactions.unlike(
            connection, mine, layout.post_numbered(connection, post_id)
        ),
        f"#post-{post_id}",
    )


def reply(post_id: int) -> Response:
    text = request.form.get("text", "").replace("\r\n", "\n").strip()
    if not text or len(text) > MAX_REPLY:
        abort(400, f"A reply has between 1 and {MAX_REPLY} characters.")
    now = this_world().clock.now()
    return _do(
        lambda connection, mine: interactions.reply(
            connection, mine, layout.post_numbered(connection, post_id), text, now
        ),
        "#notes",
    )


def follow(name: str) -> Response:
    """Follow a blog; once more changes nothing."""
    world = this_world()

    def action(connection: Connection, mine: Blog) -> None:
        blog = layout.blog_named(connection, name)
        if blog.owner_id == mine.owner_id:
            abort(403, "You cannot follow yourself.")
        interactions.follow(connection, mine, blog, world.limits, world.clock.now())

    return _do(action)


def unfollow(name: str) -> Response:
    """Follow a blog no more."""
    return _do(
        lambda connection, mine: interactions.unfollow(connection, mine, layout.blog_named(connection, name))
    )


def _do(action: Action, anchor: str = "") -> Response:
    """Do it as the signed-in account, and go back; a guest is asked to sign in first."""
    try:
        with this_world().database.write() as connection:
            mine = session.me(connection)
            if mine is None:
                return layout.ask_who()
            action(connection, mine)
    except PostingError as error:
        session.tell(str(error))
    return layout.back(anchor)
