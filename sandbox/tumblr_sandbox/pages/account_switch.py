"""The page to switch between accounts, without passwords, and to make one by typing a name."""

from __future__ import annotations

import re

import structlog
from flask import request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from tumblr_sandbox.demo_accounts import DEMO_BLOG, PEOPLE
from tumblr_sandbox.pages import layout, session
from tumblr_sandbox.rendering.blog import ANONYMOUS
from tumblr_sandbox.services import signup
from tumblr_sandbox.services.signup import NAME_PATTERN
from tumblr_sandbox.store import accounts, browsing, social
from tumblr_sandbox.store.accounts import Blog, BlogSettings
from tumblr_sandbox.world import World, this_world

log = structlog.get_logger()

ACCOUNTS_SHOWN = 36
FOLLOWED_AT_FIRST = (DEMO_BLOG, *(person.name for person in PEOPLE))
"""Whom a new account follows, as far as they are there, so that its dashboard is not empty."""
BUSY_FOLLOWED = 8
"""And so many of those who write most."""


def accounts_page(problem: str = "", typed: str = "") -> str:
    """The accounts there are, and a field for a new name."""
    wanted = request.args.get("q", "").strip().lower()
    with this_world().database.read() as connection:
        names = browsing.blog_names(connection, wanted, limit=ACCOUNTS_SHOWN + 1)
        return layout.page(
            connection,
            "accounts.html",
            names=names[:ACCOUNTS_SHOWN],
            more=len(names) > ACCOUNTS_SHOWN,
            wanted=wanted,
            bot=DEMO_BLOG,
            problem=problem,
            typed=typed,
            back=layout.back_path(),
        )


def switch() -> Response | tuple[str, int]:
    """Be the account of this name from now on; one that is not there yet is made."""
    name = request.form.get("name", "").strip().lower().lstrip("@")
    world = this_world()
    if not re.fullmatch(NAME_PATTERN, name) or name == ANONYMOUS:
        problem = "A name has up to 32 letters a-z, digits and hyphens, and no hyphen at its ends."
        if name == ANONYMOUS:
            problem = "That name belongs to everybody."
        return accounts_page(problem, name), 400
    with world.database.write() as connection:
        blog = accounts.find_blog(connection, name)
        if blog is None:
            blog = _make(connection, world, name)
            session.tell(f"Welcome, {name}.")
        session.become(accounts.primary_blog(connection, blog.owner_id))
    return layout.back()


def leave() -> Response:
    """Be a guest again."""
    session.become(None)
    return layout.back()


def _make(connection: Connection, world: World, name: str) -> Blog:
    now = world.clock.now()
    keys = signup.random_keys(world.rng)
    user = signup.make_user(connection, name, keys, now=now, rng=world.rng, settings=BlogSettings())
    mine = accounts.primary_blog(connection, user.id)
    named = (accounts.find_blog(connection, other) for other in FOLLOWED_AT_FIRST)
    known = {blog.id for blog in named if blog is not None}
    for blog_id in (*known, *browsing.busy_blogs(connection, known | {mine.id}, limit=BUSY_FOLLOWED)):
        social.follow(connection, user.id, blog_id, int(now))
    log.info("account made", name=name)
    return mine
