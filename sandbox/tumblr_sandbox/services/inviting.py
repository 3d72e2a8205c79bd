"""Invitations to communities: sent, taken back, declined."""

from __future__ import annotations

from sqlalchemy import Connection

from tumblr_sandbox.errors import CommunityError, DayLimitError, Refusal
from tumblr_sandbox.services import community_rules as rules
from tumblr_sandbox.services import limits
from tumblr_sandbox.services.communities import standing
from tumblr_sandbox.services.limits import Limits
from tumblr_sandbox.store import communities, invitations, social
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.communities import Community

MESSAGE_LENGTH = 100


def invite(
    connection: Connection,
    community: Community,
    sender: Blog,
    recipient: Blog,
    message: str,
    figures: Limits,
    now: float,
) -> None:
    """Let an admin invite the owner of a blog."""
    who = standing(connection, community, recipient.owner_id)
    unwilling = bool(communities.barred(connection, community.id, recipient.owner_id))
    barred = unwilling or social.is_blocked(connection, recipient.id, sender.id)
    members = communities.count_members(connection, community.id)
    rules.check_can_be_invited(community.settings, who, barred=barred, members=members)
    _spend(connection, sender.owner_id, figures, now)
    invitations.send(
        connection,
        community.id,
        sender_id=sender.owner_id,
        recipient_id=recipient.owner_id,
        message=message,
        now=now,
    )


def _spend(connection: Connection, user_id: int, figures: Limits, now: float) -> None:
    """Count an invitation; one that is refused is not counted, as all of its transaction is undone."""
    counted, most = f"invitations {user_id}", figures.invitations_per_second
    if most and limits.is_throttled(connection, counted, most, now, length=limits.SECOND):
        raise DayLimitError("invitations")
    if not limits.spend(connection, user_id, "invitations", figures, now):
        raise DayLimitError("invitations")


def withdraw(
    connection: Connection, community: Community, user_id: int, recipient_id: int, *, for_good: bool
) -> bool:
    """Let the recipient decline an invitation, or an admin take it back; false when there is none.

    ``for_good``: the recipient is not to be invited again.
    """
    who = standing(connection, community, user_id)
    if user_id != recipient_id and not who.is_admin:
        raise CommunityError(Refusal.NOT_PERMITTED)
    found = invitations.find(connection, community.id, recipient_id)
    if found is None or not found.pending:
        return False
    invitations.end(connection, community.id, recipient_id)
    if for_good:
        communities.bar(connection, community.id, recipient_id, "do_not_invite")
    return True
