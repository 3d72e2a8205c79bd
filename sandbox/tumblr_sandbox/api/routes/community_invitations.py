"""The endpoints of invitations to a community, and of the link by which one may join."""

from __future__ import annotations

from typing import Any

from flask import Response
from sqlalchemy import Connection

from tumblr_sandbox.api import communities as api
from tumblr_sandbox.api import envelope, links, support
from tumblr_sandbox.api.support import Route
from tumblr_sandbox.errors import CommunityError, Refusal
from tumblr_sandbox.rendering.community import invite_link, people
from tumblr_sandbox.services import communities as service
from tumblr_sandbox.services import community_rules as rules
from tumblr_sandbox.services import inviting
from tumblr_sandbox.store import accounts, invitations
from tumblr_sandbox.store.invitations import Invitation

PAGE = 20


def invite(handle: str) -> Response:
    """Invite whoever owns the blog that ``recipient_blog`` names."""
    user = support.signed_in()
    asked = support.parameters()
    recipient_name, message = asked.text("recipient_blog") or "", asked.text("message") or ""
    with support.writing() as connection:
        visit = api.visit(connection, handle)
        if not recipient_name.strip():
            raise envelope.bad_parameter("recipient_blog is missing")
        if len(message) > inviting.MESSAGE_LENGTH:
            raise CommunityError(Refusal.MESSAGE_TOO_LONG)
        rules.check_admin(visit.who)
        sender = accounts.primary_blog(connection, user.id)
        recipient = support.named_blog(connection, recipient_name)
        figures = support.world().limits
        inviting.invite(connection, visit.community, sender, recipient, message, figures, support.now())
    return envelope.answer([])


def list_invitations(handle: str) -> Response:
    """The pending invitations, latest first."""
    support.signed_in()
    before = links.read_moment("before", support.parameters().text("before"))
    with support.reading() as connection:
        visit = api.visit(connection, handle)
        rules.check_admin(visit.who)
        found = invitations.pending(connection, visit.community.id, before, limit=PAGE + 1)
        answer: dict[str, Any] = {"invitations": [_view(connection, one) for one in found[:PAGE]]}
    if len(found) > PAGE:
        place = links.place_between(found[PAGE - 1].moment, found[PAGE].moment)
        path = f"/v2/communities/{visit.community.handle}/invitations"
        answer |= links.next_link(path, {"before": place})
    return envelope.answer(answer)


def _view(connection: Connection, one: Invitation) -> dict[str, Any]:
    sender, recipient = people(connection, [one.sender_id, one.recipient_id], support.base_url())
    return {"sender": sender, "recipient": recipient, "sent_on": one.sent}


def own_invitation(handle: str, blog: str) -> Response:
    """Who invited the caller, whose blog the address must name."""
    user = support.signed_in()
    with support.reading() as connection:
        visit = api.visit(connection, handle)
        if support.named_blog(connection, blog).owner_id != user.id:
            raise CommunityError(Refusal.NOT_PERMITTED)
        found = invitations.find(connection, visit.community.id, user.id)
        if found is None or not found.pending:
            raise envelope.not_found()
        sender = accounts.primary_blog(connection, found.sender_id)
    return envelope.answer({"sender": {"name": sender.name}})


def withdraw(handle: str, blog: str) -> Response:
    """Decline one's own invitation, or take one back as an admin; with ``do_not_invite`` for good."""
    user = support.signed_in()
    for_good = support.parameters().flag("do_not_invite")
    with support.writing() as connection:
        visit = api.visit(connection, handle)
        recipient = support.named_blog(connection, blog).owner_id
        if not inviting.withdraw(connection, visit.community, user.id, recipient, for_good=for_good):
            raise envelope.not_found()
    return envelope.answer([])


def new_link(handle: str) -> Response:
    """Make another invite link; the one before is invalid."""
    support.signed_in()
    with support.writing() as connection:
        visit = api.visit(connection, handle)
        if not visit.who.is_admin:
            raise CommunityError(Refusal.LINK_NOT_PERMITTED)
        if not visit.settings.invite_links_enabled:
            raise CommunityError(Refusal.LINKS_DISABLED)
        changed = service.new_link(connection, visit.community, support.world().rng)
    return envelope.answer({"invite_link": invite_link(changed)})


ROUTES: tuple[Route, ...] = (
    ("PUT", "/communities/<handle>/invitations", invite),
    ("GET", "/communities/<handle>/invitations", list_invitations),
    ("GET", "/communities/<handle>/invitations/<blog>", own_invitation),
    ("DELETE", "/communities/<handle>/invitations/<blog>", withdraw),
    ("POST", "/communities/<handle>/invite_hash", new_link),
)
