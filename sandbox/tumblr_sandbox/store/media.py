"""Uploaded files. They outlive the posts that show them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from tumblr_sandbox.media import Medium, Upload
from tumblr_sandbox.store import schema

M = schema.media.c


def add(connection: Connection, upload: Upload) -> None:
    """Keep a file; the same file again changes nothing."""
    row = insert(schema.media).values(**vars(upload.medium), data=upload.data)
    connection.execute(row.on_conflict_do_nothing())


def find(connection: Connection, keys: Collection[str]) -> dict[str, Medium]:
    """What is known of several files, by key."""
    query = select(M.key, M.type, M.width, M.height).where(M.key.in_(keys))
    return {row.key: Medium(*row) for row in connection.execute(query)}


def read(connection: Connection, key: str) -> Upload | None:
    """A file with its content."""
    row = connection.execute(select(schema.media).where(M.key == key)).one_or_none()
    return None if row is None else Upload(Medium(row.key, row.type, row.width, row.height), row.data)
