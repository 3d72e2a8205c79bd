"""The endpoints of a community's members: listed, joining, leaving, roles, removal."""

from __future__ import annotations

from typing import Any, get_args

from flask import Response
from sqlalchemy import ColumnElement, Connection

from tumblr_sandbox.api import communities as api
from tumblr_sandbox.api import envelope, links, support
from tumblr_sandbox.api.communities import LINK, Visit
from tumblr_sandbox.api.params import Parameters
from tumblr_sandbox.api.support import Route
from tumblr_sandbox.rendering.community import member_list
from tumblr_sandbox.services import communities as service
from tumblr_sandbox.services import community_rules as rules
from tumblr_sandbox.store import accounts, communities
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.communities import Member, Role

PAGE = 20
LAST_PAGE = 10**6
FILTERS = ("all", "admin", "moderator", "following", "mutual")
ROLES: dict[str, Role] = {role: role for role in get_args(Role)}
REASONS = (
    *("community_guidelines", "off_topic", "spam", "inappropriate_behavior", "tumblr_guidelines", "other"),
)
NOTE_LENGTH = 1000


def list_members(handle: str) -> Response:
    """A page of the members, or of some of them."""
    support.signed_in()
    asked = support.parameters()
    which, page = asked.text("filter") or "all", asked.whole("page")
    page = 1 if page is None else page
    if which not in FILTERS or not 1 <= page <= LAST_PAGE:
        raise envelope.bad_parameter(f"filter must be one of {', '.join(FILTERS)}, and page at least 1")
    with support.reading() as connection:
        visit = api.visit(connection, handle)
        rules.check_lists_members(visit.settings, visit.who, which)
        me = accounts.primary_blog(connection, visit.user.id)
        found = communities.members(
            connection, visit.community.id, *_wanted(which, me), limit=PAGE + 1, offset=(page - 1) * PAGE
        )
        answer: dict[str, Any] = {"members": member_list(connection, found[:PAGE], me, support.base_url())}
    if len(found) > PAGE:
        query = {"filter": which, "page": str(page + 1)}
        answer |= links.next_link(f"/v2/communities/{visit.community.handle}/members", query)
    return envelope.answer(answer)


def _wanted(which: str, me: Blog) -> list[ColumnElement[bool]]:
    if which in ROLES:
        return [communities.has_role(ROLES[which])]
    followed = [communities.is_followed_by(me.owner_id)]
    if which == "mutual":
        return [*followed, communities.follows_blog(me.id)]
    return followed if which == "following" else []


def join(handle: str) -> Response:
    """Become a member: by a link, an invitation, or as everybody may."""
    user = support.signed_in()
    link = support.parameters().text(LINK)
    with support.writing() as connection:
        visit = api.visit(connection, handle)
        service.join(connection, visit.community, user.id, link, support.now())
    return envelope.answer([])


def leave(handle: str) -> Response:
    """Be a member no more."""
    user = support.signed_in()
    with support.writing() as connection:
        visit = api.visit(connection, handle)
        rules.check_member(visit.who)
        service.leave(connection, visit.community, user.id)
    return envelope.answer([])


def remove(handle: str, blog: str) -> Response:
    """Take a member out, for a reason; with ``ban_user`` for good."""
    support.signed_in()
    asked = support.parameters()
    with support.writing() as connection:
        visit = api.visit(connection, handle)
        rules.check_admin(visit.who)
        _check_reason(asked)
        ban = asked.flag("ban_user")
        service.remove(connection, visit.community, _member(connection, visit, blog).user_id, ban=ban)
    return envelope.answer([])


def _check_reason(asked: Parameters) -> None:
    """There must be a reason, and words where the reason alone says nothing. They are told to nobody here."""
    reason, note = asked.text("reason"), asked.text("note") or ""
    if reason not in REASONS:
        raise envelope.bad_parameter(f"reason must be one of {', '.join(REASONS)}")
    if reason == "other" and not note.strip():
        raise envelope.bad_parameter("note is required with the reason other")
    if len(note) > NOTE_LENGTH:
        raise envelope.bad_parameter(f"note may be {NOTE_LENGTH} characters long")


def set_role(handle: str, blog: str) -> Response:
    """Make a member a moderator or an admin, or a plain member again."""
    support.signed_in()
    role = support.parameters().text("role") or ""
    with support.writing() as connection:
        visit = api.visit(connection, handle)
        rules.check_admin(visit.who)
        if role not in ROLES:
            raise envelope.bad_parameter(f"role must be one of {', '.join(ROLES)}")
        service.set_role(connection, visit.community, _member(connection, visit, blog), ROLES[role])
    return envelope.answer([])


def _member(connection: Connection, visit: Visit, blog: str) -> Member:
    """The member who owns a blog, or 404."""
    owner_id = support.named_blog(connection, blog).owner_id
    member = communities.member(connection, visit.community.id, owner_id)
    if member is None:
        raise envelope.not_found()
    return member


ROUTES: tuple[Route, ...] = (
    ("GET", "/communities/<handle>/members", list_members),
    ("PUT", "/communities/<handle>/members", join),
    ("DELETE", "/communities/<handle>/members", leave),
    ("PUT", "/communities/<handle>/members/<blog>", set_role),
    ("DELETE", "/communities/<handle>/members/<blog>", remove),
)
