"""Reactions to posts of communities."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from tumblr_sandbox.store import schema

R = schema.reactions.c


@dataclass(frozen=True)
class Reaction:
    """One member's emoji under one post."""

    number: int
    post_id: int
    user_id: int
    grapheme: str


def of_posts(connection: Connection, post_ids: Collection[int]) -> list[Reaction]:
    """All reactions to some posts, oldest first."""
    query = select(schema.reactions).where(R.post_id.in_(post_ids)).order_by(R.number)
    return [Reaction(row.number, row.post_id, row.user_id, row.grapheme) for row in connection.execute(query)]


def counts(connection: Connection, post_ids: Collection[int]) -> dict[int, int]:
    """How many reactions posts have, of those that have any."""
    query = select(R.post_id, func.count()).where(R.post_id.in_(post_ids)).group_by(R.post_id)
    return {post_id: int(number) for post_id, number in connection.execute(query)}


def add(connection: Connection, post_id: int, user_id: int, grapheme: str) -> None:
    connection.execute(insert(schema.reactions).values(post_id=post_id, user_id=user_id, grapheme=grapheme))


def remove(connection: Connection, number: int) -> None:
    connection.execute(delete(schema.reactions).where(R.number == number))
