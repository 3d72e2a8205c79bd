"""What the stores on SQLite share: files that outlive a power cut, no races, plain reasons of errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

LOCK_WAIT_SECONDS = 10.0
"""How long to wait for whoever holds the file, such as a backup."""

LONGEST_JOURNAL_BYTES = 64 * 2**20
"""To how much the write-ahead log is cut back when a reader made it longer."""

INCREMENTAL = 2
"""What PRAGMA auto_vacuum says of a file that can give back pages one by one."""

LARGEST_VACUUM_BYTES = 256 * 2**20
"""Larger files are left as they are, since copying them would make a start wait."""

PAGES_GIVEN_BACK = 500
"""At once, which is 2 MB."""

DAMAGE_HINT = "stop the process, keep the file, and put the newest copy in its place"
DAMAGED = ("malformed", "not a database", "file is encrypted", "malformed database schema")
FULL_DISK = ("database or disk is full", "disk i/o error", "no space left", "disk full")


def make_durable(engine: Engine, is_writing: Callable[[Connection], bool] = lambda _: True) -> None:
    """Have an engine's transactions on the disk before they return, and begin where they are begun.

    What writes takes the write lock at its beginning, so that it may read, decide and write without a race.
    ``is_writing`` says of a connection whether its transaction will write.
    """
    event.listen(engine, "connect", _configure)

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing(connection) else "BEGIN")

    event.listen(engine, "begin", begin)


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    make_new_file_shrinkable(connection)
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # what was acknowledged survives a power cut
        "foreign_keys=ON",
        f"journal_size_limit={LONGEST_JOURNAL_BYTES}",
        f"busy_timeout={round(LOCK_WAIT_SECONDS * 1000)}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def make_new_file_shrinkable(connection: Any) -> None:
    """Have a file that is still empty give back later what it no longer needs; see ``make_shrinkable``.

    Any other is left as it is: to say it again at each connection would wait for whoever writes.
    """
    if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL").close()


def make_shrinkable(path: Path) -> None:
    """Make a file of an older program give back what it no longer needs, unless it is large or in use.

    Without this its free pages are used again, but the file stays as large as it ever was.
    """
    if not path.exists() or not 0 < path.stat().st_size <= LARGEST_VACUUM_BYTES:
        return
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection,
    ):
        if connection.execute("PRAGMA auto_vacuum").fetchone()[0] != INCREMENTAL:
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("VACUUM")


def give_back_pages(connection: Connection) -> None:
    """Give some free pages back to the disk, within the caller's transaction."""
    free = int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())
    for _ in range(min(free, PAGES_GIVEN_BACK)):  # the driver takes one step of the statement: one page
        connection.exec_driver_sql("PRAGMA incremental_vacuum(1)")


def reason_of(error: DBAPIError | sqlite3.Error) -> str:
    """The database's own reason, in one line and without the statement or its values."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]


def is_damaged(reason: str) -> bool:
    """Whether the reason is that the file is no sound database."""
    return any(mark in reason.lower() for mark in DAMAGED)


def is_full_disk(reason: str) -> bool:
    """Whether the reason is that nothing more can be written."""
    return any(mark in reason.lower() for mark in FULL_DISK)
