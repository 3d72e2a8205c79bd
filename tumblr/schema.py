"""The tables of the bot's database, and how an older file becomes one of today.

Migrations are numbered functions; each runs in one transaction and the file remembers how far it came.
A released migration is never changed: a new one is added.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Connection

metadata = MetaData()

turns = Table(
    "turns",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("input_id", String, nullable=False),
    Column("who", String, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("input", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("request", Text),
    Column("judgment_request", Text),
    Column("judgment", Text),
    Column("result", Text),
    Column("chosen_at", Float),
    Column("intent", Text),
    Column("post_id", String, index=True),
    Column("reason", Text),
    Column("settled", Boolean, nullable=False, index=True),  # the switchboard may forget the turn's jobs
    UniqueConstraint("kind", "input_id"),
)

mood_inputs = Table(
    "mood_inputs",
    metadata,
    Column("kind", String, primary_key=True),
    Column("who", String, primary_key=True),
    Column("input_id", String, primary_key=True),
    Column("input_timestamp", Integer, primary_key=True),
    Column("logit_diff", Float, nullable=False),
    Column("generated_p75", Float),
    Column("time", Float, nullable=False, index=True),
)

post_log = Table(
    "post_log",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("turn_id", Integer, nullable=False),
    Column("input_id", String, nullable=False, index=True),
    Column("post_id", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("entry", Text, nullable=False),
    sqlite_autoincrement=True,
)


def _create_tables(connection: Connection) -> None:
    metadata.create_all(connection)
    for verb in ("UPDATE", "DELETE"):
        connection.execute(
            text(
                f"CREATE TRIGGER post_log_no_{verb.lower()} BEFORE {verb} ON post_log "
                "BEGIN SELECT RAISE(ABORT, 'the post log is only ever appended to'); END"
            )
        )


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_create_tables,)


def migrate(connection: Connection) -> int:
    """Bring the file up to date within the caller's transaction; the answer is its version.

    Raises ValueError when the file was written by a newer version of this program.
    """
    version = int(connection.execute(text("PRAGMA user_version")).scalar_one())
    if version > len(MIGRATIONS):
        raise ValueError(f"its schema is version {version}, this program knows {len(MIGRATIONS)}")
    for migration in MIGRATIONS[version:]:
        migration(connection)
    connection.execute(text(f"PRAGMA user_version = {len(MIGRATIONS)}"))
    return len(MIGRATIONS)
