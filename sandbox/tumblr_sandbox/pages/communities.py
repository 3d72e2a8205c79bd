"""Pages of communities: which there are, what is posted in one, joining, leaving, and posting into it."""

from __future__ import annotations

from flask import abort, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from tumblr_sandbox.errors import PostingError
from tumblr_sandbox.markup.html import MAX_TEXT_BYTES
from tumblr_sandbox.markup.text import COMMUNITY
from tumblr_sandbox.pages import layout, session
from tumblr_sandbox.pages.compose import TEXT, content_of
from tumblr_sandbox.services import communities as service
from tumblr_sandbox.services import community_rules as rules
from tumblr_sandbox.services.posting import Written
from tumblr_sandbox.store import accounts, communities, posts
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.communities import Community
from tumblr_sandbox.store.posts import Timeline
from tumblr_sandbox.world import this_world

LISTED = 100


def communities_page() -> str:
    """The communities that one is in, and the public ones."""
    with this_world().database.read() as connection:
        mine = session.me(connection)
        joined = [] if mine is None else communities.joined_by(connection, mine.owner_id)
        known = {one.id for one in joined}
        others = [one for one in communities.public(connection, limit=LISTED) if one.id not in known]
        members = {one.id: communities.count_members(connection, one.id) for one in (*joined, *others)}
        values = {"joined": joined, "others": others, "members": members}
        return layout.page(connection, "communities.html", **values, **layout.beside(connection, mine))


def community_page(handle: str) -> str:
    """What is posted in a community; with it a member has read the community."""
    world = this_world()
    with world.database.read() as connection:
        mine = session.me(connection)
        community = _readable(connection, handle, mine)
        who = service.standing(connection, community, None if mine is None else mine.owner_id)
        part = Timeline(before_id=layout.before())
        found = posts.timeline(connection, [community.id], part, limit=layout.POSTS_PER_PAGE + 1)
        shown = layout.page(
            connection,
            "community.html",
            community=community,
            members=communities.count_members(connection, community.id),
            who=who,
            **layout.feed_values(connection, found, mine),
            **layout.beside(connection, mine),
        )
    if mine is not None and who.is_member:
        with world.database.note() as connection:
            service.have_read(connection, community, mine.owner_id, world.clock.now())
    return shown


def _readable(connection: Connection, handle: str, mine: Blog | None) -> Community:
    """The community of an address, which the viewer may read, or 404; 403 where they may not."""
    place = layout.place_named(connection, COMMUNITY + handle, mine)
    return communities.of_post(connection, place.id)


def from_blog_address(handle: str) -> Response:
    """From where a blog of this name would be."""
    return redirect(url_for("pages.community_page", handle=handle))


def act(handle: str, action: str) -> Response:
    """Join, leave, or post into a community."""
    if action not in _ACTIONS:
        abort(404)
    try:
        with this_world().database.write() as connection:
            mine, community = session.me(connection), communities.find(connection, handle)
            if mine is None:
                return layout.ask_who()
            if community is None:
                abort(404, f"There is no community called {handle}.")
            _ACTIONS[action](connection, community, mine)
    except PostingError as error:
        session.tell(str(error))
    return layout.back()


def _join(connection: Connection, community: Community, mine: Blog) -> None:
    service.join(connection, community, mine.owner_id, None, this_world().clock.now())


def _leave(connection: Connection, community: Community, mine: Blog) -> None:
    service.leave(connection, community, mine.owner_id)


def _post(connection: Connection, community: Community, mine: Blog) -> None:
    world, body = this_world(), request.form.get("body", "")
    if len(body.encode()) > MAX_TEXT_BYTES:
        abort(400, "This is too long for one post.")
    rules.check_member(service.standing(connection, community, mine.owner_id))
    content = content_of(body, TEXT, lambda name: accounts.find_blog(connection, name) is not None)
    written = Written(content=content, author=mine)
    world.writer.create(connection, community.blog, written, world.clock.now())


_ACTIONS = {"join": _join, "leave": _leave, "post": _post}
