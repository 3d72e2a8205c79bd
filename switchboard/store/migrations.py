"""Numbered steps from an empty database to the present schema; each is applied once, in its own order.

A later change of the schema adds a function here, and never edits one that was released.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, func, inspect, select, text

from switchboard.store.schema import jobs, metadata, versions


class SchemaTooNew(Exception):  # noqa: N818 - named for what is wrong
    """The database was written by a later version of this program."""


def _001_first_tables(connection: Connection) -> None:
    metadata.create_all(connection)


def _002_count_leases(connection: Connection) -> None:
    if not any(column["name"] == "leased" for column in inspect(connection).get_columns(jobs.name)):
        connection.execute(text("ALTER TABLE jobs ADD COLUMN leased INTEGER NOT NULL DEFAULT 0"))


MIGRATIONS: Sequence[Callable[[Connection], None]] = (_001_first_tables, _002_count_leases)


def schema_version(connection: Connection) -> int:
    """The number of the last step that was applied; 0 for an empty database."""
    if not inspect(connection).has_table(versions.name):
        return 0
    return connection.scalar(select(func.max(versions.c.version))) or 0


def migrate(connection: Connection, now: float) -> int:
    """Apply the steps that are missing, in the caller's transaction; returns the version.

    Raises SchemaTooNew if the database is of a later version than this code.
    """
    version = schema_version(connection)
    if version > len(MIGRATIONS):
        raise SchemaTooNew(
            f"the database has schema version {version}, beyond this program's {len(MIGRATIONS)}: update it"
        )
    for number in range(version + 1, len(MIGRATIONS) + 1):
        MIGRATIONS[number - 1](connection)
        connection.execute(versions.insert().values(version=number, applied_at=now))
    return len(MIGRATIONS)
