"""What is handed out on the way to a token, and tokens that expire."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from tumblr_sandbox.store import schema

G = schema.grants.c
STEP_SECONDS = 600
"""How long somebody may take from one step to the next on the way to a token."""


@dataclass(frozen=True)
class Grant:
    """A string that stands for something a consumer was granted until ``expires`` (unix seconds).

    ``kind`` is request, verifier, code, access or refresh. ``user_id`` is whose account it opens, once
    somebody said so; ``secret`` depends on the kind.
    """

    token: str
    kind: str
    consumer_key: str
    expires: int
    user_id: int | None = None
    secret: str = ""
    callback: str = ""


def add(connection: Connection, grant: Grant) -> None:
    """Keep a grant."""
    connection.execute(insert(schema.grants).values(vars(grant)))


def find(connection: Connection, token: str, kind: str, now: float) -> Grant | None:
    """The grant of a kind that a string stands for, unless it expired."""
    query = select(schema.grants).where(G.token == token, G.kind == kind, G.expires > now)
    row = connection.execute(query).one_or_none()
    return None if row is None else Grant(**row._mapping)


def remove(connection: Connection, *tokens: str) -> None:
    """Forget grants that were used."""
    connection.execute(delete(schema.grants).where(G.token.in_(tokens)))
