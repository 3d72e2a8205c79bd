"""The database file and its transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.dialects.sqlite import insert

from tumblr_sandbox.store.migrations import migrate
from tumblr_sandbox.store.schema import settings

BUSY_TIMEOUT_MS = 10_000


class Database:
    """One SQLite file, shared by threads: many readers, one writer at a time.

    ``write`` transactions are on the disk when they end (WAL, synchronous=FULL). ``note`` transactions
    carry book-keeping that may be lost with the power, but not with the process (synchronous=NORMAL).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing = threading.RLock()
        self._full = _engine(path, "FULL")
        self._normal = _engine(path, "NORMAL")
        with ExitStack() as undo:
            undo.callback(self.close)
            with self.write() as connection:
                migrate(connection)
            undo.pop_all()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view of the database."""
        with self._full.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A durable transaction: all of it is kept, or nothing after an exception."""
        with self._writing, self._full.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def note(self) -> Iterator[Connection]:
        """A transaction for book-keeping: calls counted, nonces seen."""
        with self._writing, self._normal.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        self._full.dispose()
        self._normal.dispose()


def _engine(path: Path, synchronous: str) -> Engine:
    engine = sqlalchemy.create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"check_same_thread": False},
        pool_size=32,
        max_overflow=32,
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        # The driver must not begin transactions by itself: "begin" below says which kind.
        connection.isolation_level = None
        connection.create_function("casefold", 1, str.casefold, deterministic=True)
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def get_setting(connection: Connection, name: str, default: Any = None) -> Any:
    """A value kept by ``put_setting``."""
    row = connection.execute(sqlalchemy.select(settings.c.value).where(settings.c.name == name)).one_or_none()
    return default if row is None else row.value


def put_setting(connection: Connection, name: str, value: object) -> None:
    """Keep a JSON value under a name."""
    connection.execute(
        insert(settings)
        .values(name=name, value=value)
        .on_conflict_do_update(index_elements=["name"], set_={"value": value})
    )
