"""Invitations to communities: one for each person, kept after it was declined so that it can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from tumblr_sandbox.store import schema
from tumblr_sandbox.store.social import MICROSECONDS, Span, free_moment

V = schema.community_invitations.c


@dataclass(frozen=True)
class Invitation:
    """``moment`` is in microseconds, and no two of a community have the same.

    One that is not ``pending`` was declined, or taken back.
    """

    recipient_id: int
    sender_id: int
    message: str
    moment: int
    pending: bool = True

    @property
    def sent(self) -> int:
        """Unix seconds."""
        return self.moment // MICROSECONDS


def _invitation(row: Row[Any]) -> Invitation:
    return Invitation(row.recipient_id, row.sender_id, row.message, row.moment, row.pending)


def send(
    connection: Connection, community_id: int, *, sender_id: int, recipient_id: int, message: str, now: float
) -> None:
    """Keep an invitation, in the place of one that is pending no more."""
    moment = free_moment(connection, V.moment, V.community_id == community_id, now)
    values = {"sender_id": sender_id, "message": message, "moment": moment, "pending": True}
    connection.execute(
        insert(schema.community_invitations)
        .values(community_id=community_id, recipient_id=recipient_id, **values)
        .on_conflict_do_update(index_elements=["community_id", "recipient_id"], set_=values)
    )


def find(connection: Connection, community_id: int, recipient_id: int) -> Invitation | None:
    """Somebody's invitation, pending or not."""
    wanted = (V.community_id == community_id, V.recipient_id == recipient_id)
    row = connection.execute(select(schema.community_invitations).where(*wanted)).one_or_none()
    return None if row is None else _invitation(row)


def end(connection: Connection, community_id: int, recipient_id: int) -> None:
    """An invitation is pending no more."""
    wanted = (V.community_id == community_id, V.recipient_id == recipient_id)
    connection.execute(update(schema.community_invitations).where(*wanted).values(pending=False))


def forget(connection: Connection, community_id: int, recipient_id: int) -> None:
    """An invitation was taken up."""
    wanted = (V.community_id == community_id, V.recipient_id == recipient_id)
    connection.execute(delete(schema.community_invitations).where(*wanted))


def pending(connection: Connection, community_id: int, before: int | None, *, limit: int) -> list[Invitation]:
    """Some of the pending invitations, latest first."""
    wanted = [V.community_id == community_id, V.pending, *Span(before=before).condition(V.moment)]
    query = select(schema.community_invitations).where(*wanted).order_by(V.moment.desc()).limit(limit)
    return [_invitation(row) for row in connection.execute(query)]


def count_pending(connection: Connection, community_id: int) -> int:
    """How many invitations are pending."""
    query = select(func.count()).select_from(schema.community_invitations)
    return int(connection.execute(query.where(V.community_id == community_id, V.pending)).scalar_one())
