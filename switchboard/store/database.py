"""The database under the store: SQLite in a file, or PostgreSQL by URL.

Writing transactions are serial on both (BEGIN IMMEDIATE; an advisory lock), so that a verb of the store may
read, decide and write without a race. Reading transactions see a consistent state and block nobody.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from bot_sqlite import (
    DAMAGE_HINT,
    LOCK_WAIT_SECONDS,
    give_back_pages,
    is_damaged,
    is_full_disk,
    make_durable,
    make_shrinkable,
    reason_of,
)

ADVISORY_LOCK = 0x5B0A2D  # any number, the same in every switchboard process on one database
SWEEPING_LOCK = ADVISORY_LOCK + 1
IDLE_SECONDS = 1.0
"""A connection to a server that was used so recently is not tried out first."""


class StoreUnavailable(Exception):  # noqa: N818 - named for what is wrong
    """The database cannot be used now; the transaction was rolled back, what was stored is still there."""


class StoreFull(StoreUnavailable):
    """The disk is full or fails."""


class StoreRefused(StoreUnavailable):
    """The database server will not let this process in, however long it waits."""


_FINAL = (
    "invalid port number",
    "invalid integer value",
    "password authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",
)
"""What a PostgreSQL server says, or its library, when the URL is wrong."""


class DatabaseUrlError(Exception):
    """The database URL cannot be used; the text says what is expected."""


class Database:
    """Connections and transactions. Close it when done."""

    def __init__(self, url: str) -> None:
        self.engine = _make_engine(url)
        self.is_shared = self.engine.dialect.name == "postgresql"
        """Whether other processes may work on it at the same time."""
        self._writing = threading.Lock()  # fairer than SQLite's own waiting, which polls

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; nothing else writes meanwhile. Raises StoreUnavailable."""
        with self._turn_to_write(), _translated(), self.engine.connect() as plain:
            if self.is_shared:
                with _between(plain, f"BEGIN; SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"):
                    yield plain
                return
            connection = plain.execution_options(switchboard_writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        """One writer after the other; who would wait too long gives up."""
        if not self._writing.acquire(timeout=LOCK_WAIT_SECONDS):
            raise StoreUnavailable(
                "the switchboard's database is held by another program; nothing stored was lost"
            )
        try:
            yield
        finally:
            self._writing.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads, all of it as it was at one moment. Raises StoreUnavailable."""
        with _translated(), self.engine.connect() as connection:
            if self.is_shared:  # it looks anew for each statement by default
                with _between(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"):
                    yield connection
                return
            with connection.begin():
                yield connection

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """For reading by a single statement. Raises StoreUnavailable."""
        with _translated(), self.engine.connect() as connection:
            yield connection  # PostgreSQL begins and ends nothing around one statement

    @contextmanager
    def alone(self, lock: int) -> Iterator[bool]:
        """Whether this process has a lock that one process at a time can have; it lets go at the end."""
        if not self.is_shared:
            yield True
            return
        with _translated(), self.engine.connect() as connection:
            has_it = bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({lock})").scalar())
            try:
                yield has_it
            finally:
                if has_it:
                    connection.exec_driver_sql(f"SELECT pg_advisory_unlock({lock})")

    def tidy(self) -> None:
        """Give some of a file's free pages back to the disk; PostgreSQL sees to that itself."""
        if not self.is_shared:
            with self.write() as connection:
                give_back_pages(connection)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextmanager
def _between(connection: Connection, begin: str) -> Iterator[None]:
    """A transaction of PostgreSQL, whose beginning is sent in one message: each takes time."""
    connection.exec_driver_sql(begin)
    try:
        yield
    except BaseException:
        with suppress(DBAPIError):  # of a connection that is lost
            connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def _make_engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise DatabaseUrlError("the database URL must begin with sqlite:/// or postgresql+psycopg://")
        if parsed.get_backend_name() == "sqlite":
            if parsed.database in (None, "", ":memory:"):
                raise DatabaseUrlError(
                    "the database must be a file (sqlite:///FILE): jobs are to outlive the process"
                )
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
            make_shrinkable(Path(str(parsed.database)))
        # Parameters are texts of people: they have no place in error messages. Threads are bounded elsewhere.
        shared = {"isolation_level": "AUTOCOMMIT"} if parsed.get_backend_name() == "postgresql" else {}
        engine = create_engine(parsed, hide_parameters=True, pool_size=8, max_overflow=-1, **shared)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
        raise DatabaseUrlError(f"the database URL cannot be used: {error}") from error
    if engine.dialect.name == "sqlite":
        make_durable(engine, _is_writing)
    else:
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", _try_out)
    return engine


def _note_use(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = time.monotonic()


def _try_out(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """A connection that lay unused may lead to a server that was restarted: see whether it answers."""
    used_at = record.info.get("used_at")
    if used_at is None or time.monotonic() - used_at < IDLE_SECONDS:
        return
    try:
        connection.execute("SELECT 1").close()
    except connection.OperationalError:
        raise DisconnectionError from None


def _is_writing(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("switchboard_writes", False))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise _kind_of(error)(_explain(error)) from error


def _kind_of(error: DBAPIError | sqlite3.Error) -> type[StoreUnavailable]:
    if isinstance(error, OperationalError) and any(mark in str(error.orig) for mark in _FINAL):
        return StoreRefused
    return StoreFull if is_full_disk(reason_of(error)) else StoreUnavailable


def _explain(error: DBAPIError | sqlite3.Error) -> str:
    reason = reason_of(error)
    if is_full_disk(reason):
        return (
            f"the switchboard's disk is full or failing ({reason}): free some space; nothing stored was lost"
        )
    if is_damaged(reason):
        return f"the switchboard's database is damaged ({reason}): {DAMAGE_HINT}"
    return f"the switchboard's database cannot be used now ({reason}); nothing stored was lost"
