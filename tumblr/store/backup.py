"""A copy of the bot's database, taken while it works; and the way back."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from tumblr.api.errors import StoreError
from tumblr.store.database import lock
from tumblr.store.migrations import MIGRATIONS

BESIDE = "-wal", "-shm"
"""Endings of the files that SQLite keeps beside a database."""


def back_up(database: Path, copy: Path) -> int:
    """Copy the database as it is at one moment, also while the bot writes; the answer is its size in bytes.

    The copy has its name only when it is whole. Raises StoreError.
    """
    if not database.exists():
        raise StoreError(f"there is no database {database}")
    if copy.exists():
        raise StoreError(f"{copy} exists already; nothing was written over it")
    with _becoming(copy) as unfinished:
        _copy(database, unfinished)
    return copy.stat().st_size


def restore(copy: Path, database: Path, now: float) -> Path | None:
    """Put a copy in the database's place; the answer is where the old one is kept, if there was one.

    The copy is looked at first; it stays. Raises StoreError, as while the bot runs; then nothing is changed.
    """
    release = lock(database)
    try:
        _check(copy)
        kept = _kept_name(database, now) if database.exists() else None
        with _becoming(database) as unfinished:
            _copy(copy, unfinished)
            if kept is not None:
                _set_aside(database, kept)
        return kept
    finally:
        release()


def _kept_name(database: Path, now: float) -> Path:
    moment = datetime.fromtimestamp(now, UTC)
    kept = database.with_name(f"{database.name}.before-{moment:%Y%m%dT%H%M%SZ}")
    if kept.exists():
        raise StoreError(f"{kept} exists already; try again in a second")
    return kept


def _set_aside(database: Path, kept: Path) -> None:
    """Copy the old database byte for byte, as it may be damaged; take away what SQLite keeps beside it."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # moves what stands beside it into it
    for ending in ("", *BESIDE):
        part = Path(f"{database}{ending}")
        if part.exists():
            shutil.copy2(part, f"{kept}{ending}")
    for ending in BESIDE:
        Path(f"{database}{ending}").unlink(missing_ok=True)


def _check(copy: Path) -> None:
    """Raise StoreError unless this is a whole database of the bot's that this program understands."""
    if not copy.is_file():
        raise StoreError(f"there is no file {copy}")
    with _sqlite(copy) as connection:
        verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if verdict != "ok":
        raise StoreError(f"{copy} is damaged: {verdict}")
    if not {"turns", "post_log"} <= tables:
        raise StoreError(f"{copy} is no database of the bot's")
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{copy} is of a newer program (version {version}; this one knows {len(MIGRATIONS)})"
        )


def _copy(source: Path, target: Path) -> None:
    with _sqlite(source) as reading:
        try:
            with closing(sqlite3.connect(target)) as writing:
                reading.backup(writing)
                writing.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        except sqlite3.Error as error:
            raise StoreError(f"{target} cannot be written: {error}") from None


@contextmanager
def _sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file for reading; whatever is wrong with it is a StoreError."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be read: {error}") from None


@contextmanager
def _becoming(path: Path) -> Iterator[Path]:
    """A file beside ``path`` that takes its place, safely on the disk, when the block ends well."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        yield unfinished
        _sync(unfinished)
        unfinished.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror})") from None
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
