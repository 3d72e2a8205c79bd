"""Dealing a queue anew: the times stay, the posts change places. Scheduled posts do not move.

Every function works inside its caller's transaction.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from tumblr_sandbox.store import posts
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.posts import StoredPost

WHOLE_QUEUE = 1_000_000


def move(connection: Connection, blog: Blog, post_id: int, after_id: int) -> bool:
    """Put a queued post behind another, or first with ``after_id`` 0; false when either is not queued."""
    queue = _movable(connection, blog)
    moved = next((post for post in queue if post.id == post_id), None)
    rest = [post for post in queue if post.id != post_id]
    place = 0 if after_id == 0 else next((n for n, post in enumerate(rest, 1) if post.id == after_id), None)
    if moved is None or place is None:
        return False
    _deal(connection, queue, [*rest[:place], moved, *rest[place:]])
    return True


def shuffle(connection: Connection, blog: Blog, rng: random.Random) -> None:
    """Put a blog's queue into a random order."""
    queue = _movable(connection, blog)
    _deal(connection, queue, rng.sample(queue, len(queue)))


def _movable(connection: Connection, blog: Blog) -> list[StoredPost]:
    queue = posts.queue_of(connection, blog.id, limit=WHOLE_QUEUE)
    return [post for post in queue if post.queued_state != "scheduled"]


def _deal(connection: Connection, before: Sequence[StoredPost], after: Sequence[StoredPost]) -> None:
    for slot, post in zip((post.scheduled for post in before), after, strict=True):
        if post.scheduled != slot:
            posts.save(connection, replace(post, scheduled=slot))
