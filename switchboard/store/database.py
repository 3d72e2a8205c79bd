"""The database under the store: SQLite in a file, or PostgreSQL by URL.

Writing transactions are serial on both (BEGIN IMMEDIATE; an advisory lock), so that a verb of the store may
read, decide and write without a race. Reading transactions see a consistent state and block nobody.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from bot_sqlite import DAMAGE_HINT, LOCK_WAIT_SECONDS, is_damaged, is_full_disk, make_durable, reason_of

ADVISORY_LOCK = 0x5B0A2D  # any number, the same in every switchboard process on one database


class StoreUnavailable(Exception):  # noqa: N818 - named for what is wrong
    """The database cannot be used now; the transaction was rolled back, what was stored is still there."""


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
        self._writing = threading.Lock()  # fairer than SQLite's own waiting, which polls

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; nothing else writes meanwhile. Raises StoreUnavailable."""
        with self._turn_to_write(), _translated(), self.engine.connect() as plain:
            connection = plain.execution_options(switchboard_writes=True)
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
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
        with _translated(), self.engine.connect() as plain:
            # SQLite's transactions are so by themselves; PostgreSQL looks anew for each statement by default.
            snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            on_postgresql = plain.dialect.name == "postgresql"
            connection = plain.execution_options(**snapshot) if on_postgresql else plain
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


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
        # Parameters are texts of people: they have no place in error messages. Threads are bounded elsewhere.
        engine = create_engine(parsed, hide_parameters=True, pool_size=4, max_overflow=-1, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
        raise DatabaseUrlError(f"the database URL cannot be used: {error}") from error
    if engine.dialect.name == "sqlite":
        make_durable(engine, _is_writing)
    return engine


def _is_writing(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("switchboard_writes", False))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        is_final = isinstance(error, OperationalError) and any(mark in str(error.orig) for mark in _FINAL)
        raise (StoreRefused if is_final else StoreUnavailable)(_explain(error)) from error


def _explain(error: DBAPIError | sqlite3.Error) -> str:
    reason = reason_of(error)
    if is_full_disk(reason):
        return (
            f"the switchboard's disk is full or failing ({reason}): free some space; nothing stored was lost"
        )
    if is_damaged(reason):
        return f"the switchboard's database is damaged ({reason}): {DAMAGE_HINT}"
    return f"the switchboard's database cannot be used now ({reason}); nothing stored was lost"
