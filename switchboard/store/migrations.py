"""Numbered steps from an empty database to the present schema; each is applied once, in its own order.

A later change of the schema adds a function here, and never edits one that was released.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, func, inspect, select, text, update

from switchboard.store.schema import (
    announced,
    clients,
    heads,
    jobs,
    leases,
    metadata,
    reports,
    versions,
    wishes,
    work_done,
)
from switchboard.store.work import OPEN_STATES, offer_of


class SchemaTooNew(Exception):  # noqa: N818 - named for what is wrong
    """The database was written by a later version of this program."""


def _001_first_tables(connection: Connection) -> None:
    metadata.create_all(connection)


def _002_count_leases(connection: Connection) -> None:
    _add_column(connection, "jobs", "leased", "INTEGER NOT NULL DEFAULT 0")


def _003_keep_autoreview(connection: Connection) -> None:
    for table in ("candidates", "retained"):
        _add_column(connection, table, "autoreview", "DOUBLE PRECISION")


def _004_keep_announcements(connection: Connection) -> None:
    announced.create(connection, checkfirst=True)


def _005_offer_jobs(connection: Connection) -> None:
    for column, type_ in (("offered", "INTEGER"), ("free", "INTEGER"), ("turn", "DOUBLE PRECISION")):
        _add_column(connection, "jobs", column, f"{type_} NOT NULL DEFAULT 0")
    clients.create(connection, checkfirst=True)
    connection.execute(text("DROP INDEX IF EXISTS jobs_by_state"))
    for index in jobs.indexes:
        index.create(connection, checkfirst=True)
    connection.execute(update(jobs).values(turn=jobs.c.seq))
    leased = select(leases.c.job_id, func.count(), func.sum(leases.c.candidates)).group_by(leases.c.job_id)
    held = {job_id: (holders, number) for job_id, holders, number in connection.execute(leased)}
    counts: dict[str, int] = {}
    for row in connection.execute(select(jobs).where(jobs.c.state.in_(OPEN_STATES))).all():
        holders, number = held.get(row.id, (0, 0))
        offered, free = offer_of(row.kind, row.state, row.wanted - row.accepted, number, holders)
        connection.execute(update(jobs).where(jobs.c.seq == row.seq).values(offered=offered, free=free))
        if not row.internal:
            counts[row.client] = counts.get(row.client, 0) + 1
    latest = connection.scalar(select(func.max(jobs.c.seq))) or 0
    for name, number in counts.items():
        connection.execute(clients.insert().values(name=name, open=number, turn=latest))


def _006_find_leases_of_workers(connection: Connection) -> None:
    for index in leases.indexes:
        index.create(connection, checkfirst=True)


def _007_keep_what_was_learned(connection: Connection) -> None:
    for table in (heads, wishes, reports):
        table.create(connection, checkfirst=True)


def _008_count_work(connection: Connection) -> None:
    work_done.create(connection, checkfirst=True)


def _add_column(connection: Connection, table: str, column: str, type_: str) -> None:
    """Add a column, unless the first step has made the table with it already."""
    if not any(known["name"] == column for known in inspect(connection).get_columns(table)):
        connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column} {type_}"))


MIGRATIONS: Sequence[Callable[[Connection], None]] = (
    _001_first_tables,
    _002_count_leases,
    _003_keep_autoreview,
    _004_keep_announcements,
    _005_offer_jobs,
    _006_find_leases_of_workers,
    _007_keep_what_was_learned,
    _008_count_work,
)


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
