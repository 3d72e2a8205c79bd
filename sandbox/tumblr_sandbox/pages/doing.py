"""What one does to posts and blogs with a click: like, reply, follow."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from tumblr_sandbox import acts
from tumblr_sandbox.errors import PostingError
from tumblr_sandbox.pages import session, show
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.world import this_world

MAX_REPLY = 475
"""Characters, as on tumblr."""

Deed = Callable[[Connection, Blog], object]


def like(post_id: int) -> Response:
    """Like a post; once more changes nothing."""
    world = this_world()
    return _do(
        lambda connection, mine: acts.like(
            connection, mine, show.post_numbered(connection, post_id), world.limits, world.clock.now()
        ),
        f"#post-{post_id}",
    )


def unlike(post_id: int) -> Response:
    """Like a post no more."""
    return _do(
        lambda connection, mine: acts.unlike(connection, mine, show.post_numbered(connection, post_id)),
        f"#post-{post_id}",
    )


def reply(post_id: int) -> Response:
    """Reply to a post."""
    text = request.form.get("text", "").replace("\r\n", "\n").strip()
    if not text or len(text) > MAX_REPLY:
        abort(400, f"A reply has between 1 and {MAX_REPLY} characters.")
    now = this_world().clock.now()
    return _do(
        lambda connection, mine: acts.reply(
            connection, mine, show.post_numbered(connection, post_id), text, now
        ),
        "#notes",
    )


def follow(name: str) -> Response:
    """Follow a blog; once more changes nothing."""
    world = this_world()

    def deed(connection: Connection, mine: Blog) -> None:
        blog = show.blog_named(connection, name)
        if blog.owner_id == mine.owner_id:
            abort(403, "One cannot follow oneself.")
        acts.follow(connection, mine, blog, world.limits, world.clock.now())

    return _do(deed)


def unfollow(name: str) -> Response:
    """Follow a blog no more."""
    return _do(lambda connection, mine: acts.unfollow(connection, mine, show.blog_named(connection, name)))


def _do(deed: Deed, anchor: str = "") -> Response:
    """Do it as the account one is, and go back to where one was; a guest says first who they are."""
    try:
        with this_world().database.write() as connection:
            mine = session.me(connection)
            if mine is None:
                return show.ask_who()
            deed(connection, mine)
    except PostingError as error:
        session.tell(str(error))
    return show.back(anchor)
