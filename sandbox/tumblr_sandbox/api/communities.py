"""What the endpoints of communities do first: which one is meant, and what the caller is to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy import Connection

from tumblr_sandbox.api import envelope, support
from tumblr_sandbox.api.params import Parameters, json_document
from tumblr_sandbox.markup.text import COMMUNITY, blog_name_of
from tumblr_sandbox.rendering.community import editable, full_community
from tumblr_sandbox.services import communities as service
from tumblr_sandbox.services import community_rules as rules
from tumblr_sandbox.services.community_rules import Standing
from tumblr_sandbox.store import accounts, communities, posts
from tumblr_sandbox.store.accounts import Blog, User
from tumblr_sandbox.store.communities import Community
from tumblr_sandbox.store.posts import StoredPost

LINK = "invite_hash"


@dataclass(frozen=True)
class Visit:
    """A caller who names a community."""

    community: Community
    user: User
    who: Standing

    @property
    def settings(self) -> communities.CommunitySettings:
        return self.community.settings


def visit(connection: Connection, handle: str) -> Visit:
    """The community of an address, and what the signed-in user is to it; 404 without one."""
    user = support.signed_in()
    community = communities.find(connection, handle)
    if community is None:
        raise envelope.not_found()
    who = service.standing(connection, community, user.id, support.parameters().text(LINK))
    return Visit(community, user, who)


def whole(connection: Connection, visit: Visit, *, edit: bool = False) -> dict[str, Any]:
    """The community as the caller sees it, with what can be edited if they may and want to."""
    now = support.now()
    view = full_community(connection, visit.community, visit.user, visit.who, support.base_url(), now)
    return view | (editable(visit.community, now) if edit and visit.who.is_admin else {})


def post_of(connection: Connection, visit: Visit, post_id: int) -> StoredPost:
    """A post of the community, or 404."""
    return _post_at(connection, visit.community.blog, post_id)


def body(asked: Parameters, *lists: str) -> dict[str, Any]:
    """What a request says, for a model to check: its JSON as it is, else its parameters with some lists."""
    if request.mimetype == "application/json":
        return json_document(request)
    given: dict[str, Any] = asked.as_dict()
    return given | {name: found for name in lists if (found := asked.array(name, split=False))}


# A community in the place of a blog


def _named(connection: Connection, identifier: str) -> Community | None:
    """The community that stands where an address has a blog: ``@@handle``, or its uuid."""
    name = blog_name_of(identifier)
    return communities.find(connection, name) if name.startswith((COMMUNITY, "t:")) else None


def place_to_read(connection: Connection, identifier: str) -> Blog:
    """A blog, or a community that the caller may read."""
    community = _named(connection, identifier)
    if community is None:
        return support.visible_blog(connection, identifier)
    user = support.caller().user
    who = service.standing(connection, community, None if user is None else user.id)
    rules.check_reads(community.settings, who)
    return community.blog


def place_to_post(connection: Connection, identifier: str) -> tuple[Blog, Blog | None]:
    """The caller's blog, or a community that they are a member of and the blog that they post there as."""
    community = _named(connection, identifier)
    if community is None:
        return support.own_blog(connection, identifier), None
    user = support.signed_in()
    rules.check_member(service.standing(connection, community, user.id))
    return community.blog, accounts.primary_blog(connection, user.id)


def post_to_edit(connection: Connection, identifier: str, post_id: int) -> tuple[Blog, StoredPost]:
    """A post of the caller's, and where it is: their blog, or a community that they are still a member of."""
    blog, author = place_to_post(connection, identifier)
    post = _post_at(connection, blog, post_id)
    if author is not None and not service.is_author(connection, post, author.owner_id):
        raise envelope.unauthorized()
    return blog, post


def post_to_delete(connection: Connection, identifier: str, post_id: int) -> StoredPost:
    """A post that is on the caller's blog, or that they wrote in a community or moderate there."""
    community = _named(connection, identifier)
    if community is None:
        return _post_at(connection, support.own_blog(connection, identifier), post_id)
    post = _post_at(connection, community.blog, post_id)
    service.check_deletes(connection, community, post, support.signed_in().id)
    return post


def _post_at(connection: Connection, blog: Blog, post_id: int) -> StoredPost:
    post = posts.get(connection, post_id)
    if post is None or post.blog_id != blog.id:
        raise envelope.not_found()
    return post
